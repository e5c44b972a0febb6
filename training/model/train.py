"""The use cases that need torch: train a checkpoint, judge with one, export one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest
from training.data import image_folder
from training.data.drawings import FIRST_DAY
from training.data.gallery import draw_folder
from training.data.image_folder import Example, Pictures
from training.model import checkpoint, evaluation, mobilenet, onnx_export, training_loop
from training.model.card import short_metrics
from training.model.checkpoint import Checkpoint
from training.model.training_loop import Epoch, OnBatch, TrainingPlan

SCRATCH, PRETRAINED = "scratch", "pretrained"
MOST_COMPARED = 200
"""Real pictures that the parity check asks about."""


class CheckpointPredictor:
    """A checkpoint that can be asked about picture files."""

    def __init__(self, found: Checkpoint) -> None:
        self.classes, self._size, self._network = found.classes, found.size, found.network

    def answers(self, shown: Sequence[Example]) -> Iterator[list[float]]:
        """Probabilities, picture by picture. Raises BadRequest."""
        for one in shown:
            (answer,) = training_loop.logits(self._network, [one], self._size).softmax(1).tolist()
            yield answer


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What to learn from, what to hold out, and where the weights go."""

    pictures: Pictures
    outliers: Sequence[Example]
    share: float
    to: Path
    threads: int

    def split(self, seed: int) -> tuple[list[Example], list[Example]]:
        """Without and with the held-out share, outliers included."""
        kept, held = self.pictures.split(self.share, seed=seed)
        cut = _cut(self.outliers, self.share)
        return [*kept, *self.outliers[cut:]], [*held, *self.outliers[:cut]]

    def facts(self, name: str, plan: TrainingPlan) -> Document:
        """What a checkpoint and a card say about this training."""
        learned = {"size": plan.size, "rounds": plan.rounds, "seed": plan.seed, "held": self.share}
        shown = {"pictures": len(self.pictures.shown), "outliers": len(self.outliers)}
        return {"dataset": name, "manifest": self.pictures.manifest(), **shown, **learned}


def train_checkpoint(
    course: TrainingData, start: str | Path, plan: TrainingPlan, dataset_name: str, step: OnBatch
) -> Iterator[Epoch]:
    """Train and keep the best round on disk; yields each round. Raises Unavailable and Malformed."""
    training_loop.seed_everything(plan.seed, course.threads)
    classes = course.pictures.classes
    network = _beginning(start, len(classes))
    kept, held = course.split(plan.seed)
    facts = course.facts(dataset_name, plan)
    for finished in training_loop.train_epochs(network, kept, held, plan, step):
        if finished.best:
            state = {name: weight.detach().cpu() for name, weight in network.state_dict().items()}
            checkpoint.save(Checkpoint(state, classes, plan.size, facts), course.to)
        yield finished


def _beginning(start: str | Path, classes: int) -> nn.Module:
    if start == SCRATCH:
        return mobilenet.new(classes)
    if start == PRETRAINED:
        return mobilenet.pretrained(classes)
    return mobilenet.for_classes(checkpoint.load(Path(start)).state, classes)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What export made, and how it was proven."""

    model: bytes
    temperature: float
    parity: onnx_export.Parity
    metrics: Document


def export_checkpoint(found: Checkpoint, held: Sequence[Example], *, seed: int) -> ExportResult:
    """Calibrate on held-out pictures, export, and compare. Raises Malformed when both answer differently."""
    torch.set_num_threads(1)
    temperature = onnx_export.fit_temperature(found.network, held, found.size) if held else 1.0
    model = onnx_export.to_onnx(found, temperature)
    with TemporaryDirectory() as folder:
        real = held[:: 1 + len(held) // MOST_COMPARED]
        drawn = () if real else draw_folder(Path(folder), 2 * len(image_folder.FOOD_11), style=FIRST_DAY, seed=seed)
        parity = onnx_export.check_parity(
            model, found, temperature, [*real, *(Example(path, None) for path in drawn)], seed=seed
        )
    return ExportResult(model, temperature, parity, _metrics(found, temperature, held) if held else {})


def _metrics(found: Checkpoint, temperature: float, held: Sequence[Example]) -> Document:
    known = [one for one in held if one.index is not None]
    answers = (training_loop.logits(found.network, known, found.size).double() / temperature).softmax(1).numpy()
    truth = [one.index for one in known if one.index is not None]
    return short_metrics(evaluation.evaluate(np.asarray(answers), truth, found.classes).to_document())


def validation_examples(found: Checkpoint, folder: Path, outliers: Path | None = None) -> list[Example]:
    """The pictures that this checkpoint has not seen; all of them when it was trained elsewhere. Raises BadRequest."""
    pictures = image_folder.load_pictures(folder, found.classes, complete=False)
    others = image_folder.load_outliers(outliers) if outliers else []
    known: Mapping[str, Any] = found.trained_on
    if "manifest" not in known:
        return [*pictures.shown, *others]
    if pictures.manifest() != known["manifest"] or len(others) not in (0, known["outliers"]):
        raise BadRequest(f"{folder} is not what the checkpoint was trained on, so nobody knows what it has seen.")
    _, held = pictures.split(known["held"], seed=known["seed"])
    return [*held, *others[: _cut(others, known["held"])]]


def _cut(outliers: Sequence[Example], share: float) -> int:
    return round(len(outliers) * share)
