"""The report as a document: what the page, the simulation and programs read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from feedloop.domain.answers import DISPUTED, SKIPPED, UNCLEAR
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document
from feedloop.domain.review import TITLES
from feedloop.estimation.accuracy import Accuracy, accuracy
from feedloop.estimation.allocation import LabelAllocation, allocate_labels
from feedloop.estimation.intervals import Estimate, change
from feedloop.estimation.window import Window
from feedloop.evidence.evidence import DayEvidence
from feedloop.withdrawals import Guard

from . import counting, estimates, notes, visitors
from .counting import Narrowed
from .estimates import estimate, window_of
from .query import ALL, ReportQuery
from .serving import Switch

_MISSING = {"unclear": UNCLEAR, "skipped": SKIPPED, "disputed": DISPUTED}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the store, for the window and for the one before it."""

    asked: ReportQuery
    now: datetime
    model: Mapping[str, str] | None
    names: Sequence[str]
    threshold: int  # per mille
    facts: list[DayEvidence]
    before: list[DayEvidence]
    queues: list[Document]
    switch: Switch | None
    paired: Document | None
    unread: Sequence[str]
    """The keys of labels of record that could not be read."""
    guards: Mapping[str, Guard] = field(default_factory=dict)
    """Of the queues where the guard before mass withdrawals holds something, or was released."""

    @property
    def narrowed(self) -> Narrowed:
        """Which predictions are counted."""
        return Narrowed(self.asked.version, self.asked.class_index)

    @property
    def serving(self) -> Narrowed:
        """Which are those of the model that serves, since it does; all, in days of a single model."""
        if self.switch is None:
            return self.narrowed
        return replace(self.narrowed, model=self.switch.model, since=self.switch.begin)

    @property
    def judged(self) -> Narrowed:
        """Which the accuracy and all that belongs to it is about."""
        return self.narrowed if self.asked.model == ALL else self.serving

    @property
    def replaced(self) -> Narrowed | None:
        """Which are those of the model whose place was taken."""
        if self.switch is None or self.switch.replaced is None:
            return None
        return replace(self.narrowed, model=self.switch.replaced)


def document(found: Found) -> Document:
    """The whole report; what is not known is null, and the notes say why."""
    predicted = found.asked.class_index
    window = window_of(found.facts, found.judged)
    of_class = window if predicted is None else window.of_class(predicted)
    estimated = accuracy(window, predicted)
    told = {
        "v": 1,
        "generated_at": iso(found.now.replace(microsecond=0)),
        "window": _window(found),
        "model": found.model,
        "classes": list(found.names),
        "predictions": counting.predictions(found.asked.days, found.facts, found.narrowed, found.names),
        "accuracy": _accuracy(estimated, _missing(found)),
        "trend": estimates.trend(window, found.asked.days, predicted),
        "change": _change(found, estimated.best),
        "per_class": estimates.by_class(window, predicted, found.names),
        "confusion": estimates.confusion_matrix(window, len(found.names)),
        "calibration": estimates.calibration(of_class, found.threshold),
        "queues": found.queues,
        "visitors": _visitors(found),
        "anchoring": estimates.anchoring(of_class),
        "next": [_next(one) for one in allocate_labels(of_class)],
    }
    if found.switch:
        told["switch"] = _switch(found, found.switch, window)
    if guards := _withdrawals(found):
        told["withdrawals"] = guards
    limits = notes.notes(told, found.facts, found.judged, found.unread)
    return {**told, "limits": [note.to_document() for note in limits], "notes": [note.sentence for note in limits]}


def _withdrawals(found: Found) -> list[Document]:
    """What waits for an operator, and what was released and is not over."""
    told = []
    for queue, guard in found.guards.items():
        parts = {
            "held": guard.held,
            "spared": guard.spared,
            "release": guard.approval if guard.approval and found.now < guard.approval.until else None,
        }
        if any(parts.values()):
            told.append({"queue": queue, **{name: part and part.to_document() for name, part in parts.items()}})
    return told


def _window(found: Found) -> Document:
    asked, names = found.asked, found.names
    return {
        "from": asked.first,
        "to": asked.last,
        "days": len(asked.days),
        "model": asked.model,
        "class": None if asked.class_index is None else names[asked.class_index],
        "open_day": asked.is_open(found.now),
    }


def _change(found: Found, after: Estimate | None) -> Document:
    """Against the same model's days before; where it has none with labels, against the model that it replaced."""
    first, last = found.asked.before.first, found.asked.before.last
    before = accuracy(window_of(found.before, found.judged), found.asked.class_index).best
    if found.judged.since and found.replaced:
        began, _ = found.judged.since
        if began >= found.asked.first or before is None:
            return _change_of_model(found, found.replaced, after)
        first = max(first, began)
    return {"previous": {"from": first, "to": last}, "difference": estimate(change(before, after))}


def _change_of_model(found: Found, replaced: Narrowed, after: Estimate | None) -> Document:
    """All that the replaced one predicted is compared with, in this window and the one before."""
    days, of_any_class = [*found.before, *found.facts], replace(replaced, class_index=None)
    there = [day.day for day in days if of_any_class.counts(day).cells]
    before = accuracy(window_of(days, replaced), found.asked.class_index).best
    return {
        "previous": {"from": min(there), "to": max(there), "model": replaced.model},
        "difference": estimate(change(before, after)),
    }


def _switch(found: Found, switch: Switch, window: Window) -> Document:
    """Both models in short; `window` is that of the judged one."""
    days, replaced, predicted = [*found.before, *found.facts], found.replaced, found.asked.class_index
    if found.judged != found.serving:
        window = window_of(found.facts, found.serving)
    serving = _beside(found.facts, found.serving, window)
    since = iso(switch.since) if switch.since else None
    old = None
    if replaced:
        replaced_window = window_of(days, replaced)
        trend = replaced_window.between(found.asked.first, found.asked.last)
        old = {**_beside(days, replaced, replaced_window), "trend": estimates.trend(trend, found.asked.days, predicted)}
    return {
        "serving": {**serving, "since": since, "serves_now": switch.serves_now},
        "replaced": old,
        "paired": found.paired,
    }


def _beside(days: Sequence[DayEvidence], which: Narrowed, window: Window) -> Document:
    """One of two models, in short."""
    counts = {day.day: which.counts(day).predictions for day in days}
    there = [day for day, count in counts.items() if count]
    estimated = accuracy(window, which.class_index)
    return {
        "model": which.model,
        "from": min(there, default=None),
        "to": max(there, default=None),
        "predictions": sum(counts.values()),
        "best": estimate(estimated.best),
        "blind": estimate(estimated.blind),
        "answers": estimates.blind_answers(window, which.class_index),
    }


def _accuracy(found: Accuracy, missing: Mapping[str, int]) -> Document:
    return {
        "best": estimate(found.best),
        "blind": estimate(found.blind),
        "worst_case": estimates.rounded(found.worst_case),
        "best_case": estimates.rounded(found.best_case),
        "method": _method(found),
        "labels": {"blind": found.blind_labels, "low_confidence": found.informed_labels},
        "missing": dict(missing),
    }


def _method(found: Accuracy) -> str:
    if found.best is None:
        return "Not known: nobody has labelled the random sample of these days yet."
    sample = f"the blind labels of the random sample ({found.blind_labels}), each day weighted by its predictions"
    if not found.informed_labels:
        return f"Estimated from {sample}."
    return (
        f"The {found.informed_labels} labelled predictions of the low-confidence queue count as they were answered, "
        f"corrected by those that were answered blind as well; all others are estimated from {sample}."
    )


def _missing(found: Found) -> Mapping[str, int]:
    """Answers inside the labelled prefix that tell nothing, by reason."""
    closed = [day for day in found.facts if day.closed]
    given = Counter(one.blind for one in found.judged.observations(closed))
    return {name: given[code] for name, code in _MISSING.items()}


def _visitors(found: Found) -> Document:
    seen = list(found.narrowed.observations(found.facts))
    flags, relabels = visitors.flags(seen), visitors.relabels(seen)
    return {
        "relabelled": relabels.told,
        "flagged": flags.told,
        "flags_confirmed": estimates.share(flags),
        "relabels_confirmed": estimates.share(relabels),
    }


def _next(one: LabelAllocation) -> Document:
    now, then = (round(100 * width / 2, 1) for width in (one.interval_now, one.interval_then))
    where = f"{one.labels} more answers in {TITLES[one.queue]} for {one.day}"
    return {
        "queue": one.queue,
        "day": one.day,
        "labels": one.labels,
        "interval_now": estimates.rounded(one.interval_now),
        "interval_then": estimates.rounded(one.interval_then),
        "why": f"{where} would narrow the accuracy from about ±{now} to ±{then} points.",
    }
