"""From facts to estimates, as documents: only closed days, only what the predictions stand for."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from feedloop.domain.answers import OTHER
from feedloop.domain.documents import Document
from feedloop.domain.prediction import CERTAIN
from feedloop.estimation import annotator_bias, confusion
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.calibration import calibration as estimated_calibration
from feedloop.estimation.intervals import Estimate, wilson
from feedloop.estimation.window import Window
from feedloop.evidence.evidence import DayEvidence

from .counting import Narrowed
from .visitors import Said

DIGITS = 6
DAILY, WEEKLY = 14, 182
"""Windows of at most so many days have a trend by day, or by week; longer ones by four weeks."""
WEEK, FOUR_WEEKS = 7, 28


def window_of(facts: Iterable[DayEvidence], chosen: Narrowed) -> Window:
    """The window of the closed days for one model or all; a class is a slice of it."""
    of_model, closed = replace(chosen, class_index=None), [day for day in facts if day.closed]
    labelled = (one for one in of_model.observations(closed) if one.blind is not None or one.informed is not None)
    return Window.of([of_model.counts(day) for day in closed], labelled)


def estimate(found: Estimate | None) -> Document | None:
    """An estimate as the report tells it."""
    if found is None:
        return None
    told = {name: round(getattr(found, name), DIGITS) for name in ("value", "low", "high")}
    return {**told, "labels": found.labels}


def share(said: Said) -> Document | None:
    """The share that annotators confirm, each counted once (Wilson 1927, JASA 22:209)."""
    if not said.looked_at:
        return None
    value = said.confirmed / said.looked_at
    return estimate(Estimate(value, *wilson(value, said.looked_at), said.looked_at))


def trend(window: Window, days: Sequence[str], predicted: int | None) -> list[Document]:
    """The accuracy of parts of some days, counted back from their end, the oldest first."""
    length = 1 if len(days) <= DAILY else WEEK if len(days) <= WEEKLY else FOUR_WEEKS
    ends = range(len(days), 0, -length)
    return [_part(window, days[max(end - length, 0)], days[end - 1], predicted) for end in ends][::-1]


def by_class(window: Window, predicted: int | None, names: Sequence[str]) -> list[Document]:
    """Precision and recall of each class, or of the one that was asked for."""
    estimated, nothing = confusion.per_class(window), confusion.ClassAccuracy(None, None)
    return [
        {
            "class_index": index,
            "class": names[index],
            "precision": estimate(estimated.get(index, nothing).precision),
            "recall": estimate(estimated.get(index, nothing).recall),
        }
        for index in (range(len(names)) if predicted is None else [predicted])
    ]


def confusion_matrix(window: Window, count: int) -> Document:
    """The confusion matrix of the blind sample: a row per true class, a column per predicted one."""
    matrix, indices = confusion.confusion(window), range(count)
    counts, shares = matrix.counts, matrix.shares
    return {
        "counts": [[counts.get((truth, called), 0) for called in indices] for truth in indices],
        "none_of_these": [counts.get((OTHER, called), 0) for called in indices],
        "shares": [[round(shares.get((truth, called), 0.0), DIGITS) for called in indices] for truth in indices],
    }


def calibration(window: Window, threshold: int) -> Document:
    """The reliability curve and its error; `threshold`, per mille, is where the model counts as unsure."""
    curve = estimated_calibration(window)
    bins = [
        {
            "from": one.start,
            "to": one.end,
            "predictions": one.predictions,
            "mean_confidence": rounded(one.mean_confidence),
            "accuracy": estimate(one.accuracy),
        }
        for one in curve.bins
    ]
    return {"bins": bins, "expected_error": rounded(curve.expected_error), "threshold": threshold / CERTAIN}


def anchoring(window: Window) -> Document:
    """Whether annotators follow an answer that they see."""
    estimated = annotator_bias.anchoring(window.columns)
    return {name: estimate(getattr(estimated, name)) for name in ("accepted", "blind_agreement", "difference")}


def blind_answers(window: Window, predicted: int | None) -> Document:
    """How many blind answers there are, as they were given, and of how many the model was right."""
    part = window.whole if predicted is None else window.called(predicted)
    blind = part.mask & window.columns.has_blind
    return {"right": int((blind & window.columns.blind_correct).sum()), "of": int(blind.sum())}


def rounded(value: float | None) -> float | None:
    """A share without digits that mean nothing."""
    return None if value is None else round(value, DIGITS)


def _part(window: Window, first: str, last: str, predicted: int | None) -> Document:
    of_part = accuracy(window.between(first, last), predicted)
    return {"from": first, "to": last, "best": estimate(of_part.best), "blind": estimate(of_part.blind)}
