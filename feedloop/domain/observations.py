"""What estimators read: the predictions of closed days as counts, and those with a human answer one by one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from feedloop.domain.answers import Answer

BINS = 10
"""Confidence is counted in bins of this number; the last one holds a confidence of 1 as well."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One prediction of a closed day that has at least one human answer."""

    day: str
    predicted: int
    per_mille: int
    low: bool
    """It has a task in the low-confidence queue."""
    blind: Answer | None
    """Of the random sample, and only inside the answered prefix of the day's random order."""
    informed: Answer | None
    """Of the low-confidence queue, whose annotators saw the model's answer."""


class Cell(NamedTuple):
    """Predictions that a report does not tell apart; a tuple, since it is hashed once per prediction."""

    predicted: int
    bin: int
    low: bool


@dataclass(frozen=True, slots=True)
class DayCounts:
    """All predictions of one closed day, as counts: what its samples stand for."""

    day: str
    cells: Mapping[Cell, int]
    per_mille: Mapping[Cell, int]
    """The sum of confidences of a cell."""

    @classmethod
    def counted(cls, day: str, predictions: Iterable[tuple[int, int, bool]]) -> Self:
        """Count predictions, each given as class index, confidence per mille, and whether it is queued as low."""
        cells: Counter[Cell] = Counter()
        sums: Counter[Cell] = Counter()
        for (predicted, per_mille, low), count in Counter(predictions).items():
            cell = Cell(predicted, bin_of(per_mille), low)
            cells[cell] += count
            sums[cell] += count * per_mille
        return cls(day, cells, sums)

    @property
    def predictions(self) -> int:
        """How many there are."""
        return sum(self.cells.values())

    @property
    def low(self) -> int:
        """How many of them have a task in the low-confidence queue."""
        return sum(count for cell, count in self.cells.items() if cell.low)

    @property
    def by_class(self) -> Mapping[int, int]:
        """How many the model called so, by class index."""
        return _summed((cell.predicted, count) for cell, count in self.cells.items())

    @property
    def low_by_class(self) -> Mapping[int, int]:
        """The same of the low-confidence queue."""
        return _summed((cell.predicted, count) for cell, count in self.cells.items() if cell.low)

    @property
    def by_confidence(self) -> tuple[int, ...]:
        """How many in each bin of confidence."""
        found = _summed((cell.bin, count) for cell, count in self.cells.items())
        return tuple(found.get(number, 0) for number in range(BINS))

    def called(self, predicted: int) -> Self:
        """Only what the model called so."""
        return self._only(cell for cell in self.cells if cell.predicted == predicted)

    def within(self, number: int) -> Self:
        """Only what lies in this bin of confidence."""
        return self._only(cell for cell in self.cells if cell.bin == number)

    def _only(self, cells: Iterable[Cell]) -> Self:
        chosen = tuple(cells)
        counts, sums = ({cell: of[cell] for cell in chosen} for of in (self.cells, self.per_mille))
        return type(self)(self.day, counts, sums)


def bin_of(per_mille: int) -> int:
    """The bin of a confidence."""
    return min(per_mille * BINS // 1000, BINS - 1)


def _summed(counts: Iterable[tuple[int, int]]) -> Mapping[int, int]:
    summed: Counter[int] = Counter()
    for key, count in counts:
        summed[key] += count
    return summed
