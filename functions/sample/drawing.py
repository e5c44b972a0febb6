"""Drawing a day's sample: one LIST of k keys per class, two calls per task."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from feedloop import reviews
from feedloop.domain import clock, keys, sampling
from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed
from feedloop.domain.prediction import PredictionId
from feedloop.ports import ObjectStore
from feedloop.sweeps import ErrorBoundary

QUEUED, KNOWN, FAILED = "queued", "known", "failed"


def draw_sample(day: str, count: int, *, store: ObjectStore, classes: int, now: datetime) -> Document:
    """Queue the first `count` predictions of a day in their sample order; how many are new.

    A day that is still open gives a provisional sample: later uploads may belong to it too.
    """
    by_class = [_of_class(store, index, day, count) for index in range(classes)]
    sample = sampling.first(count, by_class)
    boundary = ErrorBoundary("sample.failed")
    came = Counter(_queue(store, prediction, boundary) for prediction in sample)
    return {
        "date": day,
        "provisional": not clock.is_closed(day, now),
        "sampled": len(sample),
        "queued": came[QUEUED],
        "known": came[KNOWN],
        **({FAILED: came[FAILED]} if came[FAILED] else {}),
    }


def _of_class(store: ObjectStore, index: int, day: str, count: int) -> Iterator[PredictionId]:
    for entry in store.list(keys.production_day(index, day), limit=count):
        try:
            yield keys.parse_production(entry.key)
        except Malformed:
            continue  # somebody else's object: it was never a prediction


def _queue(store: ObjectStore, prediction: PredictionId, boundary: ErrorBoundary) -> str:
    def work() -> str:
        store.copy(
            keys.production(prediction), keys.image(prediction.sample_key)
        )  # the same bytes, if it was there already
        return QUEUED if reviews.queue_blind(store, prediction) else KNOWN

    return boundary.run(work, FAILED, prediction=str(prediction))
