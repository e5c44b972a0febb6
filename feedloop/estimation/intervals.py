"""A share, or a difference of two, with its 95 % interval.

Two further formulas stand with what they are about: window.py joins blind and informed answers, paired.py compares two
models on the same pictures.
"""

from dataclasses import dataclass
from math import hypot, inf, sqrt
from statistics import NormalDist

LEVEL = 0.95

Interval = tuple[float, float]
"""The lower and the upper bound."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in [0, 1], or a difference of two in [-1, 1], with the interval that holds the truth 95 times in 100."""

    value: float
    low: float
    high: float
    labels: int
    """Human answers that it rests on."""

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


def critical_value(level: float = LEVEL) -> float:
    """How many standard deviations a two-sided interval of this level reaches to each side: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(share: float, labels: float) -> Interval:
    """The 95 % interval of a share of `labels` independent answers, which need not be a whole number.

    Wilson (1927), JASA 22:209: all p within z sqrt(p (1 - p) / n) of the observed share. With an effective number of
    answers in place of n: Dean and Pagano (2015), Journal of Survey Statistics and Methodology 3:484.
    """
    return score_interval(share, 1 / labels)


def score_interval(share: float, variance_factor: float) -> Interval:
    """The same, given one by the number of answers: all p with (share - p)^2 <= z^2 variance_factor p (1 - p)."""
    spread = critical_value() ** 2 * variance_factor
    middle = share + spread / 2
    reach = sqrt(spread * share * (1 - share) + spread**2 / 4)
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    return min(max(low, 0.0), share), max(min(high, 1.0), share)


def change(before: Estimate | None, after: Estimate | None) -> Estimate | None:
    """After minus before, of windows that share no label; None without one of them.

    The squares of the distances to the nearer bounds add up: Newcombe (1998), Statistics in Medicine 17:873, method 10;
    for any two intervals Zou and Donner (2008), Statistics in Medicine 27:1693 (MOVER).
    """
    if before is None or after is None:
        return None
    value = after.value - before.value
    low = value - hypot(after.value - after.low, before.high - before.value)
    high = value + hypot(after.high - after.value, before.value - before.low)
    return Estimate(value, max(low, -1.0), min(high, 1.0), after.labels + before.labels)


def ratio_interval(above: tuple[float, float, float], below: tuple[float, float, float]) -> Interval:
    """The interval of `above` by `below`, two independent estimates, each given as value, lower and upper bound.

    MOVER-R: Donner and Zou (2012), Statistical Methods in Medical Research 21:347; Newcombe (2016), ibid. 25:1774.
    """
    a, a_low, a_high = above
    b, b_low, b_high = below
    near, far = a_low * (2 * a - a_low), a_high * (2 * a - a_high)
    root_near = sqrt(max((a * b) ** 2 - near * b_high * (2 * b - b_high), 0))
    root_far = sqrt(max((a * b) ** 2 - far * b_low * (2 * b - b_low), 0))
    low = near / (a * b + root_near) if a * b + root_near else 0.0
    high = (a * b + root_far) / (b_low * (2 * b - b_low)) if b_low else inf
    return low, high
