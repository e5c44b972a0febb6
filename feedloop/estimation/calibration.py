"""Whether the model is as often right as it says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.counted import BINS, Day, Row, bin_of
from feedloop.estimation.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions whose confidence lies between `start` and `end`."""

    start: float
    end: float
    predictions: int
    mean_confidence: float | None
    accuracy: Estimate | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability curve; the expected error is None until every tenth of the predictions has a label."""

    bins: tuple[Bin, ...]
    expected_error: float | None
    """Mean distance of confidence and accuracy over predictions: Naeini et al. (2015), AAAI, equation 3 (ECE)."""


def calibration(days: Sequence[Day], rows: Iterable[Row]) -> Calibration:
    """The curve in ten bins, by the random sample and the known sizes of the bins."""
    rows = list(rows)
    bins = tuple(_bin(number, days, rows) for number in range(BINS))
    gaps = [
        (each.predictions, abs(each.accuracy.value - each.mean_confidence))
        for each in bins
        if each.accuracy and each.mean_confidence is not None
    ]
    covered = sum(size for size, _ in gaps)
    return Calibration(bins, sum(size * gap for size, gap in gaps) / covered if covered else None)


def _bin(number: int, days: Sequence[Day], rows: Sequence[Row]) -> Bin:
    inside = [day.within(number) for day in days]
    size = sum(day.predictions for day in inside)
    total = sum(sum(day.per_mille.values()) for day in inside)
    found = accuracy(inside, [row for row in rows if bin_of(row.per_mille) == number])
    return Bin(number / BINS, (number + 1) / BINS, size, total / size / 1000 if size else None, found.blind)
