"""The answers of a window as columns, and how many predictions each of the random ones stands for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from feedloop.estimation.counted import MISSING, Day, Row

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """Columns of equal length, one place per row with a blind answer (`missing` ones included) or an informed one."""

    predicted: Whole
    blind: Whole
    informed: Whole
    weight: Real
    """Predictions that a blind answer stands for: its day's, by the answers of that day; 0 for other rows."""
    total: int
    by_class: Mapping[int, int]

    @classmethod
    def of(cls, days: Sequence[Day], rows: Iterable[Row]) -> Self:
        """Columns of the rows that belong to these days."""
        known = {day.day for day in days}
        chosen = [row for row in rows if row.day in known]
        weights = _weights(days, chosen)
        by_class: Counter[int] = Counter()
        for day in days:
            by_class.update(day.by_class)
        return cls(
            np.array([row.predicted for row in chosen], np.int64),
            np.array([MISSING if row.blind is None else row.blind for row in chosen], np.int64),
            np.array([MISSING if row.informed is None else row.informed for row in chosen], np.int64),
            np.array([weights[row.day] if _answered(row) else 0 for row in chosen], np.float64),
            by_class.total(),
            by_class,
        )

    @property
    def known(self) -> Flags:
        """Rows with an informed answer: a set that does not depend on the random order."""
        return np.not_equal(self.informed, MISSING)

    @property
    def drawn(self) -> Flags:
        """Rows with a blind answer."""
        return np.not_equal(self.blind, MISSING)


def _answered(row: Row) -> bool:
    return row.blind is not None and row.blind != MISSING


def _weights(days: Sequence[Day], rows: Iterable[Row]) -> Mapping[str, float]:
    """A day without answers is counted with the nearest that has some (collapsed strata: Cochran 1977, 5A.12)."""
    answers = Counter(row.day for row in rows if _answered(row))
    order = sorted(days, key=lambda day: day.day)
    places = [place for place, day in enumerate(order) if answers[day.day]]
    sizes: Counter[str] = Counter()
    for place, day in enumerate(order if places else ()):
        sizes[order[min(places, key=lambda other: abs(other - place))].day] += day.predictions
    return {day: size / answers[day] for day, size in sizes.items()}
