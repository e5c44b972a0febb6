"""The share that is right of a part of the predictions: the known ones as they are, the others by their sample."""

from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np

from feedloop.estimation.answers import Answers, Flags, Real, by_weight
from feedloop.estimation.assistance import Assistance
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.honesty import Honesty
from feedloop.estimation.intervals import Ends, deviations, score


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
