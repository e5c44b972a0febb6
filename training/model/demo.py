"""The recipe of the demonstration model: drawn, trained, calibrated and exported by the commands' own code."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from feedloop.domain.documents import Document
from training.data import gallery, image_folder, tensors
from training.data.drawings import FIRST_DAY
from training.model import evaluation, train
from training.model.card import save_exported, short_metrics
from training.model.checkpoint import load_checkpoint
from training.model.predictors import OnnxPredictor
from training.model.training_loop import Epoch, OnBatch, TrainingPlan
from training.progress import Progress

NOTE = (
    "A demonstration model, so that the system can be tried without a data set. It was trained from scratch on simple"
    " drawings that the project makes itself, and knows nothing of real food: on photographs it is meant to be unsure."
    " Its metrics are measured on drawings that it was not trained on. The drawings and the weights are the project's"
    " own work, under its licence. Release a model of your own before you serve anybody."
)
VALIDATION_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much to draw and how long to train; everything else follows from the seed."""

    drawings: int = 6600
    outliers: int = 5000
    held_out: int = 660  # drawings, and as many outliers, for the metrics
    epochs: int = 10
    seed: int = 11

    @property
    def plan(self) -> TrainingPlan:
        """Small pictures: a drawing shows no more on larger ones, and two cores finish in minutes."""
        return TrainingPlan(tensors.stretched(64), epochs=self.epochs, learning_rate=3e-3, seed=self.seed)


def draw_pictures(recipe: Recipe, folder: Path, progress: Progress) -> None:
    """Draw what is trained on, and with another seed what is tested on."""
    for part, count, seed in (("train", recipe.drawings, recipe.seed), ("test", recipe.held_out, recipe.seed + 1)):
        drawn = gallery.draw_folder(folder / part / "drawings", count, style=FIRST_DAY, seed=seed)
        list(progress(drawn, count, "drawing"))
    for part, count, seed in (("train", recipe.outliers, recipe.seed), ("test", recipe.held_out, recipe.seed + 1)):
        list(progress(gallery.draw_outliers(folder / part / "outliers", count, seed=seed), count, "drawing nothing"))


def train_demo(recipe: Recipe, folder: Path, on_batch: OnBatch) -> Iterator[Epoch]:
    """Train on the drawings; the checkpoint lies in the same folder."""
    drawings = image_folder.load_pictures(folder / "train" / "drawings")
    outliers = image_folder.load_outliers(folder / "train" / "outliers")
    data = train.FolderTrainingData("drawings", drawings, outliers, VALIDATION_SHARE)
    return train.train_checkpoint(data, train.SCRATCH, recipe.plan, folder / "model.safetensors", on_batch)


def export_demo(recipe: Recipe, folder: Path, to: Path, created: str, progress: Progress) -> Document:
    """Write model.onnx and its card, with the metrics on the test pictures."""
    checkpoint = load_checkpoint(folder / "model.safetensors")
    validation = train.validation_examples(checkpoint, folder / "train" / "drawings", folder / "train" / "outliers")
    exported = train.export_checkpoint(checkpoint, validation, seed=recipe.seed)
    card = exported.card("food11", created, NOTE)
    save_exported(to, exported.model, card)  # as it will be loaded when it is evaluated
    card["metrics"] = _evaluate(OnnxPredictor(to), folder / "test", progress)
    save_exported(to, exported.model, card)
    return card


def _evaluate(predictor: OnnxPredictor, folder: Path, progress: Progress) -> Document:
    drawings = image_folder.load_pictures(folder / "drawings").examples
    outliers = image_folder.load_outliers(folder / "outliers")
    answers, on_outliers = (
        np.array(list(progress(predictor.probabilities(examples), len(examples), "evaluating")))
        for examples in (drawings, outliers)
    )
    truth = [one.index for one in drawings if one.index is not None]
    metrics = short_metrics(evaluation.evaluate(answers, truth, predictor.classes).to_document())
    return {**metrics, "outliers": evaluation.on_outliers(on_outliers)}
