"""What a challenger is trained on, gathered out of the store into a folder: no torch is needed for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from feedloop.domain.classes import ClassList
from feedloop.domain.clock import DayRange
from feedloop.domain.documents import Document
from feedloop.evidence import human_labels
from feedloop.ports import ObjectStore
from training.data import download, manifests
from training.data.image_folder import Example, Pictures
from training.progress import Progress
from training.promotion import comparison, retraining_data, test_days
from training.promotion.registry import ModelPackage
from training.promotion.retraining_data import DistinctPictures, Replay

if TYPE_CHECKING:
    from training.model.training_loop import TrainingPlan  # imports torch

VALIDATION_SHARE = 0.1
"""The share of all pictures that the best epoch is chosen by, and the confidence calibrated with."""


@dataclass(frozen=True, slots=True)
class RetrainingData:
    """Everything to learn from, the model to go on from, and the classes by index as they are called now."""

    champion: ModelPackage
    classes: tuple[str, ...]
    pictures: DistinctPictures
    folder: Path
    """Where the pictures lie."""
    outliers: Sequence[Example]
    replay: Replay
    test_days: DayRange

    def split(self, seed: int) -> tuple[list[Example], list[Example]]:
        """The examples to train on, and those to validate with, outliers among both."""
        own = [Example(self.folder / entry.file, entry.class_index) for entry in self.pictures.entries]
        training, validation = Pictures(self.classes, (*own, *self.replay.examples)).split(VALIDATION_SHARE, seed=seed)
        outliers = [*self.outliers, *self.replay.outliers]
        held = outliers[:: round(1 / VALIDATION_SHARE)]
        return [*training, *(one for one in outliers if one not in held)], [*validation, *held]

    def facts(self, plan: "TrainingPlan") -> Document:
        """What the card says: `manifest` names the loop's pictures, one by one."""
        return {
            "dataset": "loop",
            "manifest": manifests.version(manifests.to_bytes(self.pictures.entries)),
            "pictures": len(self.pictures.entries),
            "outliers": len(self.outliers),
            "sources": retraining_data.sources(self.pictures.entries),
            "left_out": self.pictures.left_out,
            "test_days": {"from": self.test_days.first, "to": self.test_days.last},
            "base_model": self.champion.card.sha256,
            "replay": self.replay.facts(),
            "size": plan.size,
            "epochs": plan.epochs,
            "learning_rate": plan.learning_rate,
            "seed": plan.seed,
            "validation_share": VALIDATION_SHARE,
        }


@dataclass(frozen=True, slots=True)
class RetrainingSource:
    """Where to gather from: the store, the champion and the classes of its name, the days that judge, and the time."""

    store: ObjectStore
    champion: ModelPackage
    classes: ClassList
    test_days: DayRange
    now: datetime


def gather(source: RetrainingSource, folder: Path, replay: Replay | None, progress: Progress) -> RetrainingData:
    """Bring all data into a folder; again after a stop. A `replay` replaces the one that can be drawn."""
    store, days = source.store, source.test_days
    labels = human_labels.fetch(store, classes=len(source.classes.names))
    chosen = retraining_data.choose_pictures(store, days, labels)
    pulled = download.download_pictures(store, chosen, folder / "pictures", source.classes, progress)
    judging = test_days.fetch_days(store, days, labels, classes=len(source.classes.names), now=source.now)
    test_set = {one.sha256 for one in comparison.fetch_evaluation_set(store, judging).pictures if one.body}
    trained_on = source.champion.card.document.get("trained_on", {})
    return RetrainingData(
        champion=source.champion,
        classes=source.classes.names,
        pictures=retraining_data.distinct(pulled.entries, test_set),
        folder=folder / "pictures",
        replay=replay or retraining_data.draw_replay(trained_on, folder / "again", progress),
        outliers=retraining_data.fetch_outliers(store, folder / "nothing", days, labels),
        test_days=days,
    )
