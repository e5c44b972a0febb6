"""The share that is right of a part of the predictions: the known ones as they are, the others by their sample."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from feedloop.estimation.answers import Answers, Flags, Real
from feedloop.estimation.assistance import Assistance
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.honesty import Honesty
from feedloop.estimation.intervals import deviations, partly_known


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the predictions: which rows belong to it, how many predictions, and the sum of their confidence."""

    rows: Flags
    predictions: int
    confidence: float


def per_label(weight: Real) -> float:
    """One by the effective number of labels: Kish (1965), Survey Sampling, 11.7.

    Without a correction for days that were answered in full: five right answers to all five predictions of a small site
    say little about its model.
    """
    return float((weight**2).sum() / weight.sum() ** 2)


def by_sample(answers: Answers, rows: Flags) -> Estimate | None:
    """The share right of these rows' blind answers; None without any."""
    chosen = rows & answers.drawn
    weight = answers.weight[chosen]
    if not len(weight):
        return None
    share = float(np.average(answers.right[chosen], weights=weight))
    return Estimate(share, *partly_known(share, per_label(weight)), len(weight))


@dataclass(frozen=True, slots=True)
class Known:
    """Predictions with an informed answer: how many, how many of them count, and the variance of that."""

    predictions: int
    right: float
    variance: float


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

    The sample's share is corrected by the regression on confidence. Its interval is Wilson's with the answers'
    effective number, and what the known ones leave open added to the variance.
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
    spread = per_label(weight) * assistance.unexplained
    low, high = partly_known(share, spread, other=known.variance / others**2)
    value, low, high = ((known.right + others * each) / part.predictions for each in (share, low, high))
    return Estimate(value, low, high, labels)


def _all_known(known: Known, labels: int) -> Estimate | None:
    if not known.predictions:
        return None
    reach = deviations() * sqrt(known.variance)
    low, high = max(known.right - reach, 0), min(known.right + reach, known.predictions)
    value, low, high = (each / known.predictions for each in (known.right, low, high))
    return Estimate(value, low, high, labels)
