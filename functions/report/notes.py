"""What limits a report, in plain sentences."""

from collections.abc import Iterator, Sequence

from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.review import TITLES

from .gathering import DayFacts

FEW_LABELS = 30
MANY_MISSING = 0.05
_RANDOM = TITLES[keys.RANDOM_SAMPLED]


def notes(report: Document, facts: Sequence[DayFacts]) -> list[str]:
    """The sentences that hold for this report."""
    closed = [day for day in facts if day.closed]
    return [*_of_the_system(report), *_of_the_days(report, closed), *_of_the_sample(closed), *_of_the_labels(report)]


def _of_the_system(report: Document) -> Iterator[str]:
    if report["model"] is None:
        yield "No model is released yet: there is nothing to report."
    elif not report["predictions"]["total"]:
        yield "There are no such predictions in these days."
    if name := report["window"]["class"]:
        yield f"Accuracy is that of the predictions called {name}; the confusion matrix is of all classes."


def _of_the_days(report: Document, closed: Sequence[DayFacts]) -> Iterator[str]:
    if report["window"]["open_day"]:
        yield "The last day is still open: its predictions are counted, its labels only after it closes at 00:15 UTC."
    if unwritten := [day for day in closed if not day.filed]:
        yield f"Counted by listing, since nobody wrote it down: {_days(unwritten)}. POST /function/report does."


def _of_the_sample(closed: Sequence[DayFacts]) -> Iterator[str]:
    if unfinished := [day for day in closed if day.waiting]:
        tasks, behind = (sum(getattr(day, name) for day in unfinished) for name in ("waiting", "behind"))
        yield f"Random samples that are not finished: {_days(unfinished)}. Tasks that wait: {tasks}."
        if behind:
            yield f"Answers that do not count yet, since tasks before them in their day's order wait: {behind}."
    labelled = [day for day in closed if _is_labelled(day)]
    if labelled and (bare := [day for day in closed if day.counts and not _is_labelled(day)]):
        yield f"Without a blind label, and counted as the nearest day that has some: {_days(bare)}."


def _of_the_labels(report: Document) -> Iterator[str]:
    labels, missing = report["accuracy"]["labels"]["blind"], sum(report["accuracy"]["missing"].values())
    if report["predictions"]["total"] and not labels:
        yield f"No blind label yet: answer the project {_RANDOM}, and the accuracy is known."
    elif 0 < labels < FEW_LABELS:
        yield f"The interval is wide, with few blind labels: {labels}."
    if missing > MANY_MISSING * (missing + labels):
        share = round(100 * missing / (missing + labels))
        yield f"{share} % of the blind answers tell no class (can't tell, skipped, disputed): see worst and best case."
    if labels and report["change"]["difference"] is None:
        yield "The window before has no labels to compare with."


def _is_labelled(day: DayFacts) -> bool:
    return any(one.blind is not None for one in day.seen)


def _days(facts: Sequence[DayFacts]) -> str:
    first, last = facts[0].day, facts[-1].day
    return first if first == last else f"{len(facts)} days from {first} to {last}"
