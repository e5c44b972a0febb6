"""How often the model was right, with what certainty."""

from dataclasses import dataclass

from feedloop.estimation.intervals import Estimate
from feedloop.estimation.window import Slice, Window


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of predictions that are right, by the random sample alone and with the low-confidence queue's help."""

    blind: Estimate | None
    best: Estimate | None
    worst_case: float | None
    """`best`, were every missing answer of the random sample "wrong"."""
    best_case: float | None
    """The same for "right"."""
    blind_labels: int
    informed_labels: int
    missing: int
    """Pictures of the random sample that nobody could tell, and which count in neither estimate."""


def accuracy(window: Window, predicted: int | None = None) -> Accuracy:
    """Accuracy of a window; with `predicted`, of what the model called so in it, by the rates of the whole window.

    Days are strata: a day counts by its size, however many of it were answered.
    """
    part = window.whole if predicted is None else window.called(predicted)
    best = window.best_estimate(part)
    worst_case, best_case = _cases(best, window, part)
    return Accuracy(
        window.blind_estimate(part),
        best,
        worst_case,
        best_case,
        int((part.mask & window.columns.has_blind).sum()),
        int((part.mask & window.columns.has_informed).sum()),
        int((part.mask & window.columns.unclear).sum()),
    )


def _cases(best: Estimate | None, window: Window, part: Slice) -> tuple[float, float] | tuple[None, None]:
    """Missing answers stand for predictions without an informed answer: such an answer tells what they are."""
    if best is None:
        return None, None
    columns = window.columns
    outside = part.mask & ~columns.has_informed
    missing, correct, answered = (
        float(columns.weight[outside & mask].sum())
        for mask in (columns.unclear, columns.has_blind & columns.blind_correct, columns.has_blind)
    )
    if not missing:
        return best.value, best.value
    others = 1 - int((part.mask & columns.has_informed).sum()) / part.predictions
    share, unknown = correct / answered if answered else best.value, others * missing / (missing + answered)
    return max(best.value - unknown * share, 0.0), min(best.value + unknown * (1 - share), 1.0)
