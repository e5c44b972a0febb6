"""The blind labels of a window of days: what a model is judged by, because nothing but chance chose the pictures.

The same evidence as a report's: of each closed day only the labelled prefix counts. A day's predictions are counted as
well: a label of a busy day stands for more of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop.domain import clock, keys
from feedloop.domain.answers import OTHER, is_known
from feedloop.domain.errors import BadRequest
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import evidence, human_labels
from feedloop.evidence.evidence import DayEvidence
from feedloop.ports import ObjectStore

DAYS = 14
"""How long a window is that nobody chose."""


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


def window(store: ObjectStore, first: str, last: str, *, now: datetime) -> Window:
    """The days asked for, else the newest up to the last closed one with a blind label. Raises BadRequest."""
    days = {prediction.day for _, prediction, _ in human_labels.list_pictures(store, keys.RANDOM_SAMPLED)}
    newest = last or max((day for day in days if clock.is_closed(day, now)), default="")
    if not newest:
        raise BadRequest("No closed day has a blind label: let annotators answer the random sample first.")
    first = first or clock.day_of(clock.time_of(newest, 0) - timedelta(days=DAYS - 1))
    if first > newest:
        raise BadRequest(f"The window ends on {newest}, before it begins on {first}.")
    return Window(first, newest)


def fetch(store: ObjectStore, window: Window, *, classes: int, now: datetime) -> list[Day]:
    """The closed days of a window that have a labelled prefix which tells something."""
    closed = [day for day in clock.days(window.first, window.last) if clock.is_closed(day, now)]
    labels = human_labels.fetch(store, classes=classes)
    days = (_judging(day) for day in evidence.fetch(store, closed, labels, classes=classes, now=now))
    return [day for day in days if day.answered]


def _judging(day: DayEvidence) -> Day:
    blind = [(one, one.blind) for one in day.observations if one.blind is not None]
    known = tuple(Answered(one.id, None if answer == OTHER else answer) for one, answer in blind if is_known(answer))
    return Day(day.day, day.counts.predictions, known, len(blind) - len(known))
