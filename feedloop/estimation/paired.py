"""Two models on the same pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from feedloop.estimation.counted import Answer
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.intervals import deviations
from feedloop.estimation.sample import Real
from feedloop.estimation.shares import effective


@dataclass(frozen=True, slots=True)
class Compared:
    """A blind answer, and what the old and the new model call the picture."""

    day: str
    truth: Answer
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Paired:
    """New minus old: the accuracy, and by class index the share of the class that is found."""

    overall: Estimate
    by_class: Mapping[int, Estimate]


def paired(pictures: Sequence[Compared], sizes: Mapping[str, int]) -> Paired | None:
    """Compare two models; `sizes` holds the predictions of every day. None without pictures.

    Pictures are the answered prefix of each day, without missing answers, and stand for their day by its size.
    """
    if not pictures:
        return None
    answers = Counter(picture.day for picture in pictures)
    weight = np.array([sizes[picture.day] / answers[picture.day] for picture in pictures])
    truth = np.array([picture.truth for picture in pictures])
    gain = np.array([(picture.new == picture.truth) - (picture.old == picture.truth) for picture in pictures], float)
    classes = sorted({index for index in truth.tolist() if index >= 0})
    return Paired(
        _difference(gain, weight),
        {index: _difference(gain[truth == index], weight[truth == index]) for index in classes},
    )


def labels_needed(found: Paired, margin: float = 0.02) -> int:
    """Labels at which the lower end clears -`margin`, were the new model as good as now and no worse than the old."""
    reach = found.overall.value - found.overall.low
    room = max(found.overall.value, 0) + margin
    return ceil(found.overall.labels * max(reach / room, 0) ** 2)


def _difference(gain: Real, weight: Real) -> Estimate:
    """Of paired shares; half a label is added to each cell: Agresti and Min (2005), Statistics in Medicine 24:729."""
    n = effective(weight)
    value = float((gain * weight).sum() / weight.sum())
    moved = float((abs(gain) * weight).sum() / weight.sum())
    centre, spread = value * n / (n + 2), (moved * n + 1) / (n + 2)
    reach = deviations() * sqrt(max(spread - centre**2, 0) / (n + 2))
    return Estimate(value, max(min(centre - reach, value), -1.0), min(max(centre + reach, value), 1.0), len(gain))
