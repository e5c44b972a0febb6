"""How often the model was right, with what certainty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from feedloop.estimation.counted import MISSING, Day, Row
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.sample import Sample
from feedloop.estimation.shares import partly_known, weighted_share


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of predictions that are right, by the random sample alone and with the low-confidence queue's help."""

    blind: Estimate | None
    best: Estimate | None
    worst: float | None
    """`best`, were every missing answer of the random sample "wrong"."""
    ideal: float | None
    """The same for "right"."""
    blind_labels: int
    informed_labels: int
    missing: int
    """Pictures of the random sample that nobody could tell, and which count in neither estimate."""


def accuracy(days: Sequence[Day], rows: Iterable[Row], predicted: int | None = None) -> Accuracy:
    """Accuracy of a window's days; with `predicted`, of what the model called so.

    Give all rows and days in either case. Days are strata: a day counts by its size, however many of it were answered.
    """
    rows = list(rows)
    sample = Sample.of(days, rows)
    wanted = sample.predicted == predicted if predicted is not None else np.ones(len(sample.predicted), bool)
    total = sample.total if predicted is None else sample.by_class.get(predicted, 0)
    blind, known = sample.drawn & wanted, sample.known & wanted
    right = sample.predicted == sample.blind
    by_sample = weighted_share(right[blind], sample.weight[blind])
    rest = blind & ~known
    known_right = int((sample.predicted == sample.informed)[known].sum())
    best = partly_known(
        known_right, int(known.sum()), total - int(known.sum()), weighted_share(right[rest], sample.weight[rest])
    )
    missing = _missing(rows, predicted)
    unknown = missing / (missing + int(blind.sum())) if missing else 0.0
    return Accuracy(
        by_sample,
        best or by_sample,
        None if best is None else best.value * (1 - unknown),
        None if best is None else best.value * (1 - unknown) + unknown,
        int(blind.sum()),
        int(known.sum()),
        missing,
    )


def _missing(rows: Iterable[Row], predicted: int | None) -> int:
    return sum(row.blind == MISSING and predicted in {None, row.predicted} for row in rows)
