"""Score intervals of a share."""

from math import sqrt
from statistics import NormalDist

LEVEL = 0.95

Ends = tuple[float, float]


def deviations(level: float = LEVEL) -> float:
    """How many standard deviations a two-sided interval of this level reaches to each side: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(share: float, labels: float) -> Ends:
    """The 95 % interval of a share of `labels` independent answers, which need not be a whole number.

    Wilson (1927), JASA 22:209: all p within z sqrt(p (1 - p) / n) of the observed share. With an effective number of
    answers in place of n: Dean and Pagano (2015), Journal of Survey Statistics and Methodology 3:484.
    """
    return score(share, 1 / labels)


def score(share: float, per_label: float) -> Ends:
    """The same, given one by the number of answers: all p with (share - p)^2 <= z^2 per_label p (1 - p)."""
    spread = deviations() ** 2 * per_label
    middle = share + spread / 2
    reach = sqrt(spread * share * (1 - share) + spread**2 / 4)
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    return min(max(low, 0.0), share), max(min(high, 1.0), share)
