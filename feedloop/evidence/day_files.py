"""The predictions of a day, in the order of their sample keys: from the day's file, or from listings.

A day's file is derived from the listings of a closed day, so both tell the same. It has one line of JSON
per prediction below a line that counts them; whoever deletes it gets it again with the next closing.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from heapq import merge
from operator import attrgetter
from sys import intern

from feedloop.domain import clock, keys
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import Malformed
from feedloop.domain.observations import ListedPrediction
from feedloop.domain.prediction import CERTAIN
from feedloop.ports import ForEach, ObjectStore

EARLIEST = "20000101"
"""There are no predictions of an earlier day."""

MOST_SURE, LAST_SECOND = "1000", "86399"
"""As they stand in keys: no prediction has more."""

_LINE = re.compile(
    rb'\{"id":"\d{8}-(\d{2,4})-(0\d{3}|1000)-([0-9a-f]{8})-([0-9a-f]{32})-([0-7]\d{4}|8[0-5]\d{3}|86[0-3]\d{2})",'
    rb'"class_index":\d+,"confidence":[\d.]+,"model":"[0-9a-f]{8}","low":(true|false),"sampled":(?:true|false)\}\n'
)


def list_predictions(store: ObjectStore, day: str, classes: int, low: Collection[str]) -> Iterator[ListedPrediction]:
    """A day's predictions as production lists them; `low` are the sample keys of the low-confidence queue."""
    by_class = [
        (
            ListedPrediction(int(predicted), int(per_mille), intern(model), sample_key in low, sample_key, second)
            for predicted, _, sample_key, per_mille, model, second in _split(store, keys.production_day(index, day))
        )
        for index in range(classes)
    ]
    return merge(*by_class, key=attrgetter("sample_key"))


def fetch(store: ObjectStore, day: str) -> Iterator[ListedPrediction]:
    """A day's predictions as its file tells them. Raises Missing, and Malformed when it is not whole."""
    return _parse(store.get(keys.day_file(day)).body, day)


def serialise(day: str, predictions: Iterable[ListedPrediction], sampled: Collection[str]) -> tuple[bytes, int]:
    """The content of a day's file, and how many predictions it has; `sampled` are the random sample's sample keys."""
    lines = [_to_line(day, one, sampled=one.sample_key in sampled) for one in predictions]
    header = dump({"v": 1, "day": day, "predictions": len(lines)})
    return b"\n".join((header, *lines, b"")), len(lines)


def written_days(store: ObjectStore) -> set[str]:
    """The days that have a file."""
    named = (keys.parse_day_file(entry.key) for entry in store.list(keys.day_file()))
    return {day for day in named if day}


def first_day(store: ObjectStore, classes: int, for_each: ForEach = map) -> str | None:
    """The first day of which production holds a prediction; None when it is empty."""
    days = for_each(lambda index: next(_days(store, index), None), range(classes))
    return min((day for day in days if day), default=None)


def _days(store: ObjectStore, index: int) -> Iterator[str]:
    """The days of a class, once for each prediction; what nobody can have predicted then is left out."""
    for _, day, *_rest in _split(store, keys.production_day(index, "")):
        with suppress(ValueError):
            if day >= EARLIEST:
                clock.time_of(day, 0)
                yield day


def _split(store: ObjectStore, folder: keys.ObjectRef) -> Iterator[tuple[str, ...]]:
    """What else lies there was never a prediction."""
    split = filter(None, (keys.split_production(entry.key) for entry in store.list(folder)))
    return (parts for parts in split if parts[3] <= MOST_SURE and parts[5] <= LAST_SECOND)


def _to_line(day: str, one: ListedPrediction, *, sampled: bool) -> bytes:
    words, confidence = ("false", "true"), f"{one.per_mille:04d}"
    return (
        f'{{"id":"{day}-{one.predicted:02d}-{confidence}-{one.model}-{one.sample_key}-{one.second}",'
        f'"class_index":{one.predicted},"confidence":{one.per_mille / CERTAIN},'
        f'"model":"{one.model}","low":{words[one.low]},"sampled":{words[sampled]}}}'
    ).encode()


def _parse(body: bytes, day: str) -> Iterator[ListedPrediction]:
    end = body.find(b"\n") + 1
    header = load(body[:end])
    if (header.get("v"), header.get("day"), header.get("predictions")) != (1, day, body.count(b"\n") - 1):
        raise Malformed(f"the file of {day} is not whole")
    while end < len(body):
        match = _LINE.match(body, end)
        if match is None:
            raise Malformed(f"the file of {day} is damaged at byte {end}")
        predicted, per_mille, model, sample_key, second, low = match.groups()
        yield ListedPrediction(
            int(predicted), int(per_mille), intern(model.decode()), low == b"true", sample_key.decode(), second.decode()
        )
        end = match.end()
