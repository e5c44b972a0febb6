"""What was taken for what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedloop.domain.observations import Day, Row
from feedloop.estimation.truths import Pair, Truths
from feedloop.estimation.window import Window


@dataclass(frozen=True, slots=True)
class Confusion:
    """Answers of the random sample, and the share of all predictions by all answers; shares add up to 1."""

    counts: Mapping[Pair, int]
    shares: Mapping[Pair, float]


def confusion(days: Sequence[Day], rows: Iterable[Row]) -> Confusion:
    """Pairs that occur; empty without labels."""
    window = Window.of(days, rows)
    answers = window.answers
    drawn = zip(answers.blind[answers.drawn].tolist(), answers.predicted[answers.drawn].tolist(), strict=True)
    found = Truths.of(window).corrected(window)
    whole = sum(found.values())
    return Confusion(Counter(drawn), {pair: number / whole for pair, number in found.items() if number})
