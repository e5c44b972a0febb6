"""The visitor's own answer: one file per prediction, a counter, and never a lost change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop import reviews
from feedloop.domain import annotations, keys
from feedloop.domain.annotations import VISITOR
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Missing
from feedloop.domain.prediction import Prediction
from feedloop.ports import ObjectStore


@dataclass(frozen=True, slots=True)
class _Last:
    """What the visitor said last, and the version of the file that says it."""

    class_index: int
    etag: str = ""
    counter: int = 0
    updated_at: datetime | None = None


def relabel(record: Prediction, index: int, *, store: ObjectStore, classes: ClassList, now: datetime) -> bool:
    """Make `index` the visitor's answer; False when it is that already. The model's class withdraws it."""
    while True:
        last = _last(store, record, classes)
        if last.class_index == index:
            return False
        reviews.show_picture(store, record.id)
        body = dump(_file(store, record, index, last, classes=classes, now=now))
        place = keys.output(keys.USER_FEEDBACK_2, record.id.random)
        try:
            if last.etag:
                store.replace(place, body, etag=last.etag)
            else:
                store.create(place, body)
        except (AlreadyExists, Changed):
            continue  # another click was faster, or our own answer got lost: look again
        return True


def _last(store: ObjectStore, record: Prediction, classes: ClassList) -> _Last:
    try:
        stored = store.get(keys.output(keys.USER_FEEDBACK_2, record.id.random))
    except Missing:
        return _Last(record.id.class_index)
    document = load(stored.body)
    answer = annotations.read(stored.body, classes).vote.class_index
    index = record.id.class_index if answer is None else answer
    return _Last(index, stored.etag, document["counter"], parse_iso(document["updated_at"]))


def _file(
    store: ObjectStore, record: Prediction, index: int, last: _Last, *, classes: ClassList, now: datetime
) -> Document:
    """An annotation by the visitor; its time always grows, whatever the replicas' clocks say."""
    withdrawn = index == record.id.class_index
    choice = {"type": "choices", "value": {"choices": [classes.name(index)]}}
    updated_at = max(now, last.updated_at + timedelta(microseconds=1)) if last.updated_at else now
    return {
        "v": 1,
        "id": record.id.random,
        "counter": last.counter + 1,
        "updated_at": iso(updated_at),
        "completed_by": {"id": VISITOR},
        "was_cancelled": withdrawn,
        "task": {"data": {"image": store.url(keys.image(record.id.random))}},
        "prediction_id": str(record.id),
        "result": [] if withdrawn else [choice],
    }
