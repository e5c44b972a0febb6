"""Predictions and annotations as production would have left them, for tests of what comes after."""

import itertools
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from feedloop import releases, reviews
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.clock import iso
from feedloop.domain.documents import dump
from feedloop.domain.errors import AlreadyExists
from feedloop.domain.prediction import Prediction, new_id, ranked
from feedloop.ports import Clock, ObjectStore

CLASSES = ["Bread", "Dairy product", "Dessert", "Egg", "Fried food", "Meat"]
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
MODEL = "9f2c11aa" * 8


class SettableClock:
    """A clock that stands until it is moved."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **span: float) -> None:
        self.time += timedelta(**span)


_numbers: Iterator[int] = itertools.count(1)


def release(store: ObjectStore) -> None:
    """A model that nobody runs: its classes are what counts."""
    card = {"v": 1, "name": "food11", "sha256": MODEL, "classes": CLASSES}
    releases.publish(store, b"weights", card, now=NOON)


def rename(store: ObjectStore, old: str, new: str) -> None:
    """Give a class another name."""
    ref = keys.class_list()
    renamed = releases.class_list(store).renamed(old, new)
    store.replace(ref, dump(renamed.to_document()), etag=store.head(ref).etag)


def retire(store: ObjectStore, name: str) -> None:
    """Let nobody choose a class any more."""
    ref = keys.class_list()
    retired = releases.class_list(store).without_choice(name)
    store.replace(ref, dump(retired.to_document()), etag=store.head(ref).etag)


def released_store(clock: Clock) -> MemoryStore:
    """A store in memory with that model."""
    store = MemoryStore(clock=clock)
    release(store)
    return store


def prediction(
    class_index: int = 1,
    *,
    confidence: float = 0.4,
    time: datetime = NOON,
    sample_key: str = "",
    model: str = MODEL,
) -> Prediction:
    probabilities = [(1 - confidence) / (len(CLASSES) - 1)] * len(CLASSES)
    probabilities[class_index] = confidence
    sample_key = sample_key or f"{next(_numbers):032x}"
    top = ranked(probabilities)
    return Prediction(
        id=new_id(time, top[0], model, sample_key),
        class_name=CLASSES[class_index],
        probabilities=top,
        threshold=700,
        model_name="food11",
        model_sha256=model,
        time=time,
        filename="lunch.jpg",
        source_sha256="0" * 64,
        width=640,
        height=480,
    )


def commit(store: ObjectStore, made: Prediction, *, shown: bool = True) -> Prediction:
    """Store the picture of a prediction; `shown` also before annotators."""
    store.create(keys.production(made.id), b"jpeg", metadata=made.to_metadata(), content_type="image/jpeg")
    if shown:
        reviews.copy_picture(store, made.id)
    return made


def annotation(store: ObjectStore, made: Prediction, choice: str | None, **facts: Any) -> bytes:
    """A file as Label Studio writes it; no choice is a skip."""
    at = facts.pop("at", NOON)
    return dump(
        {
            "id": 1,
            "result": result(choice),
            "completed_by": {"id": facts.pop("by", 3)},
            "was_cancelled": choice is None,
            "updated_at": iso(at),
            "lead_time": 3.2,
            "task": {"id": 9, "data": {"image": store.url(keys.image(made.id.sample_key))}},
            **facts,
        }
    )


def result(choice: str | None) -> list[dict[str, Any]]:
    """What an annotator chose; no choice is a skip."""
    return [{"type": "choices", "origin": "manual", "value": {"choices": [choice]}}] if choice else []


def queue_task(store: ObjectStore, made: Prediction, queue: str) -> str:
    """Put a committed prediction before people, as flag and sample do; the sample key."""
    if queue == keys.RANDOM_SAMPLED:
        reviews.queue_blind(store, made.id)
    else:
        reviews.queue_informed(store, made, queue)
    return made.id.sample_key


def write(store: ObjectStore, queue: str, name: str, body: bytes) -> None:
    """Save an annotation over whatever is there, as Label Studio does: to a task, if it is of a picture of ours."""
    asked = re.search(rb"images/([0-9a-f]{32})\.jpg", body)
    if asked and queue in keys.REVIEW_QUEUES:
        with suppress(AlreadyExists):
            store.create(keys.task(queue, asked[1].decode()), b"{}")
    forge(store, queue, name, body)


def forge(store: ObjectStore, queue: str, name: str, body: bytes) -> None:
    """Put an annotation there, whether or not anybody was asked."""
    ref = keys.output(queue, name)
    store.delete(ref)
    store.create(ref, body)


def pictures(store: ObjectStore, queue: str) -> list[str]:
    """The keys of a queue's dataset."""
    bucket = keys.DATASETS[queue]
    return [
        entry.key
        for index in range(len(CLASSES))
        for entry in store.list(keys.ObjectRef(bucket, f"class_{index:02d}/"))
    ]


def outcomes(store: ObjectStore, queue: str) -> list[str]:
    """`<kind>/<prediction id>` of a queue's outcomes."""
    folder = keys.ObjectRef(keys.TRACKING, f"outcomes/{queue}/")
    return [entry.key.removeprefix(folder.key) for entry in store.list(folder)]


def versions(store: ObjectStore) -> set[bytes]:
    """What the documents of all buckets call the versions of their formats."""
    bodies = [body for bucket in keys.BUCKETS for body in everything(store, bucket, "").values()]
    return {version for body in bodies for version in re.findall(rb'"v": ?(\d+)', body)}


def everything(store: ObjectStore, bucket: str, folder: str) -> dict[str, bytes]:
    """Keys and bodies below a folder."""
    listing = list(store.list(keys.ObjectRef(bucket, folder)))
    return {entry.key: store.get(keys.ObjectRef(bucket, entry.key)).body for entry in listing}
