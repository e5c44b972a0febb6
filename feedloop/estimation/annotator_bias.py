"""How informed answers err, by pictures that were answered blind as well, and whether annotators follow the model."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from feedloop.estimation.columns import BoolArray, Columns, FloatArray, variance_factor
from feedloop.estimation.intervals import Estimate, wilson
from feedloop.estimation.paired import paired_difference

PRIOR = 0.25
"""Wrong answers, and right ones, that are added to a rate before its variance is taken: a rate of 0 is not certain.

The least of what was tried that holds 95 times in 100 where annotators follow rarely: docs/decisions/0013-intervals.md.
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of answers that are wrong, and its variance; both 0 where nothing tells."""

    value: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True, slots=True)
class AnnotatorBias:
    """Of pictures whose annotators agreed with the model, and of the others, the share in which a blind answer differs.

    The difference estimator for a misclassified auxiliary: Tenenbein (1970), JASA 65:1350, equation 2.1;
    as prediction-powered inference: Angelopoulos et al. (2023), Science 382:669.
    """

    agreed_wrongly: Rate
    refused_wrongly: Rate

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """Rates by pictures with both answers, each weighted with what it stands for."""
        both = columns.has_informed & columns.has_blind
        agreed, refused = both & columns.informed_correct, both & ~columns.informed_correct
        return cls(
            _rate(~columns.blind_correct[agreed], columns.weight[agreed]),
            _rate(columns.blind_correct[refused], columns.weight[refused]),
        )

    def correct(self, agreed: float, refused: float) -> float:
        """Of so many with either answer, how many the model had right."""
        return agreed * (1 - self.agreed_wrongly.value) + refused * self.refused_wrongly.value

    def variance(self, agreed: float, refused: float) -> float:
        """Of that number."""
        return agreed**2 * self.agreed_wrongly.variance + refused**2 * self.refused_wrongly.variance


def _rate(differs: BoolArray, weight: FloatArray) -> Rate:
    if not len(weight):
        return Rate()
    factor = variance_factor(weight)
    value = float(np.average(differs, weights=weight))
    careful = (value + PRIOR * factor) / (1 + 2 * PRIOR * factor)
    return Rate(value, careful * (1 - careful) * factor)


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Of pictures that annotators answered in sight of the model's answer."""

    accepted: Estimate | None
    """How often they agreed with it."""
    blind_agreement: Estimate | None
    """How often blind annotators would have: `accepted` less the difference."""
    difference: Estimate | None
    """Of pictures with both answers, accepted minus blind: above 0 they follow."""


def anchoring(columns: Columns) -> Anchoring:
    """Compare informed with blind answers to the same pictures; without such pictures only `accepted` is known."""
    informed, both = columns.has_informed, columns.has_informed & columns.has_blind
    count = int(informed.sum())
    if not count:
        return Anchoring(None, None, None)
    share = float(columns.informed_correct[informed].mean())
    accepted = Estimate(share, *wilson(share, count), count)
    if not both.any():
        return Anchoring(accepted, None, None)
    gain = columns.informed_correct[both].astype(float) - columns.blind_correct[both]
    difference = paired_difference(gain, columns.weight[both])
    value, low, high = (
        float(np.clip(share - each, 0, 1)) for each in (difference.value, difference.high, difference.low)
    )
    return Anchoring(accepted, Estimate(value, low, high, difference.labels), difference)
