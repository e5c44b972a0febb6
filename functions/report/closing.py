"""Writing closed days down, each once, in a form that listings would give again.

Nothing is committed to a closed day, so whoever comes late, twice or after a kill writes the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from feedloop.domain import clock, keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import AlreadyExists
from feedloop.evidence import day_files, human_labels
from feedloop.ports import ObjectStore
from feedloop.sweeps import ErrorBoundary

_FAILED = -1


def close(store: ObjectStore, *, classes: int, now: datetime) -> Document:
    """Write every closed day that is not written yet, since the first of which there is a prediction.

    What goes wrong with one day is its own: it comes again.
    """
    known = day_files.written_days(store)
    missing = [day for day in _closed_days(store, classes, now) if day not in known]
    queues = (keys.LOW_CONFIDENCE, keys.RANDOM_SAMPLED)
    low, sampled = (human_labels.list_tasks(store, queue) if missing else set() for queue in queues)

    def write(day: str) -> int:
        body, count = day_files.serialise(day, day_files.list_predictions(store, day, classes, low), sampled)
        with suppress(AlreadyExists):  # somebody was first, perhaps we ourselves, with the same
            store.create(keys.day_file(day), body, content_type="application/jsonl")
        return count

    boundary = ErrorBoundary("report.failed")
    counted = {day: boundary.run(partial(write, day), _FAILED, day=day) for day in missing}
    closed = {day: count for day, count in counted.items() if count != _FAILED}
    failed = {"failed": len(counted) - len(closed)} if len(closed) < len(counted) else {}
    return {"closed": list(closed), "predictions": sum(closed.values()), "known": len(known), **failed}


def last_closed(now: datetime) -> str:
    """The newest day that is final."""
    yesterday = clock.day_before(now)
    return yesterday if clock.is_closed(yesterday, now) else clock.day_before(now - timedelta(days=1))


def _closed_days(store: ObjectStore, classes: int, now: datetime) -> Iterator[str]:
    first, last = day_files.first_day(store, classes), last_closed(now)
    return clock.days(first, last) if first else iter(())
