"""The guard before mass withdrawals: what it holds back, and what an operator approves once.

One object for each queue. `held` is what curate's last sweep did not withdraw, `spared` are files that sync did not
remove although Label Studio has their annotations no more. An approval (`release` in the object and in calls) lets them
go, so many annotations until a moment; what was withdrawn since it was given counts against it, so that a sweep that is
killed and begun again, or deletions that come one by one, use it up once. A store's key of before may have no right
there: then nothing is known, and the guard holds as it always did.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

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

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Raises KeyError, TypeError and ValueError."""
        return cls(int(document["vanished"]), int(document["known"]), parse_iso(document["at"]))


@dataclass(frozen=True, slots=True)
class Approval:
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

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Raises KeyError, TypeError and ValueError."""
        return cls(int(document["count"]), int(document["gone_before"]), parse_iso(document["until"]))


@dataclass(frozen=True, slots=True)
class Guard:
    """What is known of one queue."""

    held: Held | None = None
    spared: Held | None = None
    approval: Approval | None = None

    def to_document(self) -> Document:
        """The object."""
        parts = {"held": self.held, "spared": self.spared, "release": self.approval}
        return {"v": 1, **{name: part.to_document() if part else None for name, part in parts.items()}}


def fetch_guard(store: ObjectStore, queue: str) -> Guard:
    """What is known of a queue. Raises Unavailable."""
    try:
        return _parse(store.get(keys.guard(queue), most=_LARGEST))
    except (Missing, StoreMisconfigured):
        return Guard()


def fetch_guards(store: ObjectStore) -> Iterator[tuple[str, Guard]]:
    """Each queue of which something is known. Raises Unavailable."""
    present = set[str]()
    with suppress(StoreMisconfigured):
        present = {entry.key for entry in store.list(keys.guard())}
    for queue in keys.QUEUES:
        if keys.guard(queue).key in present:
            yield queue, fetch_guard(store, queue)


def hold(store: ObjectStore, queue: str, held: Held | None) -> None:
    """Write what is held back now. Raises Unavailable."""
    with suppress(StoreMisconfigured):
        _change(store, queue, lambda guard: replace(guard, held=held))


def spare(store: ObjectStore, queue: str, spared: Held | None) -> None:
    """Write which files are not removed now. Raises Unavailable."""
    with suppress(StoreMisconfigured):
        _change(store, queue, lambda guard: replace(guard, spared=spared))


def approve(store: ObjectStore, queue: str, approval: Approval) -> None:
    """Give an approval, instead of one before it. Raises Unavailable."""
    _change(store, queue, lambda guard: replace(guard, approval=approval))


def _change(store: ObjectStore, queue: str, edit: Callable[[Guard], Guard]) -> None:
    ref = keys.guard(queue)

    def attempt() -> None:
        try:
            stored = store.get(ref, most=_LARGEST)
        except Missing:
            store.create(ref, dump(edit(Guard()).to_document()))
            return
        if (after := edit(before := _parse(stored))) != before:
            store.replace(ref, dump(after.to_document()), etag=stored.etag)

    until_first(ref, attempt)


def _parse(stored: Stored) -> Guard:
    """What an object holds; one that is damaged holds and approves nothing."""
    try:
        document = load(stored.body)
        held, spared, approval = (document.get(name) for name in ("held", "spared", "release"))
        return Guard(
            Held.from_document(held) if held else None,
            Held.from_document(spared) if spared else None,
            Approval.from_document(approval) if approval else None,
        )
    except (Malformed, KeyError, TypeError, ValueError):
        return Guard()
