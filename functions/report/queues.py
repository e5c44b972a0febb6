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
from feedloop.evidence.evidence import TIMED, DayEvidence
from feedloop.evidence.human_labels import HumanLabels, fetch_document
from feedloop.ports import ForEach, ObjectStore
from feedloop.sweeps import ErrorBoundary

_ANSWERED = {CLASS, OTHER, UNCLEAR}


def queues(
    store: ObjectStore,
    labels: HumanLabels,
    facts: Sequence[DayEvidence],
    *,
    each: ForEach,
    unreadable: ErrorBoundary,
) -> list[Document]:
    """What waits now; `done` and the times are those of the window's predictions."""
    return [
        {
            "queue": queue,
            "title": TITLES[queue],
            "waiting": labels.tasks[queue].waiting,
            "oldest": _iso(labels.tasks[queue].oldest),
            "done": sum(day.done[queue] for day in facts),
            "seconds_to_label": _quantiles(_seconds(store, queue, facts, each, unreadable)),
        }
        for queue in keys.REVIEW_QUEUES
    ]


def _seconds(
    store: ObjectStore, queue: str, facts: Sequence[DayEvidence], each: ForEach, unreadable: ErrorBoundary
) -> list[float]:
    """From prediction to first answer, of a uniform sample of the labelled ones."""
    labelled = (prediction for day in facts for prediction in day.timed[queue])
    chosen = heapq.nsmallest(TIMED, labelled, key=lambda prediction: prediction.sample_key)
    times = each(lambda prediction: _waited(store, queue, prediction, unreadable), chosen)
    return [seconds for seconds in times if seconds is not None]


def _waited(store: ObjectStore, queue: str, prediction: PredictionId, unreadable: ErrorBoundary) -> float | None:
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

    return unreadable.run(waited, None, key=ref.key)


def _quantiles(seconds: list[float]) -> Mapping[str, float] | None:
    """Median and 95th percentile by linear interpolation (Hyndman and Fan 1996, type 7)."""
    if not seconds:
        return None
    p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return {"median": round(median(seconds), 1), "p95": round(p95, 1)}


def _iso(time: datetime | None) -> str | None:
    return iso(time) if time else None
