"""Where the next labels tell most."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace
from math import sqrt

from feedloop.domain import keys
from feedloop.domain.answers import is_known
from feedloop.domain.observations import DayCounts, Observation
from feedloop.estimation.window import Window


@dataclass(frozen=True, slots=True)
class Advice:
    """So many more labels here and nowhere else: how long the accuracy's interval is now and about would be then."""

    queue: str
    day: str
    labels: int
    interval_now: float
    interval_then: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A day as the random sample knows it."""

    day: str
    predictions: int
    unknown: float
    """The share without an informed answer."""
    answers: int

    @property
    def variance(self) -> float:
        """In units of one answer's, times the square of all predictions; a day without answers counts as with one."""
        return self.unknown * self.predictions**2 / max(self.answers, 1)

    def after(self, labels: int) -> "_Asked":
        return replace(self, answers=self.answers + labels)

    @property
    def gain(self) -> float:
        """What one more label takes off the variance; 0 when all was answered."""
        if self.answers >= self.predictions:
            return 0.0
        return self.variance - self.after(1).variance if self.answers else self.variance


def next_labels(days: Sequence[DayCounts], rows: Iterable[Observation], budget: int = 20) -> tuple[Advice, ...]:
    """How to spend `budget` random labels on days, and the same number on the low-confidence queue, best first.

    Each random label goes where it takes most off the variance: Neyman's allocation in whole numbers, Wright (2012),
    The American Statistician 66:217. Lengths follow the root of the variance. Empty before the first labels.
    """
    rows = list(rows)
    window = Window.of(days, rows)
    best = window.best(window.called(None))
    if best is None:
        return ()
    length = best.high - best.low
    advice = [*_random(_asked(days, rows), budget, length), *_queue(days, rows, window, budget, length)]
    useful = (one for one in advice if one.interval_then < one.interval_now)
    return tuple(sorted(useful, key=lambda one: (one.interval_then, one.day)))


def _asked(days: Iterable[DayCounts], rows: Iterable[Observation]) -> list[_Asked]:
    answers: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for row in rows:
        answers[row.day] += is_known(row.blind)
        known[row.day] += is_known(row.informed)
    return [
        _Asked(day.day, day.predictions, 1 - known[day.day] / day.predictions, answers[day.day])
        for day in days
        if day.predictions
    ]


def _random(asked: Sequence[_Asked], budget: int, length: float) -> Iterator[Advice]:
    heap = [(-one.gain, place) for place, one in enumerate(asked)]
    heapify(heap)
    given: Counter[int] = Counter()
    while heap and given.total() < budget and heap[0][0] < 0:
        place = heap[0][1]
        given[place] += 1
        heapreplace(heap, (-asked[place].after(given[place]).gain, place))
    whole = sum(one.variance for one in asked)
    for place, labels in given.items():
        one = asked[place]
        left = (whole - one.variance + one.after(labels).variance) / whole
        yield Advice(keys.RANDOM_SAMPLED, one.day, labels, length, length * sqrt(left))


def _queue(
    days: Sequence[DayCounts], rows: Iterable[Observation], window: Window, budget: int, length: float
) -> Iterator[Advice]:
    """On the day where most wait. What is answered leaves the others, and takes its part of their variance along."""
    done = [row for row in rows if row.low and is_known(row.informed)]
    waiting = Counter({day.day: day.low for day in days})
    waiting.subtract(row.day for row in done)
    day, most = waiting.most_common(1)[0]
    share, others, confidence = window.others
    if most <= 0 or not 0 < share < 1:
        return
    low = sum(each for one in days for cell, each in one.per_mille.items() if cell.low) - sum(
        row.per_mille for row in done
    )
    unsure = share + window.assistance.slope * (low / 1000 / waiting.total() - confidence)
    unsure = min(max(unsure, 0), 1)
    labels = min(budget, most)
    taken = labels * (unsure * (1 - unsure) + (unsure - share) ** 2) / (others * share * (1 - share))
    yield Advice(keys.LOW_CONFIDENCE, day, labels, length, length * sqrt(max(1 - taken, 0)))
