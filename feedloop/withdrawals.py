"""The guard before mass withdrawals: what it holds back, and what an operator releases once.

One object for each queue. `held` is what curate's last sweep did not withdraw, `spared` are files that sync did not
remove although Label Studio has their annotations no more. `release` lets them go, so many annotations until a moment;
what was withdrawn since it was given counts against it, so that a sweep that is killed and begun again, or deletions
that come one by one, use it up once. A store's key of before may have no right there: then nothing is known, and the
guard holds as it always did.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from feedloop.compare_and_swap import until_first
from feedloop.domain import keys
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import Malformed, Missing, StoreMisconfigured
from feedloop.ports import ObjectStore, Stored

_LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """So many of a queue's annotations had vanished at that time, and all of them were held back."""

    vanished: int
    known: int
    at: datetime

    def to_document(self) -> Document:
        """Its part of the object, and of a report."""
        return {"vanished": self.vanished, "known": self.known, "at": iso(self.at)}


@dataclass(frozen=True, slots=True)
class Release:
    """`count` annotations may be withdrawn until then, besides the `gone_before` that already were."""

    count: int
    gone_before: int
    until: datetime

    def left(self, gone: int, now: datetime) -> int:
        """How many may be withdrawn still, when so many have been."""
        return max(0, self.count - max(0, gone - self.gone_before)) if now < self.until else 0

    def to_document(self) -> Document:
        """Its part of the object, and of a report."""
        return {"count": self.count, "gone_before": self.gone_before, "until": iso(self.until)}


@dataclass(frozen=True, slots=True)
class Guard:
    """What is known of one queue."""

    held: Held | None = None
    spared: Held | None = None
    release: Release | None = None

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """What an object says; one that is damaged holds and releases nothing."""
        try:
            document = load(stored.body)
            return cls(_held(document.get("held")), _held(document.get("spared")), _release(document.get("release")))
        except (Malformed, KeyError, TypeError, ValueError):
            return cls()

    def to_document(self) -> Document:
        """The object."""
        parts = {"held": self.held, "spared": self.spared, "release": self.release}
        return {"v": 1, **{name: part.to_document() if part else None for name, part in parts.items()}}


def of(store: ObjectStore, queue: str) -> Guard:
    """What is known of a queue. Raises Unavailable."""
    try:
        return Guard.read(store.get(keys.guard(queue), most=_LARGEST))
    except (Missing, StoreMisconfigured):
        return Guard()


def known(store: ObjectStore) -> Iterator[tuple[str, Guard]]:
    """Each queue of which something is known. Raises Unavailable."""
    there = set[str]()
    with suppress(StoreMisconfigured):
        there = {entry.key for entry in store.list(keys.guard())}
    for queue in keys.QUEUES:
        if keys.guard(queue).key in there:
            yield queue, of(store, queue)


def hold(store: ObjectStore, queue: str, held: Held | None) -> None:
    """Say what is held back now. Raises Unavailable."""
    with suppress(StoreMisconfigured):
        _change(store, queue, lambda guard: replace(guard, held=held))


def spare(store: ObjectStore, queue: str, spared: Held | None) -> None:
    """Say which files are not removed now. Raises Unavailable."""
    with suppress(StoreMisconfigured):
        _change(store, queue, lambda guard: replace(guard, spared=spared))


def release(store: ObjectStore, queue: str, given: Release) -> None:
    """Give a release, in the place of one before it. Raises Unavailable."""
    _change(store, queue, lambda guard: replace(guard, release=given))


def _change(store: ObjectStore, queue: str, edit: Callable[[Guard], Guard]) -> None:
    ref = keys.guard(queue)

    def attempt() -> None:
        try:
            stored = store.get(ref, most=_LARGEST)
        except Missing:
            store.create(ref, dump(edit(Guard()).to_document()))
            return
        if (after := edit(before := Guard.read(stored))) != before:
            store.replace(ref, dump(after.to_document()), etag=stored.etag)

    until_first(ref, attempt)


def _held(part: Any) -> Held | None:  # noqa: ANN401 - whatever a document holds
    return Held(int(part["vanished"]), int(part["known"]), parse_iso(part["at"])) if part else None


def _release(part: Any) -> Release | None:  # noqa: ANN401 - whatever a document holds
    return Release(int(part["count"]), int(part["gone_before"]), parse_iso(part["until"])) if part else None
