"""Which model a report is about: the one that serves, from the moment since which it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feedloop.domain.clock import day_of, second_of_day
from feedloop.evidence.evidence import DayEvidence
from feedloop.releases import Pointer

from .counting import MIDNIGHT, Narrowed

OVERLAP = 3600
"""For so many seconds a model may seem to have served before: replicas change over one by one, and clocks differ."""

Models = Mapping[str, int]
"""How many predictions of a day each model made."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Days of more than one model: the last that answered in them, and the one whose place it took."""

    model: str
    begin: tuple[str, str]
    """The day and its second from which its predictions count: what it did in an earlier time does not."""
    since: datetime | None
    """The same moment as the registry tells it; None when only the days' predictions tell it, to a day."""
    replaced: str | None
    serves_now: bool


def version(pointer: Pointer | None) -> str | None:
    """The model that serves now, as predictions name it."""
    return pointer.sha256[:8] if pointer else None


def find(facts: Sequence[DayEvidence], first: str, pointer: Pointer | None, now: datetime) -> Switch | None:
    """The switch that these days tell of, of which the window begins with `first`; None for days of a single model."""
    served = {day.day: day.counts.by_model for day in facts if day.counts.cells}
    window = [day for day in served if day >= first]
    if not window or len(set().union(*served.values())) == 1:
        return None
    if pointer and pointer.moved_at and pointer.moved_at <= now:
        day, model = day_of(pointer.moved_at), pointer.sha256[:8]
        begin = day, f"{second_of_day(pointer.moved_at):05d}" if _came_back(facts, model, day) else MIDNIGHT
        serving = Narrowed(model, since=begin)
        if any(serving.counts(one).cells for one in facts if one.day >= first):
            replaced = _replaced(served, model, day, pointer.previous[:8])
            return Switch(model, begin, pointer.moved_at, replaced, serves_now=True)
    newest = _newest(served, version(pointer))
    begin = _began(served, newest), MIDNIGHT
    return Switch(newest, begin, None, _replaced(served, newest, begin[0]), version(pointer) in (None, newest))


def _came_back(facts: Sequence[DayEvidence], model: str, day: str) -> bool:
    """Whether a model that serves since this day had served, and another one between: else all it predicted counts."""
    if any(model in one.counts.by_model for one in facts if one.day < day):
        return True
    early = next((one.early_seconds for one in facts if one.day == day), {})
    others = [last for other, (_, last) in early.items() if other != model]
    return model in early and max(others, default=0) - early[model][0] > OVERLAP


def _newest(served: Mapping[str, Models], pointed_to: str | None) -> str:
    """Of the last day's models the one that is to serve, else one that was not there before, else the busiest."""
    *_, before, last = [{}, *(served[day] for day in sorted(served))]
    return max(last, key=lambda model: (model == pointed_to, model not in before, last[model], model))


def _began(served: Mapping[str, Models], model: str) -> str:
    """The first of the days on which it answered, back from the last one without a day of others only."""
    began = ""
    for day in sorted(served, reverse=True):
        if model not in served[day]:
            break
        began = day
    return began


def _replaced(served: Mapping[str, Models], model: str, began: str, previous: str = "") -> str | None:
    """Whose place it took: the registry's word, else the busiest other model of the last day until then."""
    others = [
        {one: count for one, count in served[day].items() if one != model}
        for day in sorted(served, reverse=True)
        if day <= began
    ]
    if any(previous in models for models in others):
        return previous
    last = next(filter(None, others), {})
    return max(last, key=lambda one: (last[one], one), default=None)
