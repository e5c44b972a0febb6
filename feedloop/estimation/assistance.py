"""How much the model's own confidence tells about pictures that nobody has seen."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from feedloop.estimation.answers import Answers, by_weight

STEEPEST = 1.5
"""A slope beyond it is chance: confidence that is worth its word has a slope of 1."""


@dataclass(frozen=True, slots=True)
class Assistance:
    """The regression of being right on confidence, among pictures without an informed answer.

    The regression estimator: Cochran (1977), Sampling Techniques, 7.1, equation 7.2; as prediction-powered
    inference with power tuning: Angelopoulos, Duchi and Zrnic (2023), arXiv 2311.01453, section 6. The model need not
    be calibrated: a confidence that tells nothing has a slope of about 0.
    """

    slope: float = 0.0
    unexplained: float = 1.0
    """The share of variance that is left, with one answer taken off for the slope."""

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """No assistance from fewer than three answers, or where all of them are right or all wrong."""
        chosen = answers.drawn & ~answers.known
        weight = answers.weight[chosen]
        right, confidence = answers.right[chosen].astype(float), answers.confidence[chosen]
        if len(weight) < 3 or np.ptp(right) == 0 or np.ptp(confidence) == 0:  # noqa: PLR2004 - a line needs two
            return cls()
        x = confidence - np.average(confidence, weights=weight)
        y = right - np.average(right, weights=weight)
        slope = float(np.clip((weight * x * y).sum() / (weight * x * x).sum(), 0, STEEPEST))
        left = (weight * (y - slope * x) ** 2).sum() / (weight * y * y).sum()
        effective = 1 / by_weight(weight)
        return cls(slope, min(float(left * effective / max(effective - 1, 1)), 1.0))
