"""Estimates of a window as a report tells them: null where nothing is known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from feedloop.domain.answers import OTHER
from feedloop.domain.documents import Document
from feedloop.domain.prediction import CERTAIN
from feedloop.domain.review import TITLES
from feedloop.estimation import annotator_bias, calibration, confusion
from feedloop.estimation.accuracy import Accuracy, accuracy
from feedloop.estimation.allocation import allocate_labels
from feedloop.estimation.intervals import Estimate, wilson
from feedloop.estimation.window import Window
from feedloop.evidence.evidence import DayEvidence

from .query import ReportFilter

DIGITS = 6
DAILY, WEEKLY = 14, 182
"""At most so many days have a trend by day, or by week; more of them by four weeks."""
WEEK, FOUR_WEEKS = 7, 28


def window_of(evidence: Iterable[DayEvidence], selected: ReportFilter) -> Window:
    """The window of the closed days, of one model or all; a class is a slice of it."""
    of_any_class, closed = replace(selected, class_index=None), [day for day in evidence if day.closed]
    observations = of_any_class.observations(closed)
    labelled = (one for one in observations if one.blind is not None or one.informed is not None)
    return Window.of([of_any_class.counts(day) for day in closed], labelled)


def estimate(value: Estimate | None) -> Document | None:
    """A number with its interval, and the labels that it rests on."""
    if value is None:
        return None
    return {**{name: round(getattr(value, name), DIGITS) for name in ("value", "low", "high")}, "labels": value.labels}


def share(confirmed: int, reviewed: int) -> Document | None:
    """The share that annotators confirm, each counted once (Wilson 1927, JASA 22:209)."""
    if not reviewed:
        return None
    value = confirmed / reviewed
    return estimate(Estimate(value, *wilson(value, reviewed), reviewed))


def describe_accuracy(estimated: Accuracy, missing: Mapping[str, int]) -> Document:
    """The accuracy, how it was estimated, and of how many answers; `missing` are those that tell nothing, by reason."""
    return {
        "best": estimate(estimated.best),
        "blind": estimate(estimated.blind),
        "worst_case": _rounded(estimated.worst_case),
        "best_case": _rounded(estimated.best_case),
        "method": _method(estimated),
        "labels": {"blind": estimated.blind_labels, "low_confidence": estimated.informed_labels},
        "missing": dict(missing),
    }


def trend(window: Window, days: Sequence[str], predicted: int | None) -> list[Document]:
    """The accuracy of parts of some days, counted back from their end, the oldest first."""
    length = 1 if len(days) <= DAILY else WEEK if len(days) <= WEEKLY else FOUR_WEEKS
    ends = range(len(days), 0, -length)
    return [_part(window, days[max(end - length, 0)], days[end - 1], predicted) for end in ends][::-1]


def per_class(window: Window, predicted: int | None, names: Sequence[str]) -> list[Document]:
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


def confusion_matrix(window: Window, classes: int) -> Document:
    """A row per true class, a column per predicted one: counts of the blind sample, and shares of all predictions."""
    matrix, indices = confusion.confusion(window), range(classes)
    counts, shares = matrix.counts, matrix.shares
    return {
        "counts": [[counts.get((truth, predicted), 0) for predicted in indices] for truth in indices],
        "none_of_these": [counts.get((OTHER, predicted), 0) for predicted in indices],
        "shares": [[round(shares.get((truth, predicted), 0.0), DIGITS) for predicted in indices] for truth in indices],
    }


def reliability_curve(window: Window, threshold: int) -> Document:
    """Calibration: the curve and its error; `threshold`, per mille, is where the model counts as unsure."""
    curve = calibration.calibration(window)
    bins = [
        {
            "from": one.start,
            "to": one.end,
            "predictions": one.predictions,
            "mean_confidence": _rounded(one.mean_confidence),
            "accuracy": estimate(one.accuracy),
        }
        for one in curve.bins
    ]
    return {"bins": bins, "expected_error": _rounded(curve.expected_error), "threshold": threshold / CERTAIN}


def anchoring(window: Window) -> Document:
    """Whether annotators follow an answer that they see."""
    estimated = annotator_bias.anchoring(window.columns)
    return {name: estimate(getattr(estimated, name)) for name in ("accepted", "blind_agreement", "difference")}


def blind_answers(window: Window, predicted: int | None) -> Document:
    """How many blind answers there are, as they were given, and of how many the model was right."""
    part = window.whole if predicted is None else window.called(predicted)
    blind = part.mask & window.columns.has_blind
    return {"right": int((blind & window.columns.blind_correct).sum()), "of": int(blind.sum())}


def next_labels(window: Window) -> list[Document]:
    """Where the next labels tell most, the best first."""
    return [
        {
            "queue": one.queue,
            "day": one.day,
            "labels": one.labels,
            "interval_now": _rounded(one.interval_now),
            "interval_then": _rounded(one.interval_then),
            "why": f"{one.labels} more answers in {TITLES[one.queue]} for {one.day} would narrow the accuracy "
            f"from about ±{100 * one.interval_now / 2:.1f} to ±{100 * one.interval_then / 2:.1f} points.",
        }
        for one in allocate_labels(window)
    ]


def _part(window: Window, first: str, last: str, predicted: int | None) -> Document:
    of_part = accuracy(window.between(first, last), predicted)
    return {"from": first, "to": last, "best": estimate(of_part.best), "blind": estimate(of_part.blind)}


def _method(estimated: Accuracy) -> str:
    if estimated.best is None:
        return "Not known: nobody has labelled the random sample of these days yet."
    sample = f"the blind labels of the random sample ({estimated.blind_labels}), each day weighted by its predictions"
    if not estimated.informed_labels:
        return f"Estimated from {sample}."
    return (
        f"The {estimated.informed_labels} labelled predictions of the low-confidence queue count as they were "
        f"answered, corrected by those that were answered blind as well; all others are estimated from {sample}."
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
