"""What is known of predictions: all of a day as counts, and those under review one by one.

Tuples, since there are a million a day.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from feedloop.domain.answers import Answer
from feedloop.domain.prediction import PredictionId

BINS = 10
"""Confidence is counted in bins of this number; the last one holds a confidence of 1 as well."""


class ListedPrediction(NamedTuple):
    """One prediction of a day, as its key tells it: also its class, which may be of an earlier list."""

    predicted: int
    per_mille: int
    model: str
    low: bool
    """It has a task in the low-confidence queue."""
    sample_key: str
    second: str
    """Of the day, as five digits."""


class Observation(NamedTuple):
    """One prediction with its answers, by the queue that they come from; None where there is none."""

    day: str
    predicted: int
    per_mille: int
    model: str
    low: bool
    sample_key: str
    second: str
    blind: Answer | None = None
    """Of the random sample, and only inside the labelled prefix of the day."""
    informed: Answer | None = None
    """Of the low-confidence queue, whose annotators saw the model's answer."""
    flag: Answer | None = None
    """What annotators say to a visitor's flag."""
    visitor: Answer | None = None
    flagged: bool = False
    listed_class: int | None = None
    """What stands for the class in its key, where that is of another list."""

    @property
    def id(self) -> PredictionId:
        """The id of the prediction."""
        index = self.predicted if self.listed_class is None else self.listed_class
        return PredictionId(self.day, index, self.per_mille, self.model, self.sample_key, int(self.second))


class Cell(NamedTuple):
    """Predictions that nobody tells apart."""

    model: str
    predicted: int
    low: bool
    bin: int


Kind = tuple[int, int, str, bool]
"""Class index, confidence per mille, model, and whether there is a task in the low-confidence queue."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """All predictions of one day, as counts: what its samples stand for."""

    day: str
    cells: Mapping[Cell, int]
    per_mille: Mapping[Cell, int]
    """The sum of confidences of a cell."""

    @classmethod
    def of(cls, day: str, kinds: Mapping[Kind, int]) -> Self:
        """By how many predictions there are of each kind."""
        cells: Counter[Cell] = Counter()
        sums: Counter[Cell] = Counter()
        for (predicted, per_mille, model, low), count in kinds.items():
            cell = Cell(model, predicted, low, min(per_mille * BINS // 1000, BINS - 1))
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
    def by_model(self) -> Mapping[str, int]:
        """How many each model made."""
        counts: Counter[str] = Counter()
        for cell, count in self.cells.items():
            counts[cell.model] += count
        return counts

    def only(self, *, model: str | None = None, predicted: int | None = None) -> Self:
        """Those of one model, or (None) of any, that it named a class, or any."""
        chosen = [cell for cell in self.cells if model in {None, cell.model} and predicted in {None, cell.predicted}]
        cells, sums = ({cell: of[cell] for cell in chosen} for of in (self.cells, self.per_mille))
        return type(self)(self.day, cells, sums)

    def without(self, others: Self) -> Self:
        """These less those that are counted in `others`, a part of the same day."""
        left = {cell: count - others.cells.get(cell, 0) for cell, count in self.cells.items()}
        sums = {cell: self.per_mille[cell] - others.per_mille.get(cell, 0) for cell, count in left.items() if count}
        return type(self)(self.day, {cell: left[cell] for cell in sums}, sums)
