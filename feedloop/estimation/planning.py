"""Where the next labels tell most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.counted import Day, Row

RANDOM_SAMPLED, LOW_CONFIDENCE = "randomsampled", "lowconfidence"


@dataclass(frozen=True, slots=True)
class Advice:
    """So many more labels here, and how wide the interval of the accuracy is now and would be then."""

    queue: str
    day: str
    labels: int
    interval_now: float
    interval_then: float


def next_labels(days: Sequence[Day], rows: Iterable[Row], budget: int = 20) -> tuple[Advice, ...]:
    """How to spend `budget` labels, the most useful first; empty before the first labels."""
    rows = list(rows)
    now = accuracy(days, rows).best
    if now is None:
        return ()
    width = now.high - now.low
    largest = max(days, key=lambda day: day.predictions)
    labels = accuracy(days, rows).blind_labels
    return (Advice(RANDOM_SAMPLED, largest.day, budget, width, width * sqrt(labels / (labels + budget))),)
