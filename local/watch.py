"""A service that runs but does not answer is ended, so that the supervisor starts it again."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import md5
from itertools import count, cycle
from pathlib import Path

from requests import RequestException

from feedloop import http_client, log
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.errors import AlreadyExists, FeedloopError, StoreDown
from feedloop.domain.keys import ObjectRef
from local import processes
from local.store import Access

Probe = Callable[[], bool]

_TRIES = 6
"""So often somebody is asked before their silence is too long."""
_ANSWER = 5.0  # seconds
_NOWHERE = ObjectRef(keys.TRACKING, "probe/nowhere")
_INDEXES = 8
_FULL = 10_000_000
"""Bytes: with fewer free a disk counts as full."""


@contextmanager
def watched(data_dir: Path, services: Mapping[str, Probe], silence: float) -> Iterator[None]:
    """Inside, whatever is silent for so many seconds is ended. It then has as long again to come back."""
    stopped, pause = threading.Event(), patience(silence)
    threading.Thread(
        target=_watch, args=(data_dir, services, pause, silence, stopped), name="watch", daemon=True
    ).start()
    try:
        yield
    finally:
        stopped.set()


def _watch(
    data_dir: Path, services: Mapping[str, Probe], pause: float, silence: float, stopped: threading.Event
) -> None:
    heard = dict.fromkeys(services, time.monotonic() + silence)  # a first start takes longer
    while not stopped.wait(pause):
        for service, responds in services.items():
            if responds():
                heard[service] = time.monotonic()
            elif time.monotonic() - heard[service] > silence and not stopped.is_set():
                log.event(
                    "part.silent", part=service, seconds=round(time.monotonic() - heard[service]), then="started again"
                )
                processes.end(data_dir, service)
                heard[service] = time.monotonic()


def store_probe(endpoint: str, access: Access, within: float, disk: Path) -> Probe:
    """Tells whether an object can be read, a condition be tried and a name be written, or a restart would not help."""
    store = access.open(endpoint, read_timeout=within, request_timeout=within)
    writes = _Writing(store, disk)
    return lambda: _can_be_read(store) and _tries_conditions(store, within) and writes.answers()


class _Writing:
    """Whether every folder takes an object.

    SeaweedFS keeps the names of objects in eight indexes (LevelDB). One that has met a full disk refuses every write
    until the store is started again, with room or without; the others go on, and so does reading.
    """

    def __init__(self, store: S3Store, disk: Path) -> None:
        self._store, self._disk = store, disk
        bucket = store.url(ObjectRef(keys.TRACKING, "")).removeprefix("s3://").rstrip("/")
        self._probes = cycle(_probes(f"/buckets/{bucket}"))
        self._refused: ObjectRef | None = None
        self._refusals = 0
        self._rest = 0  # rounds without a probe
        self._hurry = 0  # probes without a rest: the disk was full

    def answers(self) -> bool:
        """Writes an object now and then, in one folder after the other; in one that refused until it takes the object.

        True also while the disk is full, or where a restart has not helped: another would not either.
        """
        if shutil.disk_usage(self._disk).free < _FULL:
            if not self._hurry:
                log.event("disk.full", at=str(self._disk), then="make room")
            self._hurry = _INDEXES
            return True
        if self._rest:
            self._rest -= 1
            return True
        ref = self._refused or next(self._probes)
        error = self._error(ref)
        if error:
            return self._suffers(ref, error)
        self._refused, self._refusals = None, 0
        self._hurry = max(0, self._hurry - 1)
        self._rest = 0 if self._hurry else _TRIES - 1
        return True

    def _suffers(self, ref: ObjectRef, error: str) -> bool:
        self._refused = ref
        self._refusals += 1
        helpless = self._refusals > 2 * _TRIES
        if self._refusals in (1, 2 * _TRIES + 1):
            log.event("store.refuses", folder=ref.key, says=error, then="left so" if helpless else "started again")
        return helpless

    def _error(self, ref: ObjectRef) -> str:
        """What the store says against an object without content; an earlier one's leftover is taken away."""
        try:
            with suppress(AlreadyExists):
                self._store.create(ref, b"")
            self._store.delete(ref)
        except StoreDown as error:
            return str(error)
        except FeedloopError:  # a start begins without buckets
            return ""
        return ""


def _probes(bucket: str) -> list[ObjectRef]:
    """One object in each of SeaweedFS's indexes: it chooses by the MD5 of the folder's path."""
    probes: dict[int, ObjectRef] = {}
    for number in count():
        folder = f"probe/{number}"
        index = md5(f"{bucket}/{folder}".encode(), usedforsecurity=False).digest()[-1] % _INDEXES
        probes.setdefault(index, ObjectRef(keys.TRACKING, f"{folder}/written"))
        if len(probes) == _INDEXES:
            break
    return list(probes.values())


def _can_be_read(store: S3Store) -> bool:
    try:
        store.get(keys.current_model())
    except StoreDown:
        return False
    except FeedloopError:  # a start begins without buckets, and a model may be missing
        return True
    return True


def _tries_conditions(store: S3Store, within: float) -> bool:
    """Nothing is written: no object has this ETag. A full disk is told at once, and no restart mends it."""
    began = time.monotonic()
    with suppress(FeedloopError):
        store.replace(_NOWHERE, b"", etag="0" * 32)
    return time.monotonic() - began < within


def gateway_responds(url: str, within: float = _ANSWER) -> bool:
    """Whether it takes a call."""
    try:
        return http_client.request("GET", f"{url}/healthz", timeout=within).ok
    except RequestException:
        return False


def patience(silence: float) -> float:
    """Seconds to wait for one answer, where silence may last so long."""
    return silence / _TRIES
