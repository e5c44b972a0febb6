"""The use cases that need torch: train a checkpoint, predict with one, export one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from feedloop.domain import cards
from feedloop.domain.cards import Preprocessing
from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest
from training.data import image_folder
from training.data.image_folder import Example, Pictures
from training.model import networks, onnx_export, training_loop
from training.model.card import make_card, serving_facts, short_metrics, validation_share
from training.model.checkpoint import Checkpoint, load_checkpoint
from training.model.evaluation import evaluate
from training.model.networks import MOBILENET_V2
from training.model.training_loop import Epoch, OnBatch, TrainingPlan

SCRATCH, PRETRAINED = "scratch", "pretrained"


class CheckpointPredictor:
    """A checkpoint that can be asked about picture files."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.classes, self._network = checkpoint.classes, checkpoint.network
        self._preprocessing = checkpoint.preprocessing

    def probabilities(self, examples: Sequence[Example]) -> Iterator[list[float]]:
        """One for each class, picture by picture. Raises BadRequest."""
        for one in examples:
            (row,) = networks.logits(self._network, [one], self._preprocessing).softmax(1).tolist()
            yield row


@dataclass(frozen=True, slots=True)
class FolderTrainingData:
    """An image folder and pictures of none of its classes, of which a share validates."""

    name: str
    pictures: Pictures
    outliers: Sequence[Example]
    validation_share: float

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes by index."""
        return self.pictures.classes

    def split(self, seed: int) -> tuple[list[Example], list[Example]]:
        """The examples to train on, and those to validate with, outliers among both."""
        training, validation = self.pictures.split(self.validation_share, seed=seed)
        cut = round(len(self.outliers) * self.validation_share)
        return [*training, *self.outliers[cut:]], [*validation, *self.outliers[:cut]]

    def facts(self, plan: TrainingPlan) -> Document:
        """What a checkpoint and a card say about this training. Raises BadRequest."""
        return {
            "dataset": self.name,
            "manifest": self.pictures.version(),
            "pictures": len(self.pictures.examples),
            "outliers": len(self.outliers),
            "size": plan.size,
            "epochs": plan.epochs,
            "seed": plan.seed,
            "validation_share": self.validation_share,
        }


def plan_input(start: str | Checkpoint, architecture: str, size: int | None) -> tuple[str, Preprocessing]:
    """The architecture to train and how it sees pictures: as the checkpoint did, else whole. Raises BadRequest."""
    if isinstance(start, Checkpoint):
        return start.architecture, networks.at_size(start.preprocessing, size or start.preprocessing.size)
    usual = networks.preprocessing(architecture or MOBILENET_V2)
    return architecture or MOBILENET_V2, Preprocessing(size or usual.size, usual.mean, usual.std)


def train_checkpoint(
    data: FolderTrainingData, start: str | Checkpoint, plan: TrainingPlan, to: Path, on_batch: OnBatch
) -> Iterator[Epoch]:
    """Train and keep the best epoch in the file `to`; yields each. Raises BadRequest and Unavailable."""
    training_loop.seed_everything(plan)
    network = _initial(start, plan, len(data.classes))
    networks.check_size(network, plan.size)
    return training_loop.train_best(network, data, plan, to, on_batch)


def _initial(start: str | Checkpoint, plan: TrainingPlan, classes: int) -> nn.Module:
    if start == PRETRAINED:
        return networks.pretrained(plan.architecture, classes)
    network = networks.new(plan.architecture, classes, plan.size)
    if isinstance(start, Checkpoint):
        kept = range(classes) if classes == len(start.classes) else ()  # other classes: the last layer starts anew
        return networks.extended(network, start.state, kept)
    return network


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A checkpoint as an ONNX file, and how it was proven."""

    checkpoint: Checkpoint
    model: bytes
    temperature: float
    parity: onnx_export.Parity
    metrics: Document

    def card(self, name: str, created: str, note: str | None = None) -> Document:
        """The model card of this file."""
        facts = {
            "architecture": self.checkpoint.architecture,
            **serving_facts(self.checkpoint.preprocessing, note=note),
            "temperature": round(self.temperature, 6),
            "trained_on": dict(self.checkpoint.trained_on),
            "metrics": self.metrics,
        }
        return make_card(self.model, name, self.checkpoint.classes, facts, created)


def export_checkpoint(checkpoint: Checkpoint, validation: Sequence[Example], *, seed: int) -> ExportResult:
    """Calibrate on validation examples, export, and compare. Raises Malformed when both answer differently."""
    torch.set_num_threads(1)
    temperature = 1.0
    if validation:
        temperature = onnx_export.fit_temperature(checkpoint.network, validation, checkpoint.preprocessing)
    model = onnx_export.to_onnx(checkpoint, temperature)
    parity = _parity(model, checkpoint, temperature, validation, seed)
    metrics = _metrics(checkpoint, temperature, validation) if validation else {}
    return ExportResult(checkpoint, model, temperature, parity, metrics)


@dataclass(frozen=True, slots=True)
class AdoptedCheckpoint:
    """A foreign checkpoint as what can be released: an ONNX file that gives logits, and its weights to go on from."""

    model: bytes
    weights: bytes
    """A safetensors file for `ModelPackage.weights`."""
    architecture: str
    """torchvision's name, for the card."""
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    parity: onnx_export.Parity
    guesses: tuple[str, ...] = ()
    """What neither the file nor the caller said, a sentence each: architecture, preprocessing, classes."""


def adopt_checkpoint(
    path: Path,
    *,
    architecture: str = "",
    classes: tuple[str, ...] = (),
    preprocessing: Preprocessing | None = None,
    trust_pickle: bool = False,
    pictures: Sequence[Example] = (),
    seed: int = 11,
) -> AdoptedCheckpoint:
    """A checkpoint of any classifier of torchvision (state_dict, wrapped, safetensors, whole module, our own) as ONNX.

    What is not given is taken from the file, else guessed and told. `pictures` are what both must answer alike, else
    drawings; the card's output is `cards.LOGITS`. Only `trust_pickle` runs what a pickled module brings along. Raises
    Malformed for a file that cannot be used, which says what was found and what was expected, and BadRequest for an
    unknown architecture or where `classes` must be said.
    """
    if preprocessing and (preprocessing.layout != cards.NCHW or preprocessing.channels == cards.GRAY):
        raise BadRequest("Networks of torchvision take pictures in three colours, as NCHW: leave both options out.")
    checkpoint = load_checkpoint(
        path, architecture=architecture, names=classes, preprocessing=preprocessing, trust_pickle=trust_pickle
    )
    networks.check_size(checkpoint.network, checkpoint.preprocessing.size)
    model = onnx_export.to_onnx(checkpoint, None)
    parity = _parity(model, checkpoint, None, pictures, seed)
    return AdoptedCheckpoint(
        model,
        checkpoint.to_bytes(),
        checkpoint.architecture,
        checkpoint.classes,
        checkpoint.preprocessing,
        parity,
        checkpoint.guesses,
    )


def _parity(
    model: bytes, checkpoint: Checkpoint, temperature: float | None, examples: Sequence[Example], seed: int
) -> onnx_export.Parity:
    with TemporaryDirectory() as folder:
        compared = onnx_export.compared(examples, Path(folder), seed=seed)
        return onnx_export.check_parity(model, checkpoint, temperature, compared)


def _metrics(checkpoint: Checkpoint, temperature: float, validation: Sequence[Example]) -> Document:
    known = [one for one in validation if one.index is not None]
    answers = networks.logits(checkpoint.network, known, checkpoint.preprocessing).double() / temperature
    truth = [one.index for one in known if one.index is not None]
    return short_metrics(evaluate(answers.softmax(1).numpy(), truth, checkpoint.classes).to_document())


def validation_examples(checkpoint: Checkpoint, folder: Path, outliers: Path | None = None) -> list[Example]:
    """The pictures that this checkpoint has not seen; all of them when it was trained elsewhere. Raises BadRequest."""
    pictures = image_folder.load_pictures(folder, checkpoint.classes, complete=False)
    others = image_folder.load_outliers(outliers) if outliers else []
    trained_on = checkpoint.trained_on
    if "manifest" not in trained_on:
        return [*pictures.examples, *others]
    if pictures.version() != trained_on["manifest"] or len(others) not in (0, trained_on["outliers"]):
        raise BadRequest(f"{folder} is not what the checkpoint was trained on, so nobody knows what it has seen.")
    data = FolderTrainingData(folder.name, pictures, others, validation_share(trained_on))
    _, validation = data.split(trained_on["seed"])
    return validation
