"""The blind labels of a window of days: what a model is judged by, because nothing but chance chose the pictures.

Of each closed day only the labelled prefix of the sampling order counts: annotators may leave what is hard for
later, and the part that they did first would be the easy one. The prefix ends at the first prediction without an
answer. A day's predictions are counted as well: a label of a busy day stands for more of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from feedloop.domain import clock, keys
from feedloop.domain.annotations import OTHER, UNCOMMITTED
from feedloop.domain.errors import BadRequest, Malformed, Missing
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import day_files
from feedloop.ports import ObjectStore
from training.data import selection

DAYS = 14
"""How long a window is that nobody chose."""

Answers = Mapping[str, int | str]
"""Random part of a prediction to the class, or to the kind of an outcome."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days from the first to the last."""

    first: str
    last: str

    def __contains__(self, day: str) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Answered:
    """A prediction with its class; None says "none of these", and every answer of a model is wrong."""

    prediction: PredictionId
    truth: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """A closed day: all predictions, those that can judge, and how many answers say nothing (can't tell, disputed)."""

    day: str
    predictions: int
    answered: tuple[Answered, ...]
    silent: int


def answers(store: ObjectStore) -> Answers:
    """All that was ever answered blind."""
    kinds = {
        one.sample_key: kind for kind, one in selection.outcomes(store, keys.RANDOM_SAMPLED) if kind != UNCOMMITTED
    }
    classes = {one.prediction.sample_key: one.class_index for one in selection.labelled(store, keys.RANDOM_SAMPLED)}
    return {**kinds, **classes}


def window(store: ObjectStore, first: str, last: str, *, now: datetime) -> Window:
    """The days asked for, else the newest up to the last closed one with a blind label. Raises BadRequest."""
    found = (one.prediction.day for one in selection.labelled(store, keys.RANDOM_SAMPLED))
    newest = last or max((day for day in found if clock.is_closed(day, now)), default="")
    if not newest:
        raise BadRequest("No closed day has a blind label: let annotators answer the random sample first.")
    first = first or clock.day_of(clock.time_of(newest, 0) - timedelta(days=DAYS - 1))
    if first > newest:
        raise BadRequest(f"The window ends on {newest}, before it begins on {first}.")
    return Window(first, newest)


def read(store: ObjectStore, asked: Window, answered: Answers, *, classes: int, now: datetime) -> list[Day]:
    """The closed days of a window that have a labelled prefix."""
    closed = [day for day in clock.days(asked.first, asked.last) if clock.is_closed(day, now)]
    found = (_day(day, list(_predictions(store, day, classes)), answered) for day in closed)
    return [day for day in found if day.answered]


def sampled(store: ObjectStore) -> set[str]:
    """The sample keys of all that was ever put before annotators blind, answered or not."""
    return {keys.parse_task(keys.RANDOM_SAMPLED, entry.key) for entry in store.list(keys.tasks(keys.RANDOM_SAMPLED))}


def _predictions(store: ObjectStore, day: str, classes: int) -> Iterator[PredictionId]:
    """In the order of their sample keys, from the day's file when there is one."""
    try:
        lines: Iterable[day_files.Line] = list(day_files.filed(store, day))
    except (Missing, Malformed):
        lines = day_files.listed(store, day, classes, ())
    return (PredictionId.parse(line.id(day)) for line in lines)


def _day(day: str, predictions: list[PredictionId], answered: Answers) -> Day:
    prefix = list(takewhile(lambda one: one.sample_key in answered, predictions))
    told = [(one, answered[one.sample_key]) for one in prefix]
    judging = tuple(Answered(one, _truth(said)) for one, said in told if isinstance(said, int) or said == OTHER)
    return Day(day, len(predictions), judging, len(prefix) - len(judging))


def _truth(said: int | str) -> int | None:
    return said if isinstance(said, int) else None
