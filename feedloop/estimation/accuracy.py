"""How often the model was right, with what certainty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feedloop.domain.observations import DayCounts, Observation
from feedloop.estimation.columns import Answers
from feedloop.estimation.intervals import Estimate
from feedloop.estimation.window import Part, Window


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of predictions that are right, by the random sample alone and with the low-confidence queue's help."""

    blind: Estimate | None
    best: Estimate | None
    worst: float | None
    """`best`, were every missing answer of the random sample "wrong"."""
    ideal: float | None
    """The same for "right"."""
    blind_labels: int
    informed_labels: int
    missing: int
    """Pictures of the random sample that nobody could tell, and which count in neither estimate."""


def accuracy(days: Sequence[DayCounts], rows: Iterable[Observation], predicted: int | None = None) -> Accuracy:
    """Accuracy of a window's days; with `predicted`, of what the model called so.

    Give all rows and days in either case. Days are strata: a day counts by its size, however many of it were answered.
    """
    window = Window.of(days, rows)
    part = window.called(predicted)
    best = window.best(part)
    worst, ideal = _bounds(best, window.answers, part)
    return Accuracy(
        window.blind(part),
        best,
        worst,
        ideal,
        int((part.rows & window.answers.drawn).sum()),
        int((part.rows & window.answers.known).sum()),
        int((part.rows & window.answers.unclear).sum()),
    )


def _bounds(best: Estimate | None, answers: Answers, part: Part) -> tuple[float, float] | tuple[None, None]:
    """Missing answers stand for predictions outside of the known ones: an informed answer tells what they are."""
    if best is None:
        return None, None
    outside = part.rows & ~answers.known
    missing, right, drawn = (
        float(answers.weight[outside & rows].sum())
        for rows in (answers.unclear, answers.drawn & answers.right, answers.drawn)
    )
    if not missing:
        return best.value, best.value
    others = 1 - int((part.rows & answers.known).sum()) / part.predictions
    share, unknown = right / drawn if drawn else best.value, others * missing / (missing + drawn)
    return max(best.value - unknown * share, 0.0), min(best.value + unknown * (1 - share), 1.0)
