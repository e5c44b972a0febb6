"""One sweep at a time, judged by the store's clock. This only saves work: correctness never rests on it.

The lease object says `running` or `done`. Whoever comes while one runs leaves a `pending`
mark, and the holder runs again: nothing that lands behind a running listing waits for
the next cron. Without the token a sweep starts only some seconds after the last one.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self, TypeVar

from feedloop import log
from feedloop.compare_and_swap import until_first
from feedloop.domain import keys
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing, Unavailable
from feedloop.domain.keys import ObjectRef
from feedloop.ports import ObjectStore, Stored

Result = TypeVar("Result")

COOLDOWN = timedelta(seconds=5)
MOST_DOWN = 20
"""So many failures of the store (or of Label Studio) in a row are no object's own."""
_SKEW = timedelta(minutes=1)  # a lease from further in the future was written before the store's clock was set back
_LONGEST_REASON = 500  # characters of an error in the log: it may quote what somebody wrote
_LARGEST = 1000  # bytes of a lease; ours have 80


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a sweep may run, and how long it rests after the last one."""

    length: timedelta
    rest: timedelta = COOLDOWN


def lease_for(seconds: int, *, trusted: bool = False) -> Lease:
    """A trusted caller's sweep may follow the last one at once; others cannot keep sweeps running without a rest."""
    length = timedelta(seconds=seconds)
    return Lease(length, rest=timedelta(0)) if trusted else Lease(length)


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a run: it finishes what it can, counts the rest, and names what an operator has to decide."""

    counts: Counter[str] = field(default_factory=Counter)
    stopped: tuple[str, ...] = ()

    def __add__(self, other: Self) -> Self:
        return type(self)(self.counts + other.counts, self.stopped + other.stopped)


class ErrorBoundary:
    """Around each object of one run: what goes wrong with one is logged and left to the next run; others go on."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._in_a_row = 0
        self.down: Unavailable | None = None
        """The last failure of the store."""
        self.failed: list[Mapping[str, object]] = []
        """The facts of each object that something went wrong with."""

    def run(self, work: Callable[[], Result], fallback: Result, **facts: object) -> Result:
        """What `work` on one object gives, or `fallback`. Raises Unavailable after MOST_DOWN failures in a row."""
        if self.down and self._in_a_row >= MOST_DOWN:
            raise self.down
        try:
            result = work()
        except Unavailable as error:
            self.down, self._in_a_row = error, self._in_a_row + 1
            self.failed.append(facts)
            log.event(self._event, **facts, why=repr(error))
            if self._in_a_row >= MOST_DOWN:
                raise
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.failed.append(facts)
            log.event(self._event, **facts, why=repr(error)[:_LONGEST_REASON])
        else:
            self._in_a_row = 0
            return result
        return fallback


@dataclass(frozen=True, slots=True)
class _Turn:
    etag: str
    wait: float


@dataclass(frozen=True, slots=True)
class _LeaseState:
    holder: str
    running: bool
    pending: bool


def alone(
    store: ObjectStore,
    name: str,
    sweep: Callable[[], Document],
    *,
    lease: Lease,
    pause: Callable[[float], None] = time.sleep,
) -> Document:
    """The result of `sweep`, or a status that the one under way will look again.

    When others called meanwhile it runs again before this returns, as often as they do: they do not wait for it.
    The result is that of the first run.
    """
    ref, holder = keys.lease(name), secrets.token_hex(8)
    turn = _take(store, ref, holder, lease, pause)
    if turn is None:
        return {"status": "a run is under way and will look again"}
    results = []
    while turn is not None:
        try:
            pause(turn.wait)
            results.append(sweep())
        except BaseException:  # the next one need not wait until our lease has run out
            with suppress(Exception):
                _hand_back(store, ref, holder, turn.etag, again=False)
            raise
        etag = _hand_back(store, ref, holder, turn.etag, again=True)
        turn = _Turn(etag, lease.rest.total_seconds()) if etag else None
    return results[0]


def _take(
    store: ObjectStore, ref: ObjectRef, holder: str, lease: Lease, pause: Callable[[float], None]
) -> _Turn | None:
    """Our turn, or None after leaving a mark with the one who holds the lease."""

    def attempt() -> _Turn | None:
        with suppress(AlreadyExists):
            return _Turn(store.create(ref, _running(holder)), 0.0)
        try:
            return _take_over(store, ref, holder, lease)
        except Missing as error:
            raise Changed(ref.key) from error

    return until_first(ref, attempt, pause=pause)


def _take_over(store: ObjectStore, ref: ObjectRef, holder: str, lease: Lease) -> _Turn | None:
    """Take over a lease that is done, damaged or expired, else leave a mark. Raises Changed and Missing."""
    stored = store.get(ref, most=_LARGEST)
    state, age = _parse(stored), store.now() - stored.modified
    if state.holder == holder:  # our own create, its answer lost
        return _Turn(stored.etag, 0.0)
    if not state.running or not -_SKEW <= age <= lease.length:
        wait = min(max(lease.rest - age, timedelta(0)), lease.rest).total_seconds()
        return _Turn(store.replace(ref, _running(holder), etag=stored.etag), wait)
    if not state.pending:
        store.replace(ref, _running(state.holder, pending=True), etag=stored.etag)
    return None


def _parse(stored: Stored) -> _LeaseState:
    """What a lease holds; one that is damaged is nobody's."""
    try:
        document = load(stored.body)
    except Malformed:
        document = {}
    holder, state, pending = (document.get(name) for name in ("holder", "state", "pending"))
    if not isinstance(holder, str) or not isinstance(pending, bool):
        return _LeaseState("", running=False, pending=False)
    return _LeaseState(holder, running=state == "running" and holder != "", pending=pending)


def _hand_back(store: ObjectStore, ref: ObjectRef, holder: str, etag: str, *, again: bool) -> str | None:
    """End our turn; a new ETag when somebody asked for another run meanwhile, and we run `again`."""
    try:
        store.replace(ref, _done(holder), etag=etag)
    except Changed:
        return _hand_back_marked(store, ref, holder, again=again)
    return None


def _hand_back_marked(store: ObjectStore, ref: ObjectRef, holder: str, *, again: bool) -> str | None:
    with suppress(Changed, Missing):
        stored = store.get(ref, most=_LARGEST)
        if _parse(stored).holder == holder:  # else it was taken over after our lease ran out
            etag = store.replace(ref, _running(holder) if again else _done(holder), etag=stored.etag)
            return etag if again else None
    return None


def _running(holder: str, *, pending: bool = False) -> bytes:
    return dump({"v": 1, "holder": holder, "state": "running", "pending": pending})


def _done(holder: str) -> bytes:
    return dump({"v": 1, "holder": holder, "state": "done", "pending": False})
