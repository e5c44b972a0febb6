"""A report: what the store holds of some days, counted and estimated, as pages and programs read it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from feedloop import releases, withdrawals
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed, Missing, NoModel, StoreMisconfigured
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.intervals import Estimate, change
from feedloop.estimation.window import Window
from feedloop.evidence import human_labels
from feedloop.evidence.evidence import DayEvidence, fetch
from feedloop.ports import ForEach, ObjectStore
from feedloop.releases import CARD_FILE, DECISION_FILE, Pointer
from feedloop.sweeps import ErrorBoundary
from feedloop.withdrawals import Guard

from . import counts, estimates
from .estimates import estimate, window_of
from .notes import notes
from .query import ALL, ReportFilter, ReportQuery, Switch, find_switch, parse_query


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report is made of: the evidence of its days, that of as many days before, and what is known beside it."""

    query: ReportQuery
    now: datetime
    pointer: Pointer | None
    classes: Sequence[str]
    threshold: int
    """Per mille: below it the model is unsure."""
    evidence: Sequence[DayEvidence]
    before: Sequence[DayEvidence]
    queues: Sequence[Document]
    switch: Switch | None
    paired: Document | None
    unreadable: Sequence[str]
    """The keys of labels of record that could not be read."""
    unknown: Collection[int]
    """The classes that the model which serves does not know."""
    guards: Mapping[str, Guard]
    """Of the queues where the guard before mass withdrawals holds something, or was released."""

    @property
    def counted(self) -> ReportFilter:
        """Which predictions are counted."""
        return ReportFilter(self.query.version, self.query.class_index)

    @property
    def serving(self) -> ReportFilter:
        """Which are those of the model that serves, since it does; all, in days of a single model."""
        if self.switch is None:
            return self.counted
        return replace(self.counted, model=self.switch.model, since=self.switch.begin)

    @property
    def estimated(self) -> ReportFilter:
        """Which the accuracy and all that belongs to it is about."""
        return self.counted if self.query.model == ALL else self.serving

    @property
    def replaced(self) -> ReportFilter | None:
        """Which are those of the model whose place was taken."""
        if self.switch is None or self.switch.replaced is None:
            return None
        return replace(self.counted, model=self.switch.replaced)


def report(
    query: Mapping[str, str],
    *,
    store: ObjectStore,
    classes: ClassList,
    now: datetime,
    threshold: int,
    for_each: ForEach = map,
) -> Document:
    """The report that these parameters ask for, from what the store holds now. Raises BadRequest."""
    wanted, count = parse_query(query, classes=classes, now=now), len(classes.names)
    pointer = None
    with suppress(NoModel):
        pointer = releases.fetch_pointer(store)
    unreadable = ErrorBoundary("report.unreadable")
    labels = human_labels.fetch(store, classes=count, for_each=for_each, unreadable=unreadable)
    days, moved_at = [*wanted.before.days, *wanted.days], pointer.moved_at if pointer else None
    every = fetch(
        store,
        days,
        labels,
        classes=count,
        now=now,
        moved_at=moved_at,
        translations=classes.translations,
        for_each=for_each,
    )
    evidence, before = ([day for day in every if (day.day < wanted.first) is earlier] for earlier in (False, True))
    switch = None if wanted.version else find_switch(every, wanted.first, pointer, now)
    inputs = ReportInputs(
        query=wanted,
        now=now,
        pointer=pointer,
        classes=classes.names,
        threshold=threshold,
        evidence=evidence,
        before=before,
        queues=counts.queues(store, labels, evidence, for_each=for_each, unreadable=unreadable),
        switch=switch,
        paired=_fetch_paired(store, pointer, switch),
        unreadable=[str(facts["key"]) for facts in unreadable.failed],
        unknown=_fetch_unknown(store, pointer, classes),
        guards=dict(withdrawals.fetch_guards(store)),
    )
    return _to_document(inputs)


def _fetch_unknown(store: ObjectStore, pointer: Pointer | None, classes: ClassList) -> Collection[int]:
    """What the card of the model that serves leaves out; nothing where this deployment's key may not read it."""
    with suppress(Missing, Malformed, StoreMisconfigured, NoModel):
        if pointer:
            ref = keys.model_file(pointer.name, pointer.sha256, CARD_FILE)
            indices = ModelCard(human_labels.fetch_document(store, ref)).class_indices
            return () if indices is None else set(range(len(classes.names))) - {*indices} - classes.retired
    return ()


def _fetch_paired(store: ObjectStore, pointer: Pointer | None, switch: Switch | None) -> Document | None:
    """The gate's comparison of the serving model with the one it replaced; None when nobody compared them.

    A model that came back was compared when the other took its place: then the signs are turned.
    """
    if not (pointer and switch and switch.replaced and pointer.sha256.startswith(switch.model)):
        return None
    compared = [(pointer.sha256, switch.replaced, 1)]
    if pointer.previous.startswith(switch.replaced):
        compared.append((pointer.previous, switch.model, -1))
    for sha256, other, sign in compared:
        for decision in _fetch_decisions(store, pointer.name, sha256):
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                if decision["against"]["sha256"].startswith(other):
                    difference = estimate(_parse_difference(decision["difference"], sign))
                    return {"at": str(decision["at"]), "difference": difference}
    return None


def _fetch_decisions(store: ObjectStore, name: str, sha256: str) -> Iterator[Document]:
    """The last one first; none where none was kept, or where this deployment's key may not read them."""
    with suppress(Missing, Malformed, StoreMisconfigured):
        last = human_labels.fetch_document(store, keys.model_file(name, sha256, DECISION_FILE))
        earlier = last.get("earlier")
        yield from (last, *(earlier if isinstance(earlier, list) else ()))


def _parse_difference(document: Document, sign: int) -> Estimate:
    """Raises ValueError and TypeError for what is no difference."""
    value, *bounds = (sign * float(document[name]) for name in ("value", "low", "high"))
    difference = Estimate(value, min(bounds), max(bounds), int(document["labels"]))
    if not -1 <= difference.low <= difference.value <= difference.high <= 1:
        raise ValueError("no difference of two shares")
    return difference


def _to_document(inputs: ReportInputs) -> Document:
    """What is not known is null, and the notes say why."""
    query, names, pointer = inputs.query, inputs.classes, inputs.pointer
    predicted = query.class_index
    window = window_of(inputs.evidence, inputs.estimated)
    of_class = window if predicted is None else window.of_class(predicted)
    estimated = accuracy(window, predicted)
    closed = [day for day in inputs.evidence if day.closed]
    document = {
        "v": 1,
        "generated_at": iso(inputs.now.replace(microsecond=0)),
        "window": {
            "from": query.first,
            "to": query.last,
            "days": len(query.days),
            "model": query.model,
            "class": None if predicted is None else names[predicted],
            "open_day": query.is_open(inputs.now),
        },
        "model": {"name": pointer.name, "version": pointer.version} if pointer else None,
        "classes": list(names),
        "predictions": counts.predictions(query.days, inputs.evidence, inputs.counted, names),
        "accuracy": estimates.describe_accuracy(
            estimated, counts.missing_answers(inputs.estimated.observations(closed))
        ),
        "trend": estimates.trend(window, query.days, predicted),
        "change": _change(inputs, estimated.best),
        "per_class": estimates.per_class(window, predicted, names),
        "confusion": estimates.confusion_matrix(window, len(names)),
        "calibration": estimates.reliability_curve(of_class, inputs.threshold),
        "queues": list(inputs.queues),
        "visitors": _visitors(inputs),
        "anchoring": estimates.anchoring(of_class),
        "next": estimates.next_labels(of_class),
    }
    if inputs.switch:
        document["switch"] = _switch(inputs, inputs.switch, window)
    if guards := _withdrawals(inputs):
        document["withdrawals"] = guards
    limits = notes(document, inputs.evidence, inputs.estimated, inputs.unreadable, inputs.unknown)
    return {**document, "limits": [note.to_document() for note in limits], "notes": [note.sentence for note in limits]}


def _change(inputs: ReportInputs, after: Estimate | None) -> Document:
    """Against the same model's days before; where it has none with labels, against the model that it replaced."""
    query, selected = inputs.query, inputs.estimated
    first, last = query.before.first, query.before.last
    before = accuracy(window_of(inputs.before, selected), query.class_index).best
    if selected.since and inputs.replaced:
        began, _ = selected.since
        if began >= query.first or before is None:
            return _change_of_model(inputs, inputs.replaced, after)
        first = max(first, began)
    return {"previous": {"from": first, "to": last}, "difference": estimate(change(before, after))}


def _change_of_model(inputs: ReportInputs, replaced: ReportFilter, after: Estimate | None) -> Document:
    """All that the replaced one predicted is compared with, in these days and those before."""
    every, of_any_class = [*inputs.before, *inputs.evidence], replace(replaced, class_index=None)
    there = [day.day for day in every if of_any_class.counts(day).cells]
    before = accuracy(window_of(every, replaced), inputs.query.class_index).best
    return {
        "previous": {"from": min(there), "to": max(there), "model": replaced.model},
        "difference": estimate(change(before, after)),
    }


def _switch(inputs: ReportInputs, switch: Switch, window: Window) -> Document:
    """Both models in short; `window` is that of the estimated one."""
    every, replaced, query = [*inputs.before, *inputs.evidence], inputs.replaced, inputs.query
    if inputs.estimated != inputs.serving:
        window = window_of(inputs.evidence, inputs.serving)
    serving, replaced_model = _describe_model(inputs.evidence, inputs.serving, window), None
    if replaced:
        window = window_of(every, replaced)
        trend = estimates.trend(window.between(query.first, query.last), query.days, query.class_index)
        replaced_model = {**_describe_model(every, replaced, window), "trend": trend}
    since = iso(switch.since) if switch.since else None
    return {
        "serving": {**serving, "since": since, "serves_now": switch.serves_now},
        "replaced": replaced_model,
        "paired": inputs.paired,
    }


def _describe_model(evidence: Sequence[DayEvidence], selected: ReportFilter, window: Window) -> Document:
    numbers = {day.day: selected.counts(day).predictions for day in evidence}
    there = [day for day, number in numbers.items() if number]
    estimated = accuracy(window, selected.class_index)
    return {
        "model": selected.model,
        "from": min(there, default=None),
        "to": max(there, default=None),
        "predictions": sum(numbers.values()),
        "best": estimate(estimated.best),
        "blind": estimate(estimated.blind),
        "answers": estimates.blind_answers(window, selected.class_index),
    }


def _visitors(inputs: ReportInputs) -> Document:
    observations = list(inputs.counted.observations(inputs.evidence))
    flags, relabels = counts.flags(observations), counts.relabels(observations)
    return {
        "relabelled": relabels.total,
        "flagged": flags.total,
        "flags_confirmed": estimates.share(flags.confirmed, flags.reviewed),
        "relabels_confirmed": estimates.share(relabels.confirmed, relabels.reviewed),
    }


def _withdrawals(inputs: ReportInputs) -> list[Document]:
    """What waits for an operator, and what was released and is not over."""
    documents = []
    for queue, guard in inputs.guards.items():
        parts = {
            "held": guard.held,
            "spared": guard.spared,
            "release": guard.approval if guard.approval and inputs.now < guard.approval.until else None,
        }
        if any(parts.values()):
            documents.append({"queue": queue, **{name: part and part.to_document() for name, part in parts.items()}})
    return documents
