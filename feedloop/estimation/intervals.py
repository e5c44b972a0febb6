"""Score intervals: of a share, and of a share that is known in part."""

from math import sqrt

from scipy.special import ndtri

LEVEL = 0.95


def deviations(level: float = LEVEL) -> float:
    """How many standard deviations a two-sided interval of this level reaches to each side: 1.96 for 0.95."""
    return float(ndtri((1 + level) / 2))


def wilson(share: float, labels: float, level: float = LEVEL) -> tuple[float, float]:
    """The interval of a share of `labels` independent answers, which need not be a whole number.

    Wilson (1927), JASA 22:209: all shares p that lie within z sqrt(p (1 - p) / n) of the observed one. With an
    effective number of labels in place of n: Dean and Pagano (2015), J. Survey Statistics and Methodology 3:484.
    """
    z2 = deviations(level) ** 2 / labels
    middle = (share + z2 / 2) / (1 + z2)
    reach = sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)
