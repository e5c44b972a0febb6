"""The answers of a window as columns, and how many predictions each of the random ones stands for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from feedloop.domain.answers import OTHER, UNCLEAR, is_known
from feedloop.domain.observations import Cell, DayCounts, Observation

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """Columns with one place per row, and all predictions as counts.

    `known` marks informed answers: a set that was chosen without regard to the random order, so that the random sample
    outside of it is a random sample of all that is outside. `drawn` marks blind answers.
    """

    predicted: Whole
    confidence: Real
    blind: Whole
    informed: Whole
    weight: Real
    """Predictions that a blind answer stands for: its day's, by the answers of that day."""
    known: Flags
    drawn: Flags
    unclear: Flags
    """Drawn, and nobody could tell."""
    cells: Mapping[Cell, int]
    per_mille: Mapping[Cell, int]

    @classmethod
    def of(cls, days: Sequence[DayCounts], rows: Iterable[Observation]) -> Self:
        """Columns of the rows that belong to these days."""
        counted = {day.day for day in days}
        chosen = [row for row in rows if row.day in counted]
        weights = _weights(days, chosen)
        blind = _whole([UNCLEAR if row.blind is None else row.blind for row in chosen])
        informed = _whole([UNCLEAR if row.informed is None else row.informed for row in chosen])
        return cls(
            _whole([row.predicted for row in chosen]),
            _whole([row.per_mille for row in chosen]) / 1000,
            blind,
            informed,
            np.array([weights.get(row.day, 1.0) for row in chosen], np.float64),
            np.greater_equal(informed, OTHER),
            np.greater_equal(blind, OTHER),
            np.array([row.blind is not None and not is_known(row.blind) for row in chosen], np.bool_),
            _summed(day.cells for day in days),
            _summed(day.per_mille for day in days),
        )

    @property
    def said_right(self) -> Flags:
        """The informed answer is the model's."""
        return np.equal(self.informed, self.predicted)

    @property
    def right(self) -> Flags:
        """The blind answer is the model's."""
        return np.equal(self.blind, self.predicted)


def by_weight(weight: Real) -> float:
    """One by the effective number of labels, as their weights tell: Kish (1965), Survey Sampling, 11.7."""
    return float((weight**2).sum() / weight.sum() ** 2)


def _whole(numbers: list[int]) -> Whole:
    return np.array(numbers, np.int64)


def _summed(counts: Iterable[Mapping[Cell, int]]) -> Mapping[Cell, int]:
    total: Counter[Cell] = Counter()
    for each in counts:
        total.update(each)
    return total


def _weights(days: Sequence[DayCounts], rows: Iterable[Observation]) -> Mapping[str, float]:
    """A day without answers is counted with the nearest that has some: collapsed strata, Cochran (1977), 5A.12."""
    answers = Counter(row.day for row in rows if is_known(row.blind))
    order = sorted(days, key=lambda day: day.day)
    places = np.flatnonzero([answers[day.day] > 0 for day in order])
    sizes: Counter[str] = Counter()
    for place, day in enumerate(order if len(places) else ()):
        sizes[order[places[abs(places - place).argmin()]].day] += day.predictions
    return {day: size / answers[day] for day, size in sizes.items()}
