"""The evidence of some days, prepared once for every estimate of it, and the share right of any slice of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Self

import numpy as np

from feedloop.domain.observations import BINS, Cell, DayCounts, Observation
from feedloop.estimation.annotator_bias import AnnotatorBias
from feedloop.estimation.columns import BoolArray, Columns, FloatArray, variance_factor
from feedloop.estimation.intervals import Estimate, Interval, critical_value, score_interval

STEEPEST = 1.5
"""A slope beyond it is chance: confidence that is worth its word has a slope of 1."""


@dataclass(frozen=True, slots=True)
class ConfidenceRegression:
    """The regression of being right on confidence, among pictures without an informed answer: a control variate.

    The regression estimator: Cochran (1977), Sampling Techniques, 7.1, equation 7.2; as prediction-powered
    inference with power tuning: Angelopoulos, Duchi and Zrnic (2023), arXiv 2311.01453, section 6. The model need not
    be calibrated: a confidence that tells nothing has a slope of about 0.
    """

    slope: float = 0.0
    unexplained: float = 1.0
    """The share of variance that is left, with one answer taken off for the slope."""

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """A slope of 0 from fewer than three answers, or where all of them are right or all wrong."""
        chosen = columns.has_blind & ~columns.has_informed
        weight = columns.weight[chosen]
        correct, confidence = columns.blind_correct[chosen].astype(float), columns.confidence[chosen]
        if len(weight) < 3 or np.ptp(correct) == 0 or np.ptp(confidence) == 0:  # noqa: PLR2004 - a line needs two
            return cls()
        x = confidence - np.average(confidence, weights=weight)
        y = correct - np.average(correct, weights=weight)
        slope = float(np.clip((weight * x * y).sum() / (weight * x * x).sum(), 0, STEEPEST))
        left = (weight * (y - slope * x) ** 2).sum() / (weight * y * y).sum()
        effective = 1 / variance_factor(weight)
        return cls(slope, min(float(left * effective / max(effective - 1, 1)), 1.0))


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of a window's predictions."""

    mask: BoolArray
    """bool, (observations,): which observations belong to it."""
    predictions: int
    """How many predictions, observed or not."""
    confidence: float
    """The sum of their confidences."""


@dataclass(frozen=True, slots=True)
class Window:
    """Slices of it are estimated with the same annotator bias and the same regression: those of the whole."""

    days: tuple[DayCounts, ...]
    observations: tuple[Observation, ...]
    columns: Columns
    cells: Mapping[Cell, int]
    """All predictions, as counts."""
    per_mille: Mapping[Cell, int]
    """The sum of confidences of a cell."""
    bias: AnnotatorBias
    regression: ConfidenceRegression

    @classmethod
    def of(cls, days: Iterable[DayCounts], observations: Iterable[Observation]) -> Self:
        """The window of these days, with those of the observations that belong to them."""
        days = tuple(days)
        names = {day.day for day in days}
        chosen = tuple(one for one in observations if one.day in names)
        columns = Columns.of(days, chosen)
        cells, per_mille = _total(day.cells for day in days), _total(day.per_mille for day in days)
        return cls(days, chosen, columns, cells, per_mille, AnnotatorBias.of(columns), ConfidenceRegression.of(columns))

    def between(self, first: str, last: str) -> Self:
        """The window of some of its days, with a bias and a regression of their own."""
        days = [day for day in self.days if first <= day.day <= last]
        return self if len(days) == len(self.days) else type(self).of(days, self.observations)

    def of_class(self, predicted: int) -> Self:
        """The window of what the model called so, with a bias and a regression of its own."""
        days = [day.only(predicted=predicted) for day in self.days]
        return type(self).of(days, [one for one in self.observations if one.predicted == predicted])

    @property
    def whole(self) -> Slice:
        """Everything."""
        return self._slice(np.ones(len(self.observations), np.bool_), lambda _: True)

    def called(self, predicted: int) -> Slice:
        """What the model called so."""
        return self._slice(np.equal(self.columns.predicted, predicted), lambda cell: cell.predicted == predicted)

    def in_bin(self, number: int) -> Slice:
        """What lies in this bin of confidence."""
        bins = (self.columns.confidence * BINS + 1e-9).astype(int).clip(max=BINS - 1)
        return self._slice(np.equal(bins, number), lambda cell: cell.bin == number)

    def blind_estimate(self, part: Slice) -> Estimate | None:
        """Accuracy of a slice by its blind answers alone; None without any."""
        return sample_share(self.columns, part.mask)

    def best_estimate(self, part: Slice) -> Estimate | None:
        """The narrowest that the answers allow: with the informed ones, as blind ones correct them, where it can be."""
        columns = self.columns
        informed = part.mask & columns.has_informed
        agreed = int((informed & columns.informed_correct).sum())
        refused = int(informed.sum()) - agreed
        count = InformedCount(agreed + refused, self.bias.correct(agreed, refused), self.bias.variance(agreed, refused))
        combined = combined_share(columns, part, count, columns.blind_correct, self.regression)
        return combined or self.blind_estimate(part)

    def _slice(self, mask: BoolArray, belongs: Callable[[Cell], bool]) -> Slice:
        cells = [cell for cell in self.cells if belongs(cell)]
        confidence = sum(self.per_mille[cell] for cell in cells) / 1000
        return Slice(mask, sum(self.cells[cell] for cell in cells), confidence)


@dataclass(frozen=True, slots=True)
class InformedCount:
    """Predictions with an informed answer: how many, how many of them count, and the variance of that."""

    predictions: int
    correct: float
    variance: float

    @property
    def interval(self) -> Interval:
        """The interval of `correct`: by the normal distribution, and no more than there are."""
        reach = critical_value() * sqrt(self.variance)
        return max(self.correct - reach, 0.0), min(self.correct + reach, float(self.predictions))


def sample_share(columns: Columns, mask: BoolArray) -> Estimate | None:
    """The share right of the blind answers that `mask` takes, bool, (observations,); None without any."""
    chosen = mask & columns.has_blind
    weight = columns.weight[chosen]
    if not len(weight):
        return None
    correct = columns.blind_correct[chosen]
    share = float(np.average(correct, weights=weight))
    return Estimate(share, *score_interval(share, share_variance_factor(weight, correct)), len(weight))


def combined_share(
    columns: Columns, part: Slice, informed: InformedCount, correct: BoolArray, regression: ConfidenceRegression
) -> Estimate | None:
    """(informed correct + others x share of their sample) / all; None where the others have no answer.

    `correct` is bool, (observations,): which blind answers count. The sample's share is corrected by the regression on
    confidence, and its interval is Wilson's with the answers' effective number. Both parts are independent: the squares
    of the distances to their bounds add up, as Zou and Donner (2008), Statistics in Medicine 27:1693 (MOVER). So a
    sample without a mistake does not make certain what annotators of the queue left open.
    """
    sampled = part.mask & columns.has_blind & ~columns.has_informed
    labels = int((part.mask & (columns.has_informed | columns.has_blind)).sum())
    others = part.predictions - informed.predictions
    if others <= 0:
        count, value, interval = informed.predictions, informed.correct, informed.interval
        return _as_share(count, value, interval, labels) if count else None
    if not sampled.any():
        return None
    weight, confidence = columns.weight[sampled], columns.confidence[sampled]
    informed_confidence = columns.confidence[part.mask & columns.has_informed].sum()
    gap = (part.confidence - informed_confidence) / others - np.average(confidence, weights=weight)
    share = float(np.clip(np.average(correct[sampled], weights=weight) + regression.slope * gap, 0, 1))
    low, high = score_interval(share, share_variance_factor(weight, correct[sampled]) * regression.unexplained)
    informed_low, informed_high = informed.interval
    value = informed.correct + others * share
    below = hypot(others * (share - low), informed.correct - informed_low)
    above = hypot(others * (high - share), informed_high - informed.correct)
    return _as_share(part.predictions, value, (value - below, value + above), labels)


def share_variance_factor(weight: FloatArray, correct: BoolArray) -> float:
    """One by the effective number of labels: the variance of their share by that of a single answer.

    `weight` is float64, `correct` bool, both (labels,). By the variance they show, Korn and Graubard (1998), Survey
    Methodology 24:193, which counts that answers of large days differ; and no more labels than by weights alone, since
    few mistakes show little. Without a correction for days that were answered in full: five right answers to all five
    predictions of a small site say little about its model.
    """
    share = float(np.average(correct, weights=weight))
    if not 0 < share < 1:
        return variance_factor(weight)
    observed = float((weight**2 * (correct - share) ** 2).sum() / weight.sum() ** 2)
    return max(variance_factor(weight), observed / (share * (1 - share)))


def _as_share(predictions: int, correct: float, interval: Interval, labels: int) -> Estimate:
    low, high = interval
    return Estimate(correct / predictions, low / predictions, high / predictions, labels)


def _total(counts: Iterable[Mapping[Cell, int]]) -> Mapping[Cell, int]:
    total: Counter[Cell] = Counter()
    for each in counts:
        total.update(each)
    return total
