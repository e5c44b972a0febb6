"""From the model that serves to the next one: on what people said since, without forgetting, and exported as ever."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest, Malformed
from feedloop.evidence import human_labels
from feedloop.ports import ObjectStore
from training.data import download, manifests, tensors
from training.data.image_folder import Example, Pictures
from training.model import mobilenet, training_loop
from training.model.card import save_exported
from training.model.checkpoint import load_checkpoint
from training.model.onnx_weights import unfold
from training.model.train import export_checkpoint
from training.model.training_loop import Epoch, OnBatch, TrainingPlan
from training.progress import Progress
from training.promotion import comparison, retraining_data, test_days
from training.promotion.registry import ModelPackage
from training.promotion.retraining_data import DistinctPictures, Replay
from training.promotion.test_days import Window

HELD = 0.1
"""The share of all pictures that the best round is chosen by, and the confidence calibrated with."""
STATISTICS_BATCHES = 8
"""Batches that give the normalisations of a released file their statistics."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything to learn from, the model to go on from, and the classes by index as they are called now."""

    old: ModelPackage
    classes: tuple[str, ...]
    pictures: DistinctPictures
    folder: Path
    outliers: Sequence[Example]
    again: Replay
    window: Document

    @property
    def shown(self) -> tuple[Example, ...]:
        """The pictures of classes, the loop's and the first lesson's."""
        own = [Example(self.folder / line.file, line.class_index) for line in self.pictures.entries]
        return (*own, *self.again.examples)

    def split(self, seed: int) -> tuple[list[Example], list[Example]]:
        """Without and with the held-out share, pictures of no class included."""
        kept, held = Pictures(self.classes, self.shown).split(HELD, seed=seed)
        nothing = [*self.outliers, *self.again.outliers]
        aside = nothing[:: round(1 / HELD)]
        return [*kept, *(one for one in nothing if one not in aside)], [*held, *aside]

    def facts(self, plan: TrainingPlan) -> Document:
        """What the card says: `manifest` names the loop's pictures, one by one."""
        return {
            "dataset": "loop",
            "manifest": manifests.version(manifests.to_bytes(self.pictures.entries)),
            "pictures": len(self.pictures.entries),
            "outliers": len(self.outliers),
            "sources": retraining_data.sources(self.pictures.entries),
            "left_out": self.pictures.left_out,
            "kept_for_judging": self.window,
            "from": self.old.card.sha256,
            "replay": self.again.facts(),
            "size": plan.size,
            "rounds": plan.epochs,
            "rate": plan.learning_rate,
            "seed": plan.seed,
            "held": HELD,
        }


@dataclass(frozen=True, slots=True)
class Source:
    """Where to gather from: the store, the model that serves and its classes, the window that judges, and when."""

    store: ObjectStore
    old: ModelPackage
    classes: ClassList
    window: Window
    now: datetime


def gather(source: Source, folder: Path, given: Replay | None, progress: Progress) -> Lesson:
    """Bring everything to learn from into a folder; again after a stop. `given` replaces what can be drawn again."""
    store, window = source.store, source.window
    sampled = human_labels.list_tasks(store, keys.RANDOM_SAMPLED)
    chosen = retraining_data.choose_pictures(store, window, sampled)
    pulled = download.download_pictures(store, chosen, folder / "pictures", source.classes, progress)
    found = test_days.fetch(store, window, classes=len(source.classes.names), now=source.now)
    judging = {one.sha256 for one in comparison.fetch_evaluation_set(store, found).pictures if one.body}
    again = given or retraining_data.draw_replay(
        source.old.card.document.get("trained_on", {}), folder / "again", progress
    )
    return Lesson(
        source.old,
        source.classes.names,
        retraining_data.distinct(pulled.lines, judging),
        folder / "pictures",
        retraining_data.fetch_outliers(store, folder / "nothing", window, sampled),
        again,
        {"from": window.first, "to": window.last},
    )


def train(lesson: Lesson, weights: Path | None, plan: TrainingPlan, to: Path, on_batch: OnBatch) -> Iterator[Epoch]:
    """Go on learning from the release, or from a checkpoint; the file `to` holds the best epoch so far.

    Raises BadRequest when nothing was learned: no picture, or no epoch better than the beginning.
    """
    training_loop.seed_everything(plan)
    training, validation = lesson.split(plan.seed)
    if not training or not lesson.pictures.entries:
        raise BadRequest("There is nothing to learn from yet: let annotators answer first.")
    network = mobilenet.extended(_state(lesson, weights, plan, training), len(lesson.classes))
    (before, _), improved = training_loop.validate(network, validation, plan.size), False
    for epoch in training_loop.train_best(network, lesson, plan, to, on_batch, below=before):
        improved |= epoch.validation_loss < before
        yield epoch
    if not improved:
        raise BadRequest("No epoch was better on validation pictures than the model that serves: it stays.")


def export(lesson: Lesson, weights: Path, to: Path, name: str, created: str) -> Document:
    """Calibrate, export and compare as the command does; write model, card and manifest. The card."""
    checkpoint = load_checkpoint(weights)
    _, validation = lesson.split(checkpoint.trained_on["seed"])
    exported = export_checkpoint(checkpoint, validation, seed=checkpoint.trained_on["seed"])
    card = exported.card(name, created)
    save_exported(to, exported.model, card)
    manifests.save(to, manifests.to_bytes(lesson.pictures.entries))
    return card


def _state(lesson: Lesson, weights: Path | None, plan: TrainingPlan, training: Sequence[Example]) -> mobilenet.State:
    """The weights to go on from: given, or those of the release, read back from its file."""
    names = lesson.old.card.classes
    if weights:
        return load_checkpoint(weights, names=names).state
    dataset = tensors.TrainingDataset(training, len(lesson.classes), plan.size)
    loader = tensors.training_batches(dataset, plan.batch_size, seed=plan.seed, workers=0)
    batches = (pixels for pixels, _ in islice(loader, STATISTICS_BATCHES))
    temperature = float(lesson.old.card.document.get("temperature", 1.0))
    try:
        return unfold(lesson.old.model, len(names), plan.size, temperature, batches).state_dict()
    except Malformed as error:
        raise BadRequest(f"The release cannot be trained further: {error}. Give its checkpoint with --from.") from error
