"""Label allocation: where the next labels tell most."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace
from math import sqrt

import numpy as np

from feedloop.domain.answers import is_known
from feedloop.domain.keys import LOW_CONFIDENCE, RANDOM_SAMPLED
from feedloop.estimation.window import Window


@dataclass(frozen=True, slots=True)
class LabelAllocation:
    """So many more labels here and nowhere else: how long the accuracy's interval is now and about would be then."""

    queue: str
    day: str
    labels: int
    interval_now: float
    interval_then: float


@dataclass(frozen=True, slots=True)
class _Stratum:
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

    def after(self, labels: int) -> "_Stratum":
        return replace(self, answers=self.answers + labels)

    @property
    def gain(self) -> float:
        """What one more label takes off the variance; 0 when all was answered."""
        if self.answers >= self.predictions:
            return 0.0
        return self.variance - self.after(1).variance if self.answers else self.variance


def allocate_labels(window: Window, budget: int = 20) -> tuple[LabelAllocation, ...]:
    """How to spend `budget` random labels on days, and the same number on the low-confidence queue, best first.

    Each random label goes where it takes most off the variance: Neyman's allocation in whole numbers, Wright (2012),
    The American Statistician 66:217. Lengths follow the root of the variance. Empty before the first labels.
    """
    best = window.best_estimate(window.whole)
    if best is None:
        return ()
    length = best.high - best.low
    allocations = [*_random(_strata(window), budget, length), *_queue(window, budget, length)]
    useful = (one for one in allocations if one.interval_then < one.interval_now)
    return tuple(sorted(useful, key=lambda one: (one.interval_then, one.day)))


def _strata(window: Window) -> list[_Stratum]:
    answers, informed = Counter[str](), Counter[str]()
    for one in window.observations:
        answers[one.day] += is_known(one.blind)
        informed[one.day] += is_known(one.informed)
    return [
        _Stratum(day.day, day.predictions, 1 - informed[day.day] / day.predictions, answers[day.day])
        for day in window.days
        if day.predictions
    ]


def _random(strata: Sequence[_Stratum], budget: int, length: float) -> Iterator[LabelAllocation]:
    heap = [(-one.gain, index) for index, one in enumerate(strata)]
    heapify(heap)
    given: Counter[int] = Counter()
    while heap and given.total() < budget and heap[0][0] < 0:
        index = heap[0][1]
        given[index] += 1
        heapreplace(heap, (-strata[index].after(given[index]).gain, index))
    whole = sum(one.variance for one in strata)
    for index, labels in given.items():
        one = strata[index]
        left = (whole - one.variance + one.after(labels).variance) / whole
        yield LabelAllocation(RANDOM_SAMPLED, one.day, labels, length, length * sqrt(left))


def _queue(window: Window, budget: int, length: float) -> Iterator[LabelAllocation]:
    """On the day where most wait. What is answered leaves the others, and takes its part of their variance along."""
    done = [one for one in window.observations if one.low and is_known(one.informed)]
    waiting = Counter({day.day: day.low for day in window.days})
    waiting.subtract(one.day for one in done)
    day, most = waiting.most_common(1)[0]
    share, others, confidence = _others(window)
    if most <= 0 or not 0 < share < 1:
        return
    low = sum(each for cell, each in window.per_mille.items() if cell.low) - sum(one.per_mille for one in done)
    unsure = share + window.regression.slope * (low / 1000 / waiting.total() - confidence)
    unsure = min(max(unsure, 0), 1)
    labels = min(budget, most)
    taken = labels * (unsure * (1 - unsure) + (unsure - share) ** 2) / (others * share * (1 - share))
    yield LabelAllocation(LOW_CONFIDENCE, day, labels, length, length * sqrt(max(1 - taken, 0)))


def _others(window: Window) -> tuple[float, int, float]:
    """Of predictions without an informed answer: the share right by the sample, how many, their mean confidence."""
    columns, whole = window.columns, window.whole
    sampled = columns.has_blind & ~columns.has_informed
    count = whole.predictions - int(columns.has_informed.sum())
    if count <= 0 or not sampled.any():
        return 0.0, count, 0.0
    share = float(np.average(columns.blind_correct[sampled], weights=columns.weight[sampled]))
    return share, count, float(whole.confidence - columns.confidence[columns.has_informed].sum()) / count
