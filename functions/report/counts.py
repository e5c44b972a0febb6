"""What a report counts: predictions, what waits in annotators' queues, and what visitors reported."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from statistics import median, quantiles

from feedloop.domain import annotations, keys
from feedloop.domain.answers import SILENT, Answer, is_known
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document
from feedloop.domain.errors import Missing
from feedloop.domain.observations import Cell, Observation
from feedloop.domain.prediction import PredictionId
from feedloop.domain.review import TITLES
from feedloop.evidence.evidence import TIMED, DayEvidence
from feedloop.evidence.human_labels import HumanLabels, fetch_document
from feedloop.ports import ForEach, ObjectStore
from feedloop.sweeps import ErrorBoundary

from .query import ReportFilter

_ANSWERED = {annotations.CLASS, annotations.OTHER, annotations.UNCLEAR}


def predictions(
    days: Sequence[str], evidence: Sequence[DayEvidence], selected: ReportFilter, names: Sequence[str]
) -> Document:
    """Totals by day, predicted class and model; a day without any counts as nothing."""
    by_day = {day.day: selected.counts(day).cells for day in evidence}
    together: Counter[Cell] = Counter()
    for cells in by_day.values():
        together.update(cells)
    indices = sorted({*range(len(names)), *(cell.predicted for cell in together)})
    classes = {index: names[index] if index < len(names) else f"class_{index:02d}" for index in indices}
    listed = indices if selected.class_index is None else [selected.class_index]
    return {
        **_totals(together),
        "by_day": [{"day": day, **_totals(by_day.get(day, {}))} for day in days],
        "by_class": [
            {"class_index": index, "class": classes[index], **_totals(_of(together, predicted=index))}
            for index in listed
        ],
        "by_model": [
            {"model": model, **_totals(_of(together, model=model))}
            for model in sorted({cell.model for cell in together})
        ],
    }


def _of(cells: Mapping[Cell, int], **wanted: int | str) -> Mapping[Cell, int]:
    ((name, value),) = wanted.items()
    return {cell: count for cell, count in cells.items() if getattr(cell, name) == value}


def _totals(cells: Mapping[Cell, int]) -> Document:
    return {
        "total": sum(cells.values()),
        "low_confidence": sum(count for cell, count in cells.items() if cell.low),
    }


def queues(
    store: ObjectStore,
    labels: HumanLabels,
    evidence: Sequence[DayEvidence],
    *,
    for_each: ForEach,
    unreadable: ErrorBoundary,
) -> list[Document]:
    """What waits now; `done` and the times are those of the window's predictions."""
    return [
        {
            "queue": queue,
            "title": TITLES[queue],
            "waiting": labels.tasks[queue].waiting,
            "oldest": (oldest := labels.tasks[queue].oldest) and iso(oldest),
            "done": sum(day.done[queue] for day in evidence),
            "seconds_to_label": _quantiles(_seconds(store, queue, evidence, for_each, unreadable)),
        }
        for queue in keys.REVIEW_QUEUES
    ]


def _seconds(
    store: ObjectStore, queue: str, evidence: Sequence[DayEvidence], for_each: ForEach, unreadable: ErrorBoundary
) -> list[float]:
    """From prediction to first answer, of a uniform sample of the labelled ones."""
    labelled = (prediction for day in evidence for prediction in day.timed[queue])
    chosen = nsmallest(TIMED, labelled, key=lambda prediction: prediction.sample_key)
    times = for_each(lambda prediction: _waited(store, queue, prediction, unreadable), chosen)
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


def missing_answers(observations: Iterable[Observation]) -> Mapping[str, int]:
    """Blind answers inside the labelled prefix that tell nothing, by reason."""
    given = Counter(one.blind for one in observations)
    return {outcome: given[code] for outcome, code in SILENT.items()}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How much visitors reported, and annotators reviewed and confirmed of it: no part of the accuracy."""

    total: int
    reviewed: int
    confirmed: int


def flags(observations: Iterable[Observation]) -> Confirmation:
    """Predictions that visitors called wrong; annotators who saw the model's answer say so too, or not."""
    flagged = [one for one in observations if one.flagged]
    answered = [one for one in flagged if is_known(one.flag)]
    return Confirmation(len(flagged), len(answered), sum(one.flag != one.predicted for one in answered))


def relabels(observations: Iterable[Observation]) -> Confirmation:
    """Predictions that visitors gave a class; annotators of any queue, the blind ones first, say the same or not."""
    relabelled = [one for one in observations if is_known(one.visitor)]
    answers = [(one.visitor, _annotators(one)) for one in relabelled]
    known = [(visitor, annotators) for visitor, annotators in answers if annotators is not None]
    return Confirmation(len(relabelled), len(known), sum(visitor == annotators for visitor, annotators in known))


def _annotators(one: Observation) -> Answer | None:
    given: Sequence[Answer | None] = (one.blind, one.informed, one.flag)
    return next((answer for answer in given if is_known(answer)), None)
