"""How good answers are: accuracy with its interval, per class, and whether confidence means what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedloop.domain.prediction import per_mille

Z = 1.959963984540054
"""The normal quantile of a 95 % interval."""
BINS = 10
THRESHOLD = 700
"""Per mille: predict's default LOW_CONFIDENCE_THRESHOLD."""

Probabilities = NDArray[np.float64]
Classes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Probabilities of similar confidence, and how many of them are right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What evaluate found; `confusion` counts pictures by true class (rows) and answer (columns)."""

    classes: tuple[str, ...]
    confusion: NDArray[np.int64]
    bins: tuple[ReliabilityBin, ...]
    above_threshold: float

    @property
    def count(self) -> int:
        """How many pictures were shown."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many answers are right."""
        return int(self.confusion.trace())

    @property
    def calibration_error(self) -> float:
        """ECE: the mean distance of confidence from accuracy (Naeini et al., 2015)."""
        return sum(part.count * abs(part.confidence - part.accuracy) for part in self.bins) / self.count

    def to_document(self) -> dict[str, Any]:
        """As JSON, and as `metrics` of a model card."""
        return {
            "accuracy": round(self.right / self.count, 4),
            "interval": [round(edge, 4) for edge in wilson(self.right, self.count)],
            "pictures": self.count,
            "per_class": {name: _share(self.confusion[index], index) for index, name in enumerate(self.classes)},
            "confident": round(self.above_threshold, 4),
            "calibration_error": round(self.calibration_error, 4),
            "reliability": [
                {"from": part.low, "to": part.high, "pictures": part.count}
                | {"confidence": round(part.confidence, 4), "accuracy": round(part.accuracy, 4)}
                for part in self.bins
            ],
            "confusion": self.confusion.tolist(),
        }


def evaluate(answers: Probabilities, wanted: Sequence[int], names: Sequence[str]) -> Evaluation:
    """Compare probabilities (a row per picture) with the right classes."""
    truth = np.asarray(wanted, np.int64)
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (truth, answers.argmax(1)), 1)
    return Evaluation(tuple(names), confusion, tuple(_bins(answers, truth)), share_above_threshold(answers))


def share_above_threshold(answers: Probabilities) -> float:
    """The share of answers that predict would not send to a person."""
    return float(np.mean([per_mille(float(best)) >= THRESHOLD for best in answers.max(1)]))


def on_outliers(answers: Probabilities) -> dict[str, float]:
    """How sure a model is of pictures that show none of its classes: the less, the better."""
    mean = round(float(answers.max(1).mean()), 4)
    return {"pictures": len(answers), "mean_confidence": mean, "confident": round(share_above_threshold(answers), 4)}


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score (1927; Brown, Cai and DasGupta, 2001, section 3.1.1)."""
    share, square = right / count, Z**2 / count
    middle = (share + square / 2) / (1 + square)
    reach = Z * sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _bins(answers: Probabilities, truth: Classes) -> list[ReliabilityBin]:
    """Bins of equal width; those without an answer are left out."""
    best, right = answers.max(1), answers.argmax(1) == truth
    number = np.minimum((best * BINS).astype(int), BINS - 1)
    return [
        ReliabilityBin(n / BINS, (n + 1) / BINS, int(own.sum()), float(best[own].mean()), float(right[own].mean()))
        for n in range(BINS)
        if (own := number == n).any()
    ]


def _share(row: NDArray[np.int64], index: int) -> float | None:
    """Of the pictures of one class; None when none was shown."""
    return round(float(row[index] / row.sum()), 4) if row.sum() else None
