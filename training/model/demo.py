"""The recipe of the demonstration model: drawn, trained, calibrated and exported by the commands' own code."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from feedloop.domain.documents import Document
from training.data import gallery, image_folder, tensors
from training.data.drawings import FIRST_DAY
from training.data.image_folder import Example
from training.model import checkpoint, evaluation
from training.model import train as learning
from training.model.card import make_card, save_exported, short_metrics
from training.model.predictors import OnnxPredictor
from training.model.training_loop import Epoch, OnBatch, TrainingPlan
from training.progress import Progress

NOTE = (
    "A demonstration model, so that the system can be tried without a data set. It was trained from scratch on simple"
    " drawings that the project makes itself, and knows nothing of real food: on photographs it is meant to be unsure."
    " Its metrics are measured on drawings that it was not trained on. The drawings and the weights are the project's"
    " own work, under its licence. Release a model of your own before you serve anybody."
)

_SHARE, _THREADS = 0.1, 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much to draw and how long to learn; everything else follows from the seed."""

    drawings: int = 6600
    outliers: int = 5000
    held_out: int = 660  # drawings, and as many outliers, for the metrics
    rounds: int = 10
    seed: int = 11

    @property
    def plan(self) -> TrainingPlan:
        """Small pictures: a drawing shows no more on larger ones, and two cores finish in minutes."""
        return TrainingPlan(size=64, rounds=self.rounds, rate=3e-3, seed=self.seed)


def draw(recipe: Recipe, folder: Path, progress: Progress) -> None:
    """Draw what is learned from, and with another seed what is measured on."""
    for part, count, seed in (("lesson", recipe.drawings, recipe.seed), ("new", recipe.held_out, recipe.seed + 1)):
        drawn = gallery.draw_folder(folder / part / "drawings", count, style=FIRST_DAY, seed=seed)
        _use_up(progress(drawn, count, "drawing"))
    for part, count, seed in (("lesson", recipe.outliers, recipe.seed), ("new", recipe.held_out, recipe.seed + 1)):
        _use_up(progress(gallery.draw_outliers(folder / part / "outliers", count, seed=seed), count, "drawing nothing"))


def train(recipe: Recipe, folder: Path, step: OnBatch) -> Iterator[Epoch]:
    """Learn from the drawings; the checkpoint lies in the same folder."""
    lesson = folder / "lesson"
    others = image_folder.load_outliers(lesson / "outliers")
    course = learning.TrainingData(
        image_folder.load_pictures(lesson / "drawings"), others, _SHARE, folder / "model.pt", _THREADS
    )
    return learning.train_checkpoint(course, learning.SCRATCH, recipe.plan, "drawings", step)


def export(recipe: Recipe, folder: Path, to: Path, created: str, progress: Progress) -> Document:
    """Write model.onnx and its card, with what it says about new drawings and new pictures of nothing."""
    found = checkpoint.load(folder / "model.pt")
    held = learning.validation_examples(found, folder / "lesson" / "drawings", folder / "lesson" / "outliers")
    made = learning.export_checkpoint(found, held, seed=recipe.seed)
    facts = {"input": tensors.card_input(found.size), "temperature": round(made.temperature, 6), "note": NOTE}
    facts["trained_on"] = dict(found.trained_on)
    card = make_card(made.model, "food11", found.classes, facts, created)
    save_exported(to, made.model, card)  # as it will be read when it is measured
    card["metrics"] = measure(OnnxPredictor(to), folder / "new", progress)
    save_exported(to, made.model, card)
    return card


def measure(judge: OnnxPredictor, folder: Path, progress: Progress) -> Document:
    """The metrics of the card."""
    shown, others = (
        image_folder.load_pictures(folder / "drawings").shown,
        image_folder.load_outliers(folder / "outliers"),
    )
    answers, unsure = _answers(judge, shown, progress), _answers(judge, others, progress)
    report = evaluation.evaluate(answers, [one.index for one in shown if one.index is not None], judge.classes)
    outliers = evaluation.on_outliers(unsure)
    return {**short_metrics(report.to_document()), "outliers": outliers}


def _answers(judge: OnnxPredictor, shown: Sequence[Example], progress: Progress) -> evaluation.Probabilities:
    return np.array(list(progress(judge.answers(shown), len(shown), "looking")))


def _use_up(things: Iterable[Any]) -> None:
    for _ in things:
        pass
