"""The label of record, and the datasets that show it: the picture in its class and nowhere else."""

from contextlib import suppress
from dataclasses import replace

from feedloop.compare_and_swap import attempts
from feedloop.domain import keys
from feedloop.domain.annotations import CLASS, LARGEST_EVER, WITHDRAWN
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Missing
from feedloop.domain.keys import ObjectRef
from feedloop.domain.labels import Label, LabelOutcome
from feedloop.domain.prediction import PredictionId
from feedloop.ports import ObjectStore


def show(store: ObjectStore, queue: str, prediction: PredictionId, label: Label, etag: str) -> None:
    """Make datasets and outcomes say what a label of record says, and mark it so.

    Starts over when the label changed meanwhile: what was shown may be stale by then.
    """
    ref = keys.label(queue, prediction)
    for _ in attempts(ref):
        _arrange(store, queue, prediction, label)
        try:
            store.replace(ref, dump(replace(label, materialised=etag).to_document()), etag=etag)
        except Changed:
            label, etag = read(store, queue, prediction)
        else:
            return


def read(store: ObjectStore, queue: str, prediction: PredictionId) -> tuple[Label, str]:
    """The label of record and its ETag; an empty label without ETag when nobody has voted."""
    try:
        stored = store.get(keys.label(queue, prediction), most=LARGEST_EVER)
    except Missing:
        return Label(str(prediction)), ""
    return Label.from_document(load(stored.body)), stored.etag


def swap(store: ObjectStore, queue: str, prediction: PredictionId, label: Label, etag: str) -> str:
    """Write a label over the version `etag` (none: create it). Raises Changed when somebody was faster."""
    ref, body = keys.label(queue, prediction), dump(label.to_document())
    try:
        return store.replace(ref, body, etag=etag) if etag else store.create(ref, body)
    except AlreadyExists as error:
        raise Changed(ref.key) from error


def _arrange(store: ObjectStore, queue: str, prediction: PredictionId, label: Label) -> None:
    """First the new place, then away with every other one the label ever had."""
    here = _place(queue, prediction, label.answer)
    _put(store, prediction, label.answer, here)
    for answer in label.answers_ever - {label.answer}:
        there = _place(queue, prediction, answer)
        if there is not None:
            store.delete(there)


def _put(store: ObjectStore, prediction: PredictionId, answer: LabelOutcome, here: ObjectRef | None) -> None:
    if here is None:
        return
    if answer[0] == CLASS:
        store.copy(keys.production(prediction), here)
        return
    with suppress(AlreadyExists):
        store.create(here, b"")


def _place(queue: str, prediction: PredictionId, answer: LabelOutcome) -> ObjectRef | None:
    """Where an answer is shown; a withdrawn label is shown nowhere."""
    outcome, class_index = answer
    if outcome == CLASS and class_index is not None:
        return keys.dataset(queue, class_index, prediction)
    return None if outcome == WITHDRAWN else keys.outcome(queue, outcome, prediction)
