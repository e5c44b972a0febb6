"""What a model is retrained on: the loop's labelled pictures without those that judge, and what it must not forget."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from feedloop import files
from feedloop.domain import clock, keys
from feedloop.domain.annotations import OTHER
from feedloop.domain.documents import Document
from feedloop.domain.errors import Missing
from feedloop.domain.prediction import PredictionId
from feedloop.ports import ObjectStore
from training.data import gallery, image_folder, selection
from training.data.drawings import FIRST_DAY
from training.data.image_folder import Example
from training.data.manifests import ManifestEntry
from training.data.selection import Labelled, Wanted
from training.progress import Progress
from training.promotion.test_days import Window

DRAWINGS = "drawings"
"""What a card calls the lesson of the demonstration model."""
REPLAYED = 1100
"""Drawings of the first lesson that are shown again, and half as many pictures of nothing."""

_PREFERENCE = tuple(keys.DATASETS.values())
"""Annotators before visitors: which of several sources a picture is recorded under."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Pictures to learn from, each once, and how many were left out for what reason."""

    kept: tuple[ManifestEntry, ...]
    left_out: Document


@dataclass(frozen=True, slots=True)
class Replay:
    """Pictures of an earlier lesson: some of every class, and some of none."""

    shown: tuple[Example, ...] = ()
    outliers: tuple[Example, ...] = ()
    name: str = ""
    seed: int | None = None

    def facts(self) -> Document:
        """What a card says about it; a seed draws it again."""
        told = {"dataset": self.name, "pictures": len(self.shown), "outliers": len(self.outliers), "seed": self.seed}
        return {name: value for name, value in told.items() if value is not None} if self.name else {}


def choose(store: ObjectStore, window: Window, sampled: Collection[str]) -> list[Labelled]:
    """The pictures to pull; `sampled` are the sample keys of all blind tasks, answered or not.

    From the window on no picture of the random sample is taken from any queue, lest what judges now or later was
    learned. Older days have done their duty.
    """
    informed = selection.choose(store, Wanted((keys.DATASETS[keys.LOW_CONFIDENCE], keys.DATASETS[keys.USER_FEEDBACK])))
    visitors = selection.choose(store, Wanted((keys.DATASETS[keys.USER_FEEDBACK_2],), agreed=True))
    older = Wanted((keys.DATASETS[keys.RANDOM_SAMPLED],), last=clock.day_before(clock.time_of(window.first, 0)))
    found = [*informed, *visitors, *selection.choose(store, older)]
    return [one for one in found if not _judges(one.prediction, window, sampled)]


def distinct(lines: Iterable[ManifestEntry], judging: Collection[str]) -> Lines:
    """Every picture once, by its bytes, without those whose bytes judge and those that people call two things."""
    same: dict[str, list[ManifestEntry]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (_PREFERENCE.index(line.source), line.key)):
        same[line.sha256].append(line)
    seen = {sha256: own for sha256, own in same.items() if sha256 not in judging}
    clear = [own for own in seen.values() if len({line.class_index for line in own}) == 1]
    told = {
        "the_same_picture_judges": len(same) - len(seen),
        "called_two_things": len(seen) - len(clear),
        "came_again": sum(len(own) - 1 for own in clear),
    }
    return Lines(tuple(own[0] for own in clear), told)


def outliers(store: ObjectStore, folder: Path, window: Window, sampled: Collection[str]) -> list[Example]:
    """Pictures that annotators call none of the classes, and nobody anything else."""
    said = selection.answers(store)
    found = sorted({str(one) for one, told in said.items() if {answer for _, answer in told} == {OTHER}})
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [one for one in map(PredictionId.parse, found) if not _judges(one, window, sampled)]
    return [Example(_path(folder, one), None) for one in wanted if _bring(store, one, _path(folder, one))]


def replay(trained_on: Document, folder: Path, progress: Progress) -> Replay:
    """What the serving model learned first, as far as it can be drawn again: that of the demonstration model."""
    lesson = trained_on.get("replay") or trained_on
    if lesson.get("dataset") != DRAWINGS or "seed" not in lesson:
        return Replay()
    count, seed = min(REPLAYED, int(lesson["pictures"])), int(lesson["seed"])
    drawn = gallery.draw_folder(folder / "drawings", count, style=FIRST_DAY, seed=seed)
    nothing = gallery.draw_outliers(folder / "outliers", count // 2, seed=seed)
    list(progress(drawn, count, "drawing the first lesson again"))
    list(progress(nothing, count // 2, "drawing nothing again"))
    found = of_folders(folder / "drawings", folder / "outliers", DRAWINGS)
    return replace(found, seed=seed)


def of_folders(pictures: Path | None, nothing: Path | None, name: str, classes: tuple[str, ...] = ()) -> Replay:
    """An image folder and a folder of outliers as a replay. Raises BadRequest."""
    shown = image_folder.load_pictures(pictures, classes, complete=False).examples if pictures else ()
    others = image_folder.load_outliers(nothing) if nothing else ()
    return Replay(shown, tuple(others), name)


def sources(lines: Iterable[ManifestEntry]) -> Document:
    """Per dataset how many pictures, and of which days."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        found[line.source].append(PredictionId.parse(line.prediction).day)
    return {name: {"pictures": len(days), "from": min(days), "to": max(days)} for name, days in found.items()}


def missing(lines: Iterable[ManifestEntry], again: Replay, classes: tuple[str, ...]) -> list[str]:
    """Classes of which there is nothing to learn from."""
    counts = Counter([*(line.class_index for line in lines), *(one.index for one in again.shown)])
    return [name for index, name in enumerate(classes) if not counts[index]]


def _judges(prediction: PredictionId, window: Window, sampled: Collection[str]) -> bool:
    return prediction.day >= window.first and prediction.sample_key in sampled


def _path(folder: Path, prediction: PredictionId) -> Path:
    return folder / f"{prediction}.jpg"


def _bring(store: ObjectStore, prediction: PredictionId, path: Path) -> bool:
    """Have the picture here, whole; False when it is deleted by now."""
    if not path.exists():
        try:
            files.replace(path, store.get(keys.production(prediction)).body)
        except Missing:
            return False
    return True
