"""The visitor's own answer: one file per prediction, a counter, and never a lost change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop import reviews
from feedloop.compare_and_swap import until_first
from feedloop.domain import annotations, keys
from feedloop.domain.annotations import VISITOR
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import Malformed, Missing
from feedloop.domain.keys import ObjectRef
from feedloop.domain.prediction import Prediction
from feedloop.ports import ObjectStore


@dataclass(frozen=True, slots=True)
class _LastAnswer:
    """The visitor's last answer, and the version of the file that holds it."""

    class_index: int
    etag: str = ""
    counter: int = 0
    updated_at: datetime | None = None


def relabel(record: Prediction, index: int, *, store: ObjectStore, classes: ClassList, now: datetime) -> bool:
    """Make `index` the visitor's answer; False when it is that already. The model's class withdraws it."""
    ref = keys.output(keys.USER_FEEDBACK_2, record.id.sample_key)

    def attempt() -> bool:
        last = _last(store, ref, record, classes)
        if last.class_index == index:
            return False
        reviews.copy_picture(store, record.id)
        body = dump(_file(store, record, index, last, classes=classes, now=now))
        if last.etag:
            store.replace(ref, body, etag=last.etag)
        else:
            store.create(ref, body)
        return True

    return until_first(ref, attempt)  # another click may be faster, or our own answer get lost


def _last(store: ObjectStore, ref: ObjectRef, record: Prediction, classes: ClassList) -> _LastAnswer:
    """The visitor's answer so far; a file that cannot be understood gives way to the next one."""
    predicted = classes.predicted(record.id.model, record.id.class_index)
    try:
        stored = store.get(ref, most=annotations.LARGEST)
    except Missing:
        return _LastAnswer(predicted)
    try:
        vote, counter = annotations.parse_annotation(stored.body, classes).vote, load(stored.body)["counter"]
        index = predicted if vote.class_index is None else vote.class_index
        return _LastAnswer(index, stored.etag, int(counter), vote.updated_at)
    except (Malformed, KeyError, TypeError, ValueError):
        return _LastAnswer(predicted, stored.etag)


def _file(
    store: ObjectStore, record: Prediction, index: int, last: _LastAnswer, *, classes: ClassList, now: datetime
) -> Document:
    """An annotation by the visitor; its time always grows, whatever the replicas' clocks show."""
    withdrawn = index == classes.predicted(record.id.model, record.id.class_index)
    choice = {"type": "choices", "value": {"choices": [classes.name(index)]}}
    known = last.updated_at if last.updated_at and last.updated_at < now + annotations.AHEAD else None
    updated_at = max(now, known + timedelta(microseconds=1)) if known else now
    return {
        "v": 1,
        "id": record.id.sample_key,
        "counter": last.counter + 1,
        "updated_at": iso(updated_at),
        "completed_by": {"id": VISITOR},
        "was_cancelled": withdrawn,
        "task": {"data": {"image": store.url(keys.image(record.id.sample_key))}},
        "prediction_id": str(record.id),
        "result": [] if withdrawn else [choice],
    }
