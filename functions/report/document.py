"""The report as a document: what the page, the simulation and programs read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from feedloop.domain.clock import iso
from feedloop.domain.documents import Document
from feedloop.domain.review import TITLES
from feedloop.estimation.accuracy import Accuracy
from feedloop.estimation.allocation import Advice
from feedloop.evidence.evidence import DayFacts
from feedloop.evidence.human_labels import DISPUTED, SKIPPED, UNCLEAR
from feedloop.withdrawals import Guard

from . import counting, estimating, notes, visitors
from .asked import ALL, Asked
from .counting import Narrowed
from .estimating import Evidence, estimate
from .serving import Switch

_MISSING = {"unclear": UNCLEAR, "skipped": SKIPPED, "disputed": DISPUTED}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the store, for the window and for the one before it."""

    asked: Asked
    now: datetime
    model: Mapping[str, str] | None
    names: Sequence[str]
    threshold: int  # per mille
    facts: list[DayFacts]
    before: list[DayFacts]
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
    evidence = Evidence.of(found.facts, found.judged)
    accuracy, missing = evidence.accuracy, _missing(found)
    told = {
        "v": 1,
        "generated_at": iso(found.now.replace(microsecond=0)),
        "window": _window(found),
        "model": found.model,
        "classes": list(found.names),
        "predictions": counting.predictions(found.asked.days, found.facts, found.narrowed, found.names),
        "accuracy": _accuracy(accuracy, missing),
        "trend": estimating.trend(evidence, found.asked.days),
        "change": _change(found, evidence),
        "per_class": estimating.by_class(evidence, found.names),
        "confusion": estimating.confused(evidence, len(found.names)),
        "calibration": estimating.calibrated(evidence, found.threshold),
        "queues": found.queues,
        "visitors": _visitors(found),
        "anchoring": estimating.anchored(evidence.called),
        "next": [_next(one) for one in estimating.advice(evidence)],
    }
    if found.switch:
        told["switch"] = _switch(found, found.switch)
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


def _change(found: Found, evidence: Evidence) -> Document:
    """Against the same model's days before; where it has none with labels, against the model that it replaced."""
    first, last = found.asked.before.first, found.asked.before.last
    before = Evidence.of(found.before, found.judged)
    if found.judged.since and found.replaced:
        began, _ = found.judged.since
        if began >= found.asked.first or before.accuracy.best is None:
            return _change_of_model(found, found.replaced, evidence)
        first = max(first, began)
    return {"previous": {"from": first, "to": last}, "difference": estimating.difference(before, evidence)}


def _change_of_model(found: Found, replaced: Narrowed, evidence: Evidence) -> Document:
    """All that the replaced one predicted is compared with, in this window and the one before."""
    days, of_any_class = [*found.before, *found.facts], replace(replaced, class_index=None)
    there = [day.day for day in days if of_any_class.counts(day)]
    return {
        "previous": {"from": min(there), "to": max(there), "model": replaced.model},
        "difference": estimating.difference(Evidence.of(days, replaced), evidence),
    }


def _switch(found: Found, switch: Switch) -> Document:
    days, replaced = [*found.before, *found.facts], found.replaced
    serving = _beside(found.facts, found.serving)
    since = iso(switch.since) if switch.since else None
    old = replaced and {
        **_beside(days, replaced),
        "trend": estimating.trend(Evidence.of(found.facts, replaced), found.asked.days),
    }
    return {
        "serving": {**serving, "since": since, "serves_now": switch.serves_now},
        "replaced": old,
        "paired": found.paired,
    }


def _beside(days: Sequence[DayFacts], which: Narrowed) -> Document:
    """One of two models, in short."""
    counts = {day.day: which.counts(day).total() for day in days}
    there = [day for day, count in counts.items() if count]
    evidence = Evidence.of(days, which)
    accuracy = evidence.accuracy
    return {
        "model": which.model,
        "from": min(there, default=None),
        "to": max(there, default=None),
        "predictions": sum(counts.values()),
        "best": estimate(accuracy.best),
        "blind": estimate(accuracy.blind),
        "answers": estimating.answers(evidence),
    }


def _accuracy(found: Accuracy, missing: Mapping[str, int]) -> Document:
    return {
        "best": estimate(found.best),
        "blind": estimate(found.blind),
        "worst_case": estimating.rounded(found.worst),
        "best_case": estimating.rounded(found.ideal),
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
    given = Counter(one.blind for one in found.judged.seen(closed))
    return {name: given[code] for name, code in _MISSING.items()}


def _visitors(found: Found) -> Document:
    seen = list(found.narrowed.seen(found.facts))
    flags, relabels = visitors.flags(seen), visitors.relabels(seen)
    return {
        "relabelled": relabels.told,
        "flagged": flags.told,
        "flags_confirmed": estimating.share(flags),
        "relabels_confirmed": estimating.share(relabels),
    }


def _next(one: Advice) -> Document:
    now, then = (round(100 * width / 2, 1) for width in (one.interval_now, one.interval_then))
    where = f"{one.labels} more answers in {TITLES[one.queue]} for {one.day}"
    return {
        "queue": one.queue,
        "day": one.day,
        "labels": one.labels,
        "interval_now": estimating.rounded(one.interval_now),
        "interval_then": estimating.rounded(one.interval_then),
        "why": f"{where} would narrow the accuracy from about ±{now} to ±{then} points.",
    }
