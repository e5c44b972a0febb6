"""Idempotency-Key: the first response under a key is the response, whatever happens after it.

The record is created before anything else is written, and holds the prediction and the
response. Whoever comes later with the same key finishes what it says, instead of
classifying into a second prediction (docs/decisions/0002-claim-holds-the-answer.md).
"""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from feedloop.domain import keys, receipts
from feedloop.domain.clock import is_closed, takes_commits
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import (
    AlreadyExists,
    BadRequest,
    Changed,
    DayClosing,
    KeyReused,
    Malformed,
    Missing,
    Unavailable,
)
from feedloop.domain.keys import ObjectRef
from feedloop.domain.prediction import Prediction
from feedloop.http import Event
from feedloop.ports import ObjectStore, Stored

HEADER = "Idempotency-Key"
EXPIRES = timedelta(hours=48)

_PRINTABLE = re.compile(r"[ -~]{1,255}")
_ATTEMPTS = 5  # each lost one means that another call with this key got further


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """A prediction and the response to its caller (without the receipt, which lies nowhere in the store)."""

    prediction: Prediction
    response: Document
    committed: bool = False

    def to_document(self) -> Document:
        """What lies under the key."""
        return {"v": 1, "prediction": self.prediction.to_metadata(), "answer": self.response}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """What `to_document` wrote. Raises Malformed."""
        try:
            return cls(Prediction.from_metadata(document["prediction"]), dict(document["answer"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed(f"not an idempotency record: {error!r}") from error


def record_ref(event: Event, secret: bytes) -> ObjectRef | None:
    """Where the record of the request's Idempotency-Key lies; None without a key. Raises BadRequest."""
    key = event.headers.get(HEADER)
    if key is None:
        return None
    if not _PRINTABLE.fullmatch(key):
        raise BadRequest(f"An {HEADER} is 1 to 255 printable ASCII characters.")
    return keys.request(receipts.digest(key, secret, purpose="request"))


def settle(ref: ObjectRef, fresh: IdempotencyRecord, *, store: ObjectStore, now: datetime) -> IdempotencyRecord:
    """The record that counts: `fresh`, or the one that an earlier call left.

    Raises KeyReused, DayClosing, and Unavailable for a record that cannot be read.
    """
    for _ in range(_ATTEMPTS):
        with suppress(AlreadyExists):
            store.create(ref, dump(fresh.to_document()))
            return fresh
        with suppress(Missing, Changed):  # another call replaced it: follow that one
            return _follow(ref, store.get(ref), fresh, store=store, now=now)
    raise Unavailable(f"Other calls with this {HEADER} are under way. Try again.")


def _follow(
    ref: ObjectRef, stored: Stored, fresh: IdempotencyRecord, *, store: ObjectStore, now: datetime
) -> IdempotencyRecord:
    """The stored record, unless it binds nobody any more: then `fresh` takes its place. Raises Changed."""
    try:
        earlier = IdempotencyRecord.from_document(load(stored.body))
    except Malformed as error:  # it may promise a response that was given: never replaced unread
        raise Unavailable(f"What an earlier call left under this {HEADER} cannot be read. Use another.") from error
    day, expired = earlier.prediction.id.day, now - earlier.prediction.time >= EXPIRES
    if not expired and earlier.prediction.source_sha256 != fresh.prediction.source_sha256:
        raise KeyReused(f"Send another picture with another {HEADER}.")
    if not expired and _is_committed(store, earlier.prediction):
        return replace(earlier, committed=True)
    if is_closed(day, now):  # what has expired, too
        store.replace(ref, dump(fresh.to_document()), etag=stored.etag)
        return fresh
    if not takes_commits(day, now):  # a call that began in time may still be committing it
        raise DayClosing(
            "The first call with this key was cut off just before midnight (UTC). Try again in some minutes."
        )
    return earlier


def _is_committed(store: ObjectStore, prediction: Prediction) -> bool:
    with suppress(Missing):
        store.head(keys.production(prediction.id))
        return True
    return False
