"""Two models on the same pictures: how far they lie apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from feedloop.domain.answers import Answer
from feedloop.estimation.columns import FloatArray, variance_factor
from feedloop.estimation.intervals import Estimate, critical_value

POWER = 0.84
"""Standard deviations below the mean, above which 8 of 10 results lie."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A blind answer, and what the old and the new model call the picture."""

    day: str
    truth: Answer
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Paired:
    """New minus old: the accuracy, and by class index the recall."""

    overall: Estimate
    by_class: Mapping[int, Estimate]


def paired(pictures: Sequence[Compared], sizes: Mapping[str, float]) -> Paired | None:
    """Compare two models; `sizes` holds how many predictions a day's pictures stand for. None without pictures.

    Pictures are of the answered prefix of each day, without missing answers.
    """
    if not pictures:
        return None
    answers = Counter(picture.day for picture in pictures)
    weight = np.array([sizes[picture.day] / answers[picture.day] for picture in pictures])
    truth = np.array([picture.truth for picture in pictures])
    gain = np.array([(picture.new == picture.truth) - (picture.old == picture.truth) for picture in pictures], float)
    classes = {index: truth == index for index in sorted(set(truth.tolist())) if index >= 0}
    by_class = {index: paired_difference(gain[chosen], weight[chosen]) for index, chosen in classes.items()}
    return Paired(paired_difference(gain, weight), by_class)


def labels_needed(difference: Paired, margin: float = 0.02) -> int:
    """Labels at which an equal model passes in 8 of 10 cases, with as many disagreements and days of such sizes.

    Half the interval and 0.84 standard deviations must fit into the margin: Chow, Shao and Wang (2008), Sample Size
    Calculations in Clinical Research, 3.1.3.
    """
    overall = difference.overall
    deviation = overall.half_width / critical_value()
    return ceil(overall.labels * ((critical_value() + POWER) * deviation / margin) ** 2)


def paired_difference(gain: FloatArray, weight: FloatArray) -> Estimate:
    """The weighted mean of gains, with its interval.

    `gain` is float64, (pictures,), each -1, 0 or 1; `weight`, float64, (pictures,), tells what a picture stands for.
    Half a label is added to each cell of the paired table: Agresti and Min (2005), Statistics in Medicine 24:729. The
    number of labels is the effective one.
    """
    labels = 1 / variance_factor(weight)
    value = float((gain * weight).sum() / weight.sum())
    moved = float((abs(gain) * weight).sum() / weight.sum())
    centre, spread = value * labels / (labels + 2), (moved * labels + 1) / (labels + 2)
    reach = critical_value() * sqrt((spread - centre**2) / (labels + 2))
    return Estimate(value, max(min(centre - reach, value), -1.0), min(max(centre + reach, value), 1.0), len(gain))
