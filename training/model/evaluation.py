"""How good answers are: accuracy with its interval, per class, and whether confidence means what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedloop.domain.prediction import per_mille
from feedloop.estimation.intervals import wilson

BINS = 10
_COLDEST, _HOTTEST, _STEPS = 0.05, 20.0, 60
THRESHOLD = 700
"""Per mille: predict's default LOW_CONFIDENCE_THRESHOLD."""

Probabilities = NDArray[np.float64]
"""A model's answers: pictures x classes."""


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """Answers of similar confidence, and how many of them are correct."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model did on labelled pictures; `confusion` counts them by true class (rows) and answer (columns)."""

    classes: tuple[str, ...]
    confusion: NDArray[np.int64]
    bins: tuple[ConfidenceBin, ...]
    above_threshold: float

    @property
    def count(self) -> int:
        """How many pictures the model answered."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """How many answers are correct."""
        return int(self.confusion.trace())

    @property
    def accuracy(self) -> float:
        """The share of correct answers."""
        return self.correct / self.count

    @property
    def calibration_error(self) -> float:
        """ECE: the mean distance of confidence from accuracy (Naeini et al., 2015)."""
        return sum(one.count * abs(one.confidence - one.accuracy) for one in self.bins) / self.count

    def to_document(self) -> dict[str, Any]:
        """As JSON, and as `metrics` of a model card."""
        per_class = zip(self.confusion.diagonal(), self.confusion.sum(1), strict=True)
        shares = [round(float(correct / count), 4) if count else None for correct, count in per_class]
        return {
            "accuracy": round(self.accuracy, 4),
            "interval": [round(edge, 4) for edge in wilson(self.accuracy, self.count)],
            "pictures": self.count,
            "per_class": dict(zip(self.classes, shares, strict=True)),
            "above_threshold": round(self.above_threshold, 4),
            "calibration_error": round(self.calibration_error, 4),
            "reliability": [
                {"from": one.low, "to": one.high, "pictures": one.count}
                | {"confidence": round(one.confidence, 4), "accuracy": round(one.accuracy, 4)}
                for one in self.bins
            ],
            "confusion": self.confusion.tolist(),
        }


def evaluate(answers: Probabilities, truth: Sequence[int], names: Sequence[str]) -> Evaluation:
    """Compare answers with the true classes."""
    true_class = np.asarray(truth, np.int64)
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (true_class, answers.argmax(1)), 1)
    bins = _reliability(answers.max(1), answers.argmax(1) == true_class)
    return Evaluation(tuple(names), confusion, bins, share_above_threshold(answers))


def share_above_threshold(answers: Probabilities) -> float:
    """The share of answers that predict would not put before annotators."""
    return float(np.mean([per_mille(float(highest)) >= THRESHOLD for highest in answers.max(1)]))


def on_outliers(answers: Probabilities) -> dict[str, float]:
    """How confident a model is of pictures that show none of its classes: the less, the better."""
    mean, above = float(answers.max(1).mean()), share_above_threshold(answers)
    return {"pictures": len(answers), "mean_confidence": round(mean, 4), "above_threshold": round(above, 4)}


def fit_temperature(logits: Probabilities, targets: Probabilities) -> float:
    """The temperature at which answers are likeliest (Guo et al., 2017), from 0.05 to 20.

    Logits, or logarithms of probabilities, and the answers wanted are float64, pictures x classes; a row of `targets`
    sums to 1. The loss has one minimum in the temperature, so thirds of the interval close in on it.
    """

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        return -float(np.mean((targets * (scaled - np.log(np.exp(scaled).sum(1, keepdims=True)))).sum(1)))

    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(_STEPS):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, second) if loss(first) < loss(second) else (first, high)
    return float(np.exp((low + high) / 2))


def _reliability(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> tuple[ConfidenceBin, ...]:
    """Bins of equal width; those without an answer are left out."""
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        ConfidenceBin(
            n / BINS, (n + 1) / BINS, int(own.sum()), float(confidence[own].mean()), float(correct[own].mean())
        )
        for n in range(BINS)
        if (own := number == n).any()
    )
