"""One window, read once: its answers, and what they say about each other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from feedloop.domain.observations import BINS, Cell, Day, Row
from feedloop.estimation.answers import Answers, Flags
from feedloop.estimation.assistance import Assistance
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.honesty import Honesty
from feedloop.estimation.shares import Part, by_sample, with_queue


@dataclass(frozen=True, slots=True)
class Window:
    """Parts of it are estimated with the same rates of honesty and the same slope: those of the whole."""

    answers: Answers
    honesty: Honesty
    assistance: Assistance

    @classmethod
    def of(cls, days: Sequence[Day], rows: Iterable[Row]) -> Self:
        """The window of these days."""
        answers = Answers.of(days, rows)
        return cls(answers, Honesty.of(answers), Assistance.of(answers))

    def called(self, predicted: int | None) -> Part:
        """What the model called so; None for all."""
        if predicted is None:
            return self._part(np.ones(len(self.answers.predicted), np.bool_), lambda _: True)
        return self._part(np.equal(self.answers.predicted, predicted), lambda cell: cell.predicted == predicted)

    def within(self, number: int) -> Part:
        """What lies in this bin of confidence."""
        bins = (self.answers.confidence * BINS + 1e-9).astype(int).clip(max=BINS - 1)
        return self._part(np.equal(bins, number), lambda cell: cell.bin == number)

    @property
    def others(self) -> tuple[float, int, float]:
        """Of predictions without an informed answer: the share right by the sample, how many, their mean confidence."""
        answers, whole = self.answers, self.called(None)
        sampled = answers.drawn & ~answers.known
        count = whole.predictions - int(answers.known.sum())
        if count <= 0 or not sampled.any():
            return 0.0, count, 0.0
        share = float(np.average(answers.right[sampled], weights=answers.weight[sampled]))
        return share, count, float(whole.confidence - answers.confidence[answers.known].sum()) / count

    def blind(self, part: Part) -> Estimate | None:
        """Accuracy of a part by the random sample alone."""
        return by_sample(self.answers, part.rows)

    def best(self, part: Part) -> Estimate | None:
        """The narrowest that the answers allow: with the queue where that is possible."""
        return with_queue(self.answers, part, self.honesty, self.assistance) or self.blind(part)

    def _part(self, rows: Flags, chosen: Callable[[Cell], bool]) -> Part:
        cells = [cell for cell in self.answers.cells if chosen(cell)]
        size = sum(self.answers.cells[cell] for cell in cells)
        return Part(rows, size, sum(self.answers.per_mille[cell] for cell in cells) / 1000)
