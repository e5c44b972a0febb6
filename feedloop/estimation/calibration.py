"""Calibration: whether the model is as often right as it says."""

from dataclasses import dataclass
from math import sqrt

from feedloop.domain.observations import BINS
from feedloop.estimation.intervals import Estimate, critical_value
from feedloop.estimation.window import Window


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions whose confidence lies between `start` and `end`."""

    start: float
    end: float
    predictions: int
    mean_confidence: float | None
    accuracy: Estimate | None

    @property
    def gap(self) -> float | None:
        """How far confidence and accuracy lie apart beyond chance: the root of the squared distance less its variance.

        Without that, few labels make any model look badly calibrated: Kumar, Liang and Ma (2019), NeurIPS, section 4
        (the debiased estimator).
        """
        if self.accuracy is None or self.mean_confidence is None:
            return None
        deviation = self.accuracy.half_width / critical_value()
        return sqrt(max((self.accuracy.value - self.mean_confidence) ** 2 - deviation**2, 0))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability curve, and the mean of its gaps over the predictions of bins with labels (None without any).

    The expected calibration error: Naeini, Cooper and Hauskrecht (2015), AAAI, section 2.
    """

    bins: tuple[ReliabilityBin, ...]
    expected_error: float | None


def calibration(window: Window) -> Calibration:
    """The curve in ten bins, whose sizes are known."""
    bins = tuple(_bin(number, window) for number in range(BINS))
    gaps = [(each.predictions, each.gap) for each in bins if each.gap is not None]
    covered = sum(size for size, _ in gaps)
    return Calibration(bins, sum(size * gap for size, gap in gaps) / covered if covered else None)


def _bin(number: int, window: Window) -> ReliabilityBin:
    part = window.in_bin(number)
    mean = part.confidence / part.predictions if part.predictions else None
    return ReliabilityBin(number / BINS, (number + 1) / BINS, part.predictions, mean, window.best_estimate(part))
