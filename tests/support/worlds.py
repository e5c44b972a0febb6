"""Windows of predictions whose truth is known, and the answers of their annotators."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from feedloop.domain.answers import OTHER
from feedloop.domain.observations import Cell, DayCounts, Observation
from feedloop.estimation.window import Window
from tests.support.observations import MODEL, observed

CLASSES = 11
THRESHOLD = 700
MIX = 1 / (np.arange(CLASSES) + 4)

UNSEEN = -9

Column = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """How visitors, the model and annotators behave."""

    days: int = 28
    predictions: float = 150
    """A typical day's."""
    labels: int = 5
    """Random ones a day."""
    ease: float = 2.8
    """The usual log odds of a right answer: 2.8 is right 86 times in 100, and unsure 16 times."""
    spread: float = 2.0
    """Of a picture's difficulty within a day, in log odds: the wider, the more does confidence tell."""
    uneven: float = 1
    """The largest day by the smallest."""
    tied: float = 0
    """How much easier a day is when it is as large as the largest, in log odds; below 0 it is harder."""
    drift: float = 0
    """How much harder the last day is than the first."""
    trust: float = 1
    """Truth's log odds by the model's: below 1 the model is too sure of itself."""
    reviewed: float = 1
    """The part of the low-confidence queue that is done, the least sure first."""
    anchored: float = 0
    """How often an annotator who sees a wrong answer accepts it."""
    slips: float = 0
    """How often an annotator who sees a right answer rejects it."""


PLAIN = World()
SCENARIOS = {
    "days alike": PLAIN,
    "a: days vary 100-fold, the small are hard": replace(PLAIN, uneven=100, tied=3),
    "a: days vary 100-fold, the large are hard": replace(PLAIN, uneven=100, tied=-3),
    "b: drift": replace(PLAIN, drift=3),
    "c: half the queue done, least sure first": replace(PLAIN, reviewed=0.5),
    "d: model too sure of itself": replace(PLAIN, trust=0.5),
    "e: a to d together": replace(PLAIN, uneven=100, tied=2, drift=2, reviewed=0.5, trust=0.5),
    "f: annotators follow the model": replace(PLAIN, anchored=0.2, slips=0.03),
    "f: annotators rarely follow": replace(PLAIN, anchored=0.05, slips=0.005),
    "g: all of it": replace(PLAIN, uneven=100, tied=2, drift=2, reviewed=0.5, trust=0.5, anchored=0.2, slips=0.03),
}


@dataclass(frozen=True)
class SyntheticWindow:
    """What a world brought forth: an element per prediction in each column."""

    day: Column
    predicted: Column
    truth: Column
    per_mille: Column
    blind: NDArray[np.bool_]
    informed: Column
    """The low-confidence queue's answer, UNSEEN without one."""

    @cached_property
    def low(self) -> NDArray[np.bool_]:
        return np.less(self.per_mille, THRESHOLD)

    @property
    def accuracy(self) -> float:
        return float((self.predicted == self.truth).mean())

    def precision(self, index: int) -> float:
        return float((self.truth == index)[self.predicted == index].mean())

    def recall(self, index: int) -> float:
        return float((self.predicted == index)[self.truth == index].mean())

    @cached_property
    def observed(self) -> Window:
        """As a report sees it: the counts, and the answers."""
        return Window.of(self.counted(), self.rows())

    def counted(self) -> list[DayCounts]:
        """As a report counts its days: what DayCounts.of makes of them, in a tenth of the time."""
        kinds = (self.day * CLASSES + self.predicted) * 20 + self.per_mille // 100 * 2 + self.low
        unique, cell_of, counts = np.unique(kinds, return_inverse=True, return_counts=True)
        sums = np.bincount(cell_of, self.per_mille).astype(int)
        cells: dict[int, dict[Cell, int]] = defaultdict(dict)
        per_mille: dict[int, dict[Cell, int]] = defaultdict(dict)
        for kind, count, total in zip(unique.tolist(), counts.tolist(), sums.tolist(), strict=True):
            day, cell = kind // (CLASSES * 20), Cell(MODEL, kind // 20 % CLASSES, bool(kind % 2), kind % 20 // 2)
            cells[day][cell], per_mille[day][cell] = count, total
        return [DayCounts(f"{day:08}", cells[day], per_mille[day]) for day in cells]

    def rows(self) -> list[Observation]:
        """As a report reads its answers."""
        return list(self._rows())

    def _rows(self) -> Iterator[Observation]:
        chosen = self.blind | (self.informed != UNSEEN)
        columns = (self.day, self.predicted, self.per_mille, self.low, self.blind, self.truth, self.informed)
        for day, predicted, per_mille, low, blind, truth, informed in zip(
            *(c[chosen].tolist() for c in columns), strict=True
        ):
            answers = {"blind": truth if blind else None, "informed": None if informed == UNSEEN else informed}
            yield observed(f"{day:08}", predicted, per_mille, low=low, **answers)


def window(world: World, rng: Generator) -> SyntheticWindow:
    """One window of this world; predictions stand in the random order of their day."""
    size, ease = _days(world, rng)
    day = np.repeat(np.arange(world.days), size)
    odds = rng.normal(ease[day], world.spread)
    per_mille = np.floor(1000 * _share(odds / min(world.trust, 1))).astype(np.int64).clip(150, 999)
    right = rng.random(len(day)) < _share(odds)
    predicted = rng.choice(CLASSES, len(day), p=MIX / MIX.sum())
    truth = np.where(right, predicted, _other(predicted, rng))
    rank = np.arange(len(day)) - np.concatenate(([0], np.cumsum(size)))[day]
    informed = np.where(_reviewed(per_mille, world.reviewed), _informed(world, predicted, truth, rng), UNSEEN)
    return SyntheticWindow(day, predicted, truth, per_mille, rank < world.labels, informed)


def _share(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-odds))


def _days(world: World, rng: Generator) -> tuple[Column, NDArray[np.float64]]:
    height = rng.random(world.days)
    size = world.predictions * world.uneven ** (height - 0.5)
    ease = world.ease + world.tied * (height - 0.5) - world.drift * (np.linspace(0, 1, world.days) - 0.5)
    return np.maximum(size, 1).astype(np.int64), ease


def _other(predicted: Column, rng: Generator) -> Column:
    """A class near by in most cases, none of the classes in some."""
    near = (predicted + rng.choice([1, 2, 3, 5], len(predicted), p=[0.4, 0.3, 0.2, 0.1])) % CLASSES
    return np.where(rng.random(len(predicted)) < 0.08, OTHER, near)


def _reviewed(per_mille: Column, part: float) -> NDArray[np.bool_]:
    low = per_mille < THRESHOLD
    if part >= 1 or not low.any():
        return low if part >= 1 else np.zeros(len(low), bool)
    return np.less(per_mille, np.quantile(per_mille[low], part)) if part else np.zeros(len(low), bool)


def _informed(world: World, predicted: Column, truth: Column, rng: Generator) -> Column:
    wrong = predicted != truth
    accepts = wrong & (rng.random(len(truth)) < world.anchored)
    slips = ~wrong & (rng.random(len(truth)) < world.slips)
    return np.select([accepts, slips], [predicted, _other(predicted, rng)], truth)
