"""Shares of predictions of which some are known and the others are known by a sample."""

import numpy as np

from feedloop.estimation.estimate import Estimate
from feedloop.estimation.intervals import wilson
from feedloop.estimation.sample import Flags, Real


def effective(weight: Real) -> float:
    """As many equally weighted labels tell as much: Kish (1965), Survey Sampling, 11.7."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def weighted_share(right: Flags, weight: Real) -> Estimate | None:
    """The share of weight that is right; None without weight."""
    if not weight.any():
        return None
    share = float(weight[right].sum() / weight.sum())
    return Estimate(share, *_around(share, wilson(share, effective(weight))), int(np.count_nonzero(weight)))


def partly_known(known_right: int, known: int, others: int, sampled: Estimate | None) -> Estimate | None:
    """The share right of `known` predictions with an answer each and of `others`, of which a sample was answered."""
    if not others and known:
        return Estimate(known_right / known, known_right / known, known_right / known, known)
    if sampled is None:
        return None
    value, low, high = (
        (known_right + others * share) / (known + others) for share in (sampled.value, sampled.low, sampled.high)
    )
    return Estimate(value, *_around(value, (low, high)), known + sampled.labels)


def _around(value: float, interval: tuple[float, float]) -> tuple[float, float]:
    """Rounding must not push an end past the value."""
    return min(interval[0], value), max(interval[1], value)
