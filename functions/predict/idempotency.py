"""Idempotency-Key: the first answer under a key is the answer, whatever happens after it.

The claim is created before anything else is written, and holds the prediction's record
and the answer. Whoever comes later with the same key finishes what it says, instead of
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
_ROUNDS = 5  # each lost round means that another call with this key got further


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """A prediction and its answer (without the receipt, which lies nowhere in the store)."""

    prediction: Prediction
    answer: Document
    committed: bool = False

    def to_document(self) -> Document:
        """What lies under the key."""
        return {"v": 1, "prediction": self.prediction.to_metadata(), "answer": self.answer}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a claim back. Raises Malformed."""
        try:
            return cls(Prediction.from_metadata(document["prediction"]), dict(document["answer"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed(f"not a claim: {error!r}") from error


def key_of(event: Event, secret: bytes) -> ObjectRef | None:
    """Where the claim of the request's Idempotency-Key lies; None without a key. Raises BadRequest."""
    key = event.headers.get(HEADER)
    if key is None:
        return None
    if not _PRINTABLE.fullmatch(key):
        raise BadRequest(f"An {HEADER} is 1 to 255 printable ASCII characters.")
    return keys.request(receipts.digest(key, secret, purpose="request"))


def settle(ref: ObjectRef, fresh: IdempotencyRecord, *, store: ObjectStore, now: datetime) -> IdempotencyRecord:
    """The claim that holds: `fresh`, or the one that an earlier call left.

    Raises KeyReused, DayClosing, and Unavailable for a claim that cannot be read.
    """
    for _ in range(_ROUNDS):
        with suppress(AlreadyExists):
            store.create(ref, dump(fresh.to_document()))
            return fresh
        with suppress(Missing, Changed):  # another call replaced it: follow that one
            return _follow(ref, store.get(ref), fresh, store=store, now=now)
    raise Unavailable(f"Other calls with this {HEADER} are under way. Try again.")


def _follow(
    ref: ObjectRef, found: Stored, fresh: IdempotencyRecord, *, store: ObjectStore, now: datetime
) -> IdempotencyRecord:
    """The found claim, unless it binds nobody any more: then `fresh` takes its place. Raises Changed."""
    earlier = _read(found)
    day, expired = earlier.prediction.id.day, now - earlier.prediction.time >= EXPIRES
    if not expired and earlier.prediction.source_sha256 != fresh.prediction.source_sha256:
        raise KeyReused(f"Send another picture with another {HEADER}.")
    if not expired and _is_committed(store, earlier.prediction):
        return replace(earlier, committed=True)
    if is_closed(day, now):  # what has expired, too
        store.replace(ref, dump(fresh.to_document()), etag=found.etag)
        return fresh
    if not takes_commits(day, now):  # a call that began in time may still be committing it
        raise DayClosing(
            "The first call with this key was cut off just before midnight (UTC). Try again in some minutes."
        )
    return earlier


def _read(found: Stored) -> IdempotencyRecord:
    try:
        return IdempotencyRecord.from_document(load(found.body))
    except Malformed as error:  # it may promise an answer that was given: never replaced unread
        raise Unavailable(f"What an earlier call left under this {HEADER} cannot be read. Use another.") from error


def _is_committed(store: ObjectStore, prediction: Prediction) -> bool:
    with suppress(Missing):
        store.head(keys.production(prediction.id))
        return True
    return False
