"""Numbers that a model gives become probabilities, or are none."""

import math
from collections.abc import Sequence

from feedloop.domain.errors import ModelFailed

_SUM_TOLERANCE, _ROUNDING = 1e-3, 1e-6
"""16-bit floats of 1,000 classes sum to 1 within 2e-4; the second is how far below 0 one may be."""


def softmax(numbers: Sequence[float], temperature: float) -> list[float]:
    """Without overflow: the largest becomes exp(0). NaN and infinity spread."""
    largest = max(numbers)
    powers = [math.exp((x - largest) / temperature) for x in numbers]
    total = sum(powers)
    return [power / total for power in powers]


def check_probabilities(answer: list[float], kind: str) -> list[float]:
    """The same, if they may be probabilities of classes that exclude each other. Raises ModelFailed.

    `kind` is what the card calls the numbers that they were made of.
    """
    total, least = sum(answer), min(answer)
    if not math.isfinite(total):
        raise ModelFailed("The model answers with numbers that are not finite.")
    if least < -_ROUNDING or not math.isclose(total, 1, abs_tol=_SUM_TOLERANCE):
        raise ModelFailed(
            f"The model's answer is not what its card says, {kind}: the smallest is {least:.4g} and they sum to"
            f" {total:.4g}. The card's output.kind may be another: probabilities, logits or log_probabilities; classes"
            " that do not exclude each other (sigmoid) cannot be served."
        )
    return answer
