"""The evidence of a window as arrays, and how many predictions each blind answer stands for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from feedloop.domain.answers import OTHER, UNCLEAR, is_known
from feedloop.domain.observations import DayCounts, Observation

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """An array per field, each of shape (observations,) and in the order of the observations.

    Predictions with an informed answer were chosen without regard to the random order. So the blind answers outside of
    them are a random sample of all predictions outside of them.
    """

    predicted: IntArray
    """int64: class index."""
    confidence: FloatArray
    """float64: a share."""
    blind: IntArray
    """int64: the Answer, UNCLEAR where there is none."""
    informed: IntArray
    """int64: the Answer, UNCLEAR where there is none."""
    weight: FloatArray
    """float64: predictions that a blind answer stands for, which are its day's by the answers of that day."""
    has_blind: BoolArray
    """bool: there is a blind answer that tells something."""
    has_informed: BoolArray
    """bool: there is an informed answer that tells something."""
    unclear: BoolArray
    """bool: asked blind, and the answer tells nothing."""

    @classmethod
    def of(cls, days: Sequence[DayCounts], observations: Sequence[Observation]) -> Self:
        """Columns of observations that all belong to these days."""
        weights = _weights(days, observations)
        blind = _answers(one.blind for one in observations)
        informed = _answers(one.informed for one in observations)
        return cls(
            np.array([one.predicted for one in observations], np.int64),
            np.array([one.per_mille for one in observations], np.int64) / 1000,
            blind,
            informed,
            np.array([weights.get(one.day, 1.0) for one in observations], np.float64),
            np.greater_equal(blind, OTHER),
            np.greater_equal(informed, OTHER),
            np.array([one.blind is not None and not is_known(one.blind) for one in observations], np.bool_),
        )

    @property
    def blind_correct(self) -> BoolArray:
        """bool, (observations,): the blind answer is the model's."""
        return np.equal(self.blind, self.predicted)

    @property
    def informed_correct(self) -> BoolArray:
        """bool, (observations,): the informed answer is the model's."""
        return np.equal(self.informed, self.predicted)


def variance_factor(weight: FloatArray) -> float:
    """One by the effective number of labels, as their weights tell; `weight` is float64, (labels,).

    Kish (1965), Survey Sampling, 11.7.
    """
    return float((weight**2).sum() / weight.sum() ** 2)


def _answers(given: Iterable[int | None]) -> IntArray:
    return np.array([UNCLEAR if answer is None else answer for answer in given], np.int64)


def _weights(days: Sequence[DayCounts], observations: Sequence[Observation]) -> Mapping[str, float]:
    """A day without answers is counted with the nearest that has some: collapsed strata, Cochran (1977), 5A.12."""
    answers = Counter(one.day for one in observations if is_known(one.blind))
    order = sorted(days, key=lambda day: day.day)
    answered = np.flatnonzero([answers[day.day] > 0 for day in order])
    sizes: Counter[str] = Counter()
    for index, day in enumerate(order if len(answered) else ()):
        sizes[order[answered[abs(answered - index).argmin()]].day] += day.predictions
    return {day: size / answers[day] for day, size in sizes.items()}
