"""What a model is retrained on: the loop's labelled pictures without those that judge, and what it must not forget."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from feedloop.domain import annotations, clock, keys
from feedloop.domain.answers import OTHER
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import DayRange
from feedloop.domain.documents import Document
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import human_labels
from feedloop.evidence.human_labels import HumanLabels
from feedloop.ports import ObjectStore
from training.data import gallery, image_folder, selection
from training.data.drawings import FIRST_DAY
from training.data.image_folder import FOOD_11, Example
from training.data.manifests import ManifestEntry
from training.data.selection import DatasetFilter, DatasetPicture
from training.progress import Progress

DRAWINGS = "drawings"
"""What a card calls the training data of the demonstration model."""
REPLAYED = 1100
"""Drawings that are replayed at most, and half as many outliers."""

_PREFERENCE = tuple(keys.DATASETS.values())
"""Annotators before visitors: which of several sources a picture is recorded under."""


@dataclass(frozen=True, slots=True)
class DistinctPictures:
    """Pictures to learn from, each once, outliers among them; and how many were left out, by reason."""

    entries: tuple[ManifestEntry, ...]
    left_out: Document

    @property
    def of_classes(self) -> tuple[ManifestEntry, ...]:
        """Those that show a class."""
        return tuple(entry for entry in self.entries if not entry.is_outlier)

    @property
    def outliers(self) -> tuple[ManifestEntry, ...]:
        """Those that show none."""
        return tuple(entry for entry in self.entries if entry.is_outlier)


@dataclass(frozen=True, slots=True)
class Replay:
    """Earlier examples, learned from once more: some of every class, by the store's list, and some of none."""

    examples: tuple[Example, ...] = ()
    outliers: tuple[Example, ...] = ()
    name: str = ""
    seed: int | None = None

    def facts(self) -> Document:
        """What a card says about it; with a seed it can be drawn again."""
        facts = {
            "dataset": self.name,
            "pictures": len(self.examples),
            "outliers": len(self.outliers),
            "seed": self.seed,
        }
        return {name: value for name, value in facts.items() if value is not None} if self.name else {}


def choose_pictures(store: ObjectStore, days: DayRange, labels: HumanLabels) -> list[DatasetPicture]:
    """The pictures to download: of classes, and then those that annotators call none of them, and nobody a class.

    From the first of `days` (those that judge) on no picture of the random sample is taken from any queue, lest a model
    is judged, now or later, on what it was trained on. Older days judge nothing any more.
    """
    informed = DatasetFilter((keys.DATASETS[keys.LOW_CONFIDENCE], keys.DATASETS[keys.USER_FEEDBACK]))
    visitors = DatasetFilter((keys.DATASETS[keys.USER_FEEDBACK_2],), agreed=True)
    older = DatasetFilter((keys.DATASETS[keys.RANDOM_SAMPLED],), last=clock.day_before(clock.time_of(days.first, 0)))
    chosen = (one for wanted in (informed, visitors, older) for one in selection.select_pictures(store, wanted, labels))
    outliers = (
        DatasetPicture(queue, None, prediction)
        for queue in keys.REVIEW_QUEUES
        for kind, prediction in human_labels.list_outcomes(store, queue)
        if kind == annotations.OTHER and set(labels.answers_about(prediction.sample_key)) == {OTHER}
    )
    drawn = labels.tasks[keys.RANDOM_SAMPLED].sample_keys  # put before annotators blind, answered or not
    learned = (*chosen, *outliers)
    return [one for one in learned if one.prediction.day < days.first or one.prediction.sample_key not in drawn]


def distinct(entries: Iterable[ManifestEntry], test_set: Collection[str]) -> DistinctPictures:
    """Every picture once, by its sha256, without those of the test set and those that people call two things."""
    copies: dict[str, list[ManifestEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (_PREFERENCE.index(entry.source), entry.key)):
        copies[entry.sha256].append(entry)
    learnable = [same for sha256, same in copies.items() if sha256 not in test_set]
    clear = [same for same in learnable if len({entry.class_index for entry in same}) == 1]
    left_out = {
        "in_test_set": len(copies) - len(learnable),
        "conflicting": len(learnable) - len(clear),
        "duplicate": sum(len(same) - 1 for same in clear),
    }
    return DistinctPictures(tuple(same[0] for same in clear), left_out)


def draw_replay(trained_on: Document, folder: Path, classes: ClassList, progress: Progress) -> Replay:
    """What the champion learned first, drawn again where it can be: that of the demonstration model."""
    first = trained_on.get("replay") or trained_on
    if first.get("dataset") != DRAWINGS or "seed" not in first:
        return Replay()
    count, seed = min(REPLAYED, int(first["pictures"])), int(first["seed"])
    drawn = gallery.draw_folder(folder / "drawings", count, style=FIRST_DAY, seed=seed)
    outliers = gallery.draw_outliers(folder / "outliers", count // 2, seed=seed)
    list(progress(drawn, count, "drawing what was learned first"))
    list(progress(outliers, count // 2, "drawing outliers"))
    loaded = load_replay(folder / "drawings", folder / "outliers", DRAWINGS, FOOD_11)
    indices = tuple(map(classes.find, FOOD_11))
    examples = (Example(one.path, indices[one.index]) for one in loaded.examples if one.index is not None)
    return replace(loaded, examples=tuple(one for one in examples if one.index is not None), seed=seed)


def load_replay(pictures: Path | None, outliers: Path | None, name: str, classes: tuple[str, ...] = ()) -> Replay:
    """An image folder and a folder of outliers as a replay. Raises BadRequest."""
    examples = image_folder.load_pictures(pictures, classes, complete=False).examples if pictures else ()
    return Replay(examples, tuple(image_folder.load_outliers(outliers)) if outliers else (), name)


def sources(entries: Iterable[ManifestEntry]) -> Document:
    """Per dataset how many pictures, and of which days."""
    days: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        days[entry.source].append(PredictionId.parse(entry.prediction).day)
    return {name: {"pictures": len(own), "from": min(own), "to": max(own)} for name, own in days.items()}


def missing_classes(entries: Iterable[ManifestEntry], replay: Replay, classes: Iterable[int]) -> list[int]:
    """Classes of which there is nothing to learn from."""
    known = {entry.class_index for entry in entries} | {one.index for one in replay.examples}
    return [index for index in classes if index not in known]
