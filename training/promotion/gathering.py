"""What a challenger is trained on, gathered out of the store into a folder: no torch is needed for that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from feedloop.domain.classes import ClassList
from feedloop.domain.clock import DayRange
from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest
from feedloop.evidence import human_labels
from feedloop.ports import ObjectStore
from training.data import download, manifests
from training.data.download import Download, PictureFolder
from training.data.image_folder import Example, Pictures
from training.data.manifests import ManifestEntry
from training.progress import Progress
from training.promotion import comparison, retraining_data, test_days
from training.promotion.registry import ModelPackage
from training.promotion.retraining_data import DistinctPictures, Replay

if TYPE_CHECKING:
    from training.model.training_loop import TrainingPlan  # imports torch

PICTURES, OUTLIERS = "pictures", "outliers"
"""The folders of what is learned from: by class, and of none of the classes."""

NOTHING = "There is nothing to learn from yet: let annotators answer first."

VALIDATION_SHARE = 0.1
"""The share of all pictures that the best epoch is chosen by, and the confidence calibrated with."""


@dataclass(frozen=True, slots=True)
class RetrainingData:
    """Everything to learn from, and the model to go on from."""

    champion: ModelPackage
    pictures: DistinctPictures
    folder: PictureFolder
    """Where they lie."""
    download: Download
    replay: Replay
    test_days: DayRange

    @property
    def indices(self) -> tuple[int, ...]:
        """The classes that are learned, by their index in the store's list."""
        return self.folder.indices

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names: what the next model answers, in this order."""
        return tuple(map(self.folder.classes.name, self.indices))

    def split(self, seed: int) -> tuple[list[Example], list[Example]]:
        """The examples to train on, and those to validate with, outliers among both."""
        own, none = self._examples(self.pictures.of_classes), self._examples(self.pictures.outliers)
        position = {index: number for number, index in enumerate(self.indices)}
        again = [Example(one.path, position[one.index]) for one in self.replay.examples if one.index in position]
        training, validation = Pictures(self.classes, (*own, *again)).split(VALIDATION_SHARE, seed=seed)
        outliers = [*none, *self.replay.outliers]
        held = outliers[:: round(1 / VALIDATION_SHARE)]
        return [*training, *(one for one in outliers if one not in held)], [*validation, *held]

    def facts(self, plan: "TrainingPlan") -> Document:
        """What the card says of a training by our own trainer."""
        return {
            **self.loop_facts(),
            "replay": self.replay.facts(),
            "size": plan.size,
            "epochs": plan.epochs,
            "learning_rate": plan.learning_rate,
            "seed": plan.seed,
            "validation_share": VALIDATION_SHARE,
        }

    def loop_facts(self) -> Document:
        """What a card says about pictures of the loop, whoever trains on them: `manifest` names them one by one."""
        return {
            "dataset": manifests.LOOP,
            "manifest": manifests.version(manifests.to_bytes(self.pictures.entries)),
            "pictures": len(self.pictures.of_classes),
            "outliers": len(self.pictures.outliers),
            "sources": retraining_data.sources(self.pictures.of_classes),
            "left_out": self.pictures.left_out,
            "test_days": {"from": self.test_days.first, "to": self.test_days.last},
            "base_model": self.champion.card.id,
        }

    def _examples(self, entries: Iterable[ManifestEntry]) -> list[Example]:
        number = {index: number for number, index in enumerate(self.indices)} | {None: None}
        return [Example(self.folder.path(one.class_index, one.name), number[one.class_index]) for one in entries]


@dataclass(frozen=True, slots=True)
class RetrainingSource:
    """Where to gather from: the store, the champion, the classes of the store, the days that judge, and the time."""

    store: ObjectStore
    champion: ModelPackage
    classes: ClassList
    test_days: DayRange
    now: datetime


def gather(source: RetrainingSource, folder: Path, progress: Progress, replay: Replay | None = None) -> RetrainingData:
    """Let `pictures` and `outliers` of a folder hold all that may be learned from, and the manifest name it.

    Again after a stop. With a `replay` it stands beside them. Raises BadRequest when no picture of a class may be
    learned from: before anything is pulled where the listings say so already.
    """
    store, days, count = source.store, source.test_days, len(source.classes.names)
    labels = human_labels.fetch(store, classes=count)
    chosen = retraining_data.choose_pictures(store, days, labels)
    if all(one.class_index is None for one in chosen):
        raise BadRequest(NOTHING)
    to = _folder(
        source,
        folder,
        [*(one.class_index for one in chosen), *(one.index for one in (replay.examples if replay else ()))],
    )
    chosen = [one for one in chosen if one.class_index is None or one.class_index in to.indices]
    pulled = download.download_pictures(store, chosen, to, progress, only=True)
    judging = test_days.fetch_days(store, days, labels, classes=count, now=source.now)
    test_set = {one.sha256 for one in comparison.fetch_evaluation_set(store, judging).pictures if one.body}
    pictures = retraining_data.distinct(pulled.entries, test_set)
    download.seal(to, pictures.entries)
    if not pictures.of_classes:
        raise BadRequest(NOTHING)
    return RetrainingData(
        champion=source.champion,
        pictures=pictures,
        folder=to,
        download=pulled,
        replay=replay or Replay(),
        test_days=days,
    )


def _folder(source: RetrainingSource, folder: Path, learned: Iterable[int | None]) -> PictureFolder:
    """Where the pictures go: a class's number in the folder stays, and those that the folder lacks come after it.

    Of all classes of the store these are learned: what the champion answers, and what has pictures and is not retired.
    """
    card = source.champion.card
    answered = set(card.class_indices or range(len(card.classes)))
    wanted = answered | {index for index in learned if index is not None and index not in source.classes.retired}
    before = [index for index in download.load_indices(folder / PICTURES, source.classes) if index is not None]
    chosen = (*before, *sorted(wanted.difference(before)))
    return PictureFolder(folder / PICTURES, source.classes, folder / OUTLIERS, chosen)
