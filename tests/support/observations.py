"""What estimators read, made up: the model and the prediction's id tell them nothing."""

from collections import Counter
from collections.abc import Iterable

from feedloop.domain.answers import Answer
from feedloop.domain.observations import DayCounts, Observation

MODEL = "9f2c11aa"


def counts(day: str, predictions: Iterable[tuple[int, int, bool]]) -> DayCounts:
    """A day of predictions, each a class index, a confidence per mille, and whether it has a low-confidence task."""
    return DayCounts.of(day, Counter((predicted, per_mille, MODEL, low) for predicted, per_mille, low in predictions))


def observed(
    day: str, predicted: int, per_mille: int, *, low: bool, blind: Answer | None, informed: Answer | None
) -> Observation:
    """A prediction with its answers."""
    return Observation(day, predicted, per_mille, MODEL, low, "0" * 32, "00000", blind, informed)
