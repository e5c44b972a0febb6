"""One window, read once: its answers, what they say about each other, and the share right of any slice of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Self

import numpy as np

from feedloop.domain.observations import BINS, Cell, DayCounts, Observation
from feedloop.estimation.annotator_bias import Honesty
from feedloop.estimation.columns import Answers, Flags, Real, by_weight
from feedloop.estimation.intervals import Ends, Estimate, deviations, score

STEEPEST = 1.5
"""A slope beyond it is chance: confidence that is worth its word has a slope of 1."""


@dataclass(frozen=True, slots=True)
class Assistance:
    """The regression of being right on confidence, among pictures without an informed answer.

    The regression estimator: Cochran (1977), Sampling Techniques, 7.1, equation 7.2; as prediction-powered
    inference with power tuning: Angelopoulos, Duchi and Zrnic (2023), arXiv 2311.01453, section 6. The model need not
    be calibrated: a confidence that tells nothing has a slope of about 0.
    """

    slope: float = 0.0
    unexplained: float = 1.0
    """The share of variance that is left, with one answer taken off for the slope."""

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """No assistance from fewer than three answers, or where all of them are right or all wrong."""
        chosen = answers.drawn & ~answers.known
        weight = answers.weight[chosen]
        right, confidence = answers.right[chosen].astype(float), answers.confidence[chosen]
        if len(weight) < 3 or np.ptp(right) == 0 or np.ptp(confidence) == 0:  # noqa: PLR2004 - a line needs two
            return cls()
        x = confidence - np.average(confidence, weights=weight)
        y = right - np.average(right, weights=weight)
        slope = float(np.clip((weight * x * y).sum() / (weight * x * x).sum(), 0, STEEPEST))
        left = (weight * (y - slope * x) ** 2).sum() / (weight * y * y).sum()
        effective = 1 / by_weight(weight)
        return cls(slope, min(float(left * effective / max(effective - 1, 1)), 1.0))


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the predictions: which rows belong to it, how many predictions, and the sum of their confidence."""

    rows: Flags
    predictions: int
    confidence: float


def per_label(weight: Real, right: Flags) -> float:
    """One by the effective number of labels: the variance of their share by that of a single answer.

    By the variance they show, Korn and Graubard (1998), Survey Methodology 24:193, which counts that answers of large
    days differ; and no more labels than by weights alone, since few mistakes show little.
    Without a correction for days that were answered in full: five right answers to all five predictions of a small site
    say little about its model.
    """
    share = float(np.average(right, weights=weight))
    if not 0 < share < 1:
        return by_weight(weight)
    shown = float((weight**2 * (right - share) ** 2).sum() / weight.sum() ** 2)
    return max(by_weight(weight), shown / (share * (1 - share)))


def by_sample(answers: Answers, rows: Flags) -> Estimate | None:
    """The share right of these rows' blind answers; None without any."""
    chosen = rows & answers.drawn
    weight = answers.weight[chosen]
    if not len(weight):
        return None
    right = answers.right[chosen]
    share = float(np.average(right, weights=weight))
    return Estimate(share, *score(share, per_label(weight, right)), len(weight))


@dataclass(frozen=True, slots=True)
class Known:
    """Predictions with an informed answer: how many, how many of them count, and the variance of that."""

    predictions: int
    right: float
    variance: float

    @property
    def ends(self) -> Ends:
        """The interval of `right`: by the normal distribution, and no more than there are."""
        reach = deviations() * sqrt(self.variance)
        return max(self.right - reach, 0.0), min(self.right + reach, float(self.predictions))


def with_queue(answers: Answers, part: Part, honesty: Honesty, assistance: Assistance) -> Estimate | None:
    """With the informed answers, where they are known, as blind ones correct them; None where the others have none."""
    rows = part.rows & answers.known
    agreed = int((rows & answers.said_right).sum())
    refused = int(rows.sum()) - agreed
    known = Known(agreed + refused, honesty.truly_right(agreed, refused), honesty.variance(agreed, refused))
    return mixed(answers, part, known, answers.right, assistance)


def mixed(
    answers: Answers, part: Part, known: Known, right: Flags, assistance: Assistance | None = None
) -> Estimate | None:
    """(known right + others x share of their sample) / all; None where the others have no answer.

    The sample's share is corrected by the regression on confidence, and its interval is Wilson's with the answers'
    effective number. Both parts are independent: the squares of the distances to their ends add up, as
    Zou and Donner (2008), Statistics in Medicine 27:1693 (MOVER). So a sample without a mistake does not make certain
    what annotators of the queue left open.
    """
    assistance = assistance or Assistance()
    sampled = part.rows & answers.drawn & ~answers.known
    labels = int((part.rows & (answers.known | answers.drawn)).sum())
    others = part.predictions - known.predictions
    if others <= 0:
        return _all_known(known, labels)
    if not sampled.any():
        return None
    weight, confidence = answers.weight[sampled], answers.confidence[sampled]
    seen = answers.confidence[part.rows & answers.known].sum()
    gap = (part.confidence - seen) / others - np.average(confidence, weights=weight)
    share = float(np.clip(np.average(right[sampled], weights=weight) + assistance.slope * gap, 0, 1))
    low, high = score(share, per_label(weight, right[sampled]) * assistance.unexplained)
    known_low, known_high = known.ends
    value = known.right + others * share
    below = hypot(others * (share - low), known.right - known_low)
    above = hypot(others * (high - share), known_high - known.right)
    return _share_of(part.predictions, value, (value - below, value + above), labels)


def _all_known(known: Known, labels: int) -> Estimate | None:
    if not known.predictions:
        return None
    return _share_of(known.predictions, known.right, known.ends, labels)


def _share_of(predictions: int, right: float, ends: Ends, labels: int) -> Estimate:
    low, high = ends
    return Estimate(right / predictions, low / predictions, high / predictions, labels)


@dataclass(frozen=True, slots=True)
class Window:
    """Parts of it are estimated with the same rates of honesty and the same slope: those of the whole."""

    answers: Answers
    honesty: Honesty
    assistance: Assistance

    @classmethod
    def of(cls, days: Sequence[DayCounts], rows: Iterable[Observation]) -> Self:
        """The window of these days."""
        answers = Answers.of(days, rows)
        return cls(answers, Honesty.of(answers), Assistance.of(answers))

    def called(self, predicted: int | None) -> Part:
        """What the model called so; None for all."""
        if predicted is None:
            return self._part(np.ones(len(self.answers.predicted), np.bool_), lambda _: True)
        return self._part(np.equal(self.answers.predicted, predicted), lambda cell: cell.predicted == predicted)

    def within(self, number: int) -> Part:
        """What lies in this bin of confidence."""
        bins = (self.answers.confidence * BINS + 1e-9).astype(int).clip(max=BINS - 1)
        return self._part(np.equal(bins, number), lambda cell: cell.bin == number)

    @property
    def others(self) -> tuple[float, int, float]:
        """Of predictions without an informed answer: the share right by the sample, how many, their mean confidence."""
        answers, whole = self.answers, self.called(None)
        sampled = answers.drawn & ~answers.known
        count = whole.predictions - int(answers.known.sum())
        if count <= 0 or not sampled.any():
            return 0.0, count, 0.0
        share = float(np.average(answers.right[sampled], weights=answers.weight[sampled]))
        return share, count, float(whole.confidence - answers.confidence[answers.known].sum()) / count

    def blind(self, part: Part) -> Estimate | None:
        """Accuracy of a part by the random sample alone."""
        return by_sample(self.answers, part.rows)

    def best(self, part: Part) -> Estimate | None:
        """The narrowest that the answers allow: with the queue where that is possible."""
        return with_queue(self.answers, part, self.honesty, self.assistance) or self.blind(part)

    def _part(self, rows: Flags, chosen: Callable[[Cell], bool]) -> Part:
        cells = [cell for cell in self.answers.cells if chosen(cell)]
        size = sum(self.answers.cells[cell] for cell in cells)
        return Part(rows, size, sum(self.answers.per_mille[cell] for cell in cells) / 1000)
