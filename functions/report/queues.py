"""The annotators' queues: how much waits, since when, and how long it took from a prediction to its label."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median, quantiles

from feedloop.domain import keys
from feedloop.domain.annotations import CLASS, OTHER, UNCLEAR
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document
from feedloop.domain.errors import Missing
from feedloop.domain.prediction import PredictionId
from feedloop.domain.review import TITLES
from feedloop.evidence.evidence import TIMED, DayFacts
from feedloop.evidence.human_labels import People
from feedloop.evidence.unread import Unread, fetch_document
from feedloop.ports import ForEach, ObjectStore

_ANSWERED = {CLASS, OTHER, UNCLEAR}
_RANDOM = 4  # among the parts of an id


def queues(
    store: ObjectStore, people: People, facts: Sequence[DayFacts], *, each: ForEach, unread: Unread | None = None
) -> list[Document]:
    """What waits now; `done` and the times are those of the window's predictions."""
    unread = unread or Unread()
    return [
        {
            "queue": queue,
            "title": TITLES[queue],
            "waiting": people.tasks[queue].waiting,
            "oldest": _iso(people.tasks[queue].oldest),
            "done": sum(day.done[queue] for day in facts),
            "seconds_to_label": _quantiles(_seconds(store, queue, facts, each, unread)),
        }
        for queue in keys.REVIEW_QUEUES
    ]


def _seconds(store: ObjectStore, queue: str, facts: Sequence[DayFacts], each: ForEach, unread: Unread) -> list[float]:
    """From prediction to first answer, of a uniform sample of the labelled ones."""
    labelled = (name for day in facts for name in day.timed[queue])
    chosen = heapq.nsmallest(TIMED, labelled, key=lambda name: name.split("-")[_RANDOM])
    found = each(lambda name: _waited(store, queue, PredictionId.parse(name), unread), chosen)
    return [seconds for seconds in found if seconds is not None]


def _waited(store: ObjectStore, queue: str, prediction: PredictionId, unread: Unread) -> float | None:
    """None for a label that is gone, was never an answer, or cannot be read."""
    ref = keys.label(queue, prediction)

    def waited() -> float | None:
        try:
            history = fetch_document(store, ref)["history"]
        except Missing:
            return None
        answered = (parse_iso(entry["at"]) for entry in history if entry["outcome"] in _ANSWERED)
        first = next(answered, None)
        return None if first is None else max((first - prediction.time).total_seconds(), 0.0)

    return unread.read(ref, waited)


def _quantiles(seconds: list[float]) -> Mapping[str, float] | None:
    """Median and 95th percentile by linear interpolation (Hyndman and Fan 1996, type 7)."""
    if not seconds:
        return None
    p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return {"median": round(median(seconds), 1), "p95": round(p95, 1)}


def _iso(time: datetime | None) -> str | None:
    return iso(time) if time else None
