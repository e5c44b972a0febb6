"""How far answers given in sight of the model's can be believed, by pictures that were also answered blind."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from feedloop.estimation.columns import Answers, Flags, Real, by_weight
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
class Honesty:
    """Of pictures whose annotators agreed with the model, and of the others, the share in which a blind answer differs.

    The difference estimator for a misclassified auxiliary: Tenenbein (1970), JASA 65:1350, equation 2.1;
    as prediction-powered inference: Angelopoulos et al. (2023), Science 382:669.
    """

    agreed_wrongly: Rate
    refused_wrongly: Rate
    double: int
    """Pictures with both answers."""

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """Rates by pictures with both answers, each weighted with what it stands for."""
        double = answers.known & answers.drawn
        agreed, refused = double & answers.said_right, double & ~answers.said_right
        return cls(
            _rate(~answers.right[agreed], answers.weight[agreed]),
            _rate(answers.right[refused], answers.weight[refused]),
            int(double.sum()),
        )

    def truly_right(self, agreed: float, refused: float) -> float:
        """Of so many with either answer, how many the model had right."""
        return agreed * (1 - self.agreed_wrongly.value) + refused * self.refused_wrongly.value

    def variance(self, agreed: float, refused: float) -> float:
        """Of that number."""
        return agreed**2 * self.agreed_wrongly.variance + refused**2 * self.refused_wrongly.variance


def _rate(differs: Flags, weight: Real) -> Rate:
    if not len(weight):
        return Rate()
    per_label = by_weight(weight)
    value = float(np.average(differs, weights=weight))
    careful = (value + PRIOR * per_label) / (1 + 2 * PRIOR * per_label)
    return Rate(value, careful * (1 - careful) * per_label)


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Of pictures that annotators answered in sight of the model's answer."""

    accepted: Estimate | None
    """How often they agreed with it."""
    blind_agreement: Estimate | None
    """How often blind annotators would have: `accepted` less the difference."""
    difference: Estimate | None
    """Of pictures with both answers, accepted minus blind: above 0 they follow."""


def anchoring(answers: Answers) -> Anchoring:
    """Compare informed with blind answers to the same pictures; without such pictures only `accepted` is known."""
    known, double = answers.known, answers.known & answers.drawn
    count = int(known.sum())
    if not count:
        return Anchoring(None, None, None)
    share = float(answers.said_right[known].mean())
    accepted = Estimate(share, *wilson(share, count), count)
    if not double.any():
        return Anchoring(accepted, None, None)
    gain = answers.said_right[double].astype(float) - answers.right[double]
    follow = paired_difference(gain, answers.weight[double])
    value, low, high = (float(np.clip(share - end, 0, 1)) for end in (follow.value, follow.high, follow.low))
    return Anchoring(accepted, Estimate(value, low, high, follow.labels), follow)
