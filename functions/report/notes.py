"""What limits a report: in plain sentences, and as facts for those who word them in another language."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.review import TITLES
from feedloop.evidence.evidence import DayEvidence

from .query import ALL, ReportFilter

FEW_LABELS = 30
MANY_MISSING = 0.05


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, and the kind and the facts that it words."""

    sentence: str
    kind: str
    facts: Document = field(default_factory=dict)

    def to_document(self) -> Document:
        """An entry of `limits`."""
        return {"kind": self.kind, **self.facts}


def notes(
    report: Document,
    evidence: Sequence[DayEvidence],
    selected: ReportFilter,
    unreadable: Sequence[str],
    unknown: Collection[int] = (),
) -> list[Note]:
    """Those that hold for this report, whose accuracy is that of `selected`.

    `unreadable` keys were left out; `unknown` are the classes that the model which serves cannot answer.
    """
    closed = [day for day in evidence if day.closed]
    return [
        *_of_the_system(report),
        *_of_the_guard(report),
        *_of_the_models(report, evidence, selected),
        *_of_the_days(report, closed),
        *_of_the_objects(unreadable),
        *_of_the_sample(closed, selected),
        *_of_the_labels(report),
        *_of_the_classes(report, closed, selected, unknown),
    ]


def _of_the_system(report: Document) -> Iterator[Note]:
    if report["model"] is None:
        yield Note("No model is released yet: there is nothing to report.", "no-model")
    elif not report["predictions"]["total"]:
        yield Note("There are no such predictions in these days.", "no-predictions")
    if name := report["window"]["class"]:
        sentence = f"Accuracy is that of the predictions called {name}; the confusion matrix is of all classes."
        yield Note(sentence, "class", {"class": name})


def _of_the_guard(report: Document) -> Iterator[Note]:
    for one in report.get("withdrawals", []):
        if held := one["held"] or one["spared"]:
            sentence = f"{held['vanished']} of {held['known']} annotations of {one['queue']} have vanished, and none of"
            sentence = f"{sentence} them was withdrawn: an operator has to look. docs/operations.md says how."
            facts = {"queue": one["queue"], "vanished": held["vanished"], "known": held["known"]}
            yield Note(sentence, "held", facts)


def _of_the_models(report: Document, evidence: Sequence[DayEvidence], selected: ReportFilter) -> Iterator[Note]:
    models = {cell.model for day in evidence for cell in day.counts.cells}
    requested, serves = report["window"]["model"], report["model"]
    if requested == ALL and len(models) > 1:
        sentence = f"These numbers are of {len(models)} models together, as model={ALL} asks for."
        yield Note(f"{sentence} Without it they are of the one that serves.", "all-models", {"models": len(models)})
    if requested:
        return
    model = selected.model or min(models, default=None)
    if model and serves and serves["version"] != model:
        sentence = f"These numbers are of {model}, which was the last to answer in these days."
        sentence = f"{sentence} {serves['version']} serves now."
        yield Note(sentence, "not-serving", {"model": model, "serves": serves["version"]})
    if len(models) > 1:
        sentence = f"Judged is {model} alone, since it serves; predictions and visitors are of {len(models)} models."
        yield Note(f"{sentence} model={ALL} judges them together.", "switch", {"model": model, "models": len(models)})
    ever = replace(selected, since=None)
    before = sum(ever.counts(day).predictions - selected.counts(day).predictions for day in evidence)
    if before:
        sentence = f"{model} had served before: {before} predictions of that time are not in its numbers."
        yield Note(sentence, "served-before", {"model": model, "predictions": before})


def _of_the_days(report: Document, closed: Sequence[DayEvidence]) -> Iterator[Note]:
    if report["window"]["open_day"]:
        sentence = (
            "The last day is still open: its predictions are counted, its labels only after it closes at 00:15 UTC."
        )
        yield Note(sentence, "open-day", {"day": report["window"]["to"]})
    if damaged := [day for day in closed if day.damaged]:
        sentence = f"Their files are damaged, and what production still has was counted by listing: {_words(damaged)}."
        yield Note(f"{sentence} Delete tracking/days/<day>.jsonl, and POST writes it anew.", "damaged", _span(damaged))
    if unwritten := [day for day in closed if not (day.filed or day.damaged)]:
        sentence = f"Counted by listing, since nobody wrote it down: {_words(unwritten)}. POST /function/report does."
        yield Note(sentence, "unwritten", _span(unwritten))


def _of_the_objects(unreadable: Sequence[str]) -> Iterator[Note]:
    if unreadable:
        sentence = (
            f"Labels of record that cannot be read and were left out: {len(unreadable)}, for example {unreadable[0]}."
        )
        yield Note(sentence, "unread", {"objects": len(unreadable), "key": unreadable[0]})


def _of_the_sample(closed: Sequence[DayEvidence], selected: ReportFilter) -> Iterator[Note]:
    if unfinished := [day for day in closed if day.waiting]:
        tasks, behind = (sum(getattr(day, name) for day in unfinished) for name in ("waiting", "behind"))
        sentence = f"Random samples that are not finished: {_words(unfinished)}. Tasks that wait: {tasks}."
        yield Note(sentence, "unfinished", {**_span(unfinished), "tasks": tasks})
        if behind:
            sentence = f"Answers that do not count yet, since tasks before them in their day's order wait: {behind}."
            yield Note(sentence, "behind", {"answers": behind})
    of_model = replace(selected, class_index=None)
    bare = [day for day in closed if of_model.counts(day).cells and not _is_labelled(day, of_model)]
    if bare and any(_is_labelled(day, of_model) for day in closed):
        sentence = f"Without a blind label, and counted as the nearest day that has some: {_words(bare)}."
        yield Note(sentence, "bare", _span(bare))


def _of_the_labels(report: Document) -> Iterator[Note]:
    labels, missing = report["accuracy"]["labels"]["blind"], sum(report["accuracy"]["missing"].values())
    if report["predictions"]["total"] and not labels:
        title = TITLES[keys.RANDOM_SAMPLED]
        yield Note(f"No blind label yet: answer the project {title}, and the accuracy is known.", "no-labels")
    elif 0 < labels < FEW_LABELS:
        yield Note(f"The interval is wide, with few blind labels: {labels}.", "few-labels", {"labels": labels})
    if missing > MANY_MISSING * (missing + labels):
        share = round(missing / (missing + labels), 2)
        sentence = (
            f"{share:.0%} of the blind answers tell no class (can't tell, skipped, disputed): see worst and best case."
        )
        yield Note(sentence, "missing", {"answers": missing, "share": share})
    if labels and report["change"]["difference"] is None:
        yield Note("The window before has no labels to compare with.", "no-change")


def _of_the_classes(
    report: Document, closed: Sequence[DayEvidence], selected: ReportFilter, unknown: Collection[int]
) -> Iterator[Note]:
    """What a model does not know it cannot get right."""
    if not report["model"] or selected.model not in {None, report["model"]["version"]}:
        return
    labels = Counter(
        one.blind for one in selected.observations(closed) if one.blind is not None and one.blind in unknown
    )
    if labels:
        names = ", ".join(report["classes"][index] for index in sorted(labels))
        sentence = f"Classes that the model does not know, so that their pictures count as wrong: {names}."
        facts = {"classes": names, "labels": labels.total()}
        yield Note(f"{sentence} Blind labels of them: {labels.total()}.", "unknown-classes", facts)


def _is_labelled(day: DayEvidence, which: ReportFilter) -> bool:
    return any(one.blind is not None for one in which.observations([day]))


def _span(days: Sequence[DayEvidence]) -> Document:
    return {"first": days[0].day, "last": days[-1].day, "days": len(days)}


def _words(days: Sequence[DayEvidence]) -> str:
    first, last = days[0].day, days[-1].day
    return first if first == last else f"{len(days)} days from {first} to {last}"
