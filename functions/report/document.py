"""The report as a document: what the page, the simulation and programs read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feedloop.domain.clock import iso
from feedloop.domain.documents import Document
from feedloop.domain.review import TITLES
from feedloop.estimation.accuracy import Accuracy
from feedloop.estimation.planning import Advice

from . import counting, estimating, notes, visitors
from .asked import Asked
from .counting import Narrowed
from .estimating import Evidence, estimate
from .gathering import DayFacts
from .people import DISPUTED, SKIPPED, UNCLEAR

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

    @property
    def narrowed(self) -> Narrowed:
        """Which predictions it is about."""
        return Narrowed(self.asked.model, self.asked.class_index)


def document(found: Found) -> Document:
    """The whole report; what is not known is null, and the notes say why."""
    evidence, before = (Evidence.of(facts, found.narrowed) for facts in (found.facts, found.before))
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
        "change": {
            "previous": {"from": found.asked.before.first, "to": found.asked.before.last},
            "difference": estimating.difference(before, evidence),
        },
        "per_class": estimating.by_class(evidence, found.names),
        "confusion": estimating.confused(evidence, len(found.names)),
        "calibration": estimating.calibrated(evidence, found.threshold),
        "queues": found.queues,
        "visitors": _visitors(found),
        "anchoring": estimating.anchored(evidence.called),
        "next": [_next(one) for one in estimating.advice(evidence)],
    }
    limits = notes.notes(told, found.facts)
    return {**told, "limits": [note.to_document() for note in limits], "notes": [note.sentence for note in limits]}


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
    given = Counter(one.blind for one in found.narrowed.seen(closed))
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
