"""A part that runs but does not answer is ended, so that the supervisor starts it again."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from requests import RequestException

from feedloop import log, web
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.errors import FeedloopError, StoreDown
from feedloop.domain.keys import Place
from local import leftovers
from local.store import Access

Answers = Callable[[], bool]

_TRIES = 6
"""So often somebody is asked before their silence is too long."""
_ANSWER = 5.0  # seconds
_NOWHERE = Place(keys.TRACKING, "probe/nowhere")


@contextmanager
def watched(data_dir: Path, parts: Mapping[str, Answers], silence: float) -> Iterator[None]:
    """Inside, whatever is silent for so many seconds is ended. It then has as long again to come back."""
    told, pause = threading.Event(), patience(silence)
    threading.Thread(target=_watch, args=(data_dir, parts, pause, silence, told), name="watch", daemon=True).start()
    try:
        yield
    finally:
        told.set()


def _watch(data_dir: Path, parts: Mapping[str, Answers], pause: float, silence: float, told: threading.Event) -> None:
    heard = dict.fromkeys(parts, time.monotonic() + silence)  # a first start takes longer
    while not told.wait(pause):
        for part, answers in parts.items():
            if answers():
                heard[part] = time.monotonic()
            elif time.monotonic() - heard[part] > silence and not told.is_set():
                log.event("part.silent", part=part, seconds=round(time.monotonic() - heard[part]), then="started again")
                leftovers.end_leftovers(data_dir, part)
                heard[part] = time.monotonic()


def store_answers(endpoint: str, access: Access, within: float) -> Answers:
    """Tells whether an object can be read and a condition be tried, or the store says at once why not."""
    store = access.open(endpoint, read_timeout=within, request_timeout=within)
    return lambda: _can_be_read(store) and _tries_conditions(store, within)


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
    asked = time.monotonic()
    with suppress(FeedloopError):
        store.replace(_NOWHERE, b"", etag="0" * 32)
    return time.monotonic() - asked < within


def gateway_answers(url: str, within: float = _ANSWER) -> bool:
    """Whether it takes a call."""
    try:
        return web.request("GET", f"{url}/healthz", timeout=within).ok
    except RequestException:
        return False


def patience(silence: float) -> float:
    """Seconds to wait for one answer, where silence may last so long."""
    return silence / _TRIES
