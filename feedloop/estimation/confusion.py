"""What was taken for what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedloop.estimation.counted import Answer, Day, Row
from feedloop.estimation.sample import Sample

Pair = tuple[Answer, int]
"""What it is (a class index or OTHER), and what the model called it."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Answers of the random sample, and the share of all predictions that they stand for; shares add up to 1."""

    counts: Mapping[Pair, int]
    shares: Mapping[Pair, float]


def confusion(days: Sequence[Day], rows: Iterable[Row]) -> Confusion:
    """Pairs that occur; empty without labels."""
    sample = Sample.of(days, rows)
    drawn = sample.drawn
    pairs = list(zip(sample.blind[drawn].tolist(), sample.predicted[drawn].tolist(), strict=True))
    weights: Counter[Pair] = Counter()
    for pair, weight in zip(pairs, sample.weight[drawn].tolist(), strict=True):
        weights[pair] += weight
    whole = sum(weights.values())
    return Confusion(Counter(pairs), {pair: weight / whole for pair, weight in weights.items()})
