"""What a report is about: days, one model or all, and one class or all."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop.domain import clock
from feedloop.domain.cards import version_of
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import BadRequest
from feedloop.domain.observations import DayCounts, Observation
from feedloop.evidence.day_files import EARLIEST
from feedloop.evidence.evidence import DayEvidence
from feedloop.releases import Pointer

DAYS, MOST_DAYS = 7, 366
JSON, PROMETHEUS = "json", "prometheus"
ALL = "all"
"""All models together; without a model it is the one that serves."""
_VERSION = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_PARAMETERS = {"days", "from", "to", "model", "class", "format"}
MIDNIGHT = "00000"
"""The first second of a day, as predictions' keys spell it."""
OVERLAP = 3600
"""For so many seconds a model may seem to have served before: replicas change over one by one, and clocks differ."""


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """Whole days, and the model and class of the predictions that the report is about."""

    first: str
    last: str
    model: str | None = None
    class_index: int | None = None

    @property
    def version(self) -> str | None:
        """The one model that it is about."""
        return None if self.model == ALL else self.model

    @property
    def days(self) -> list[str]:
        """Every day of it."""
        return list(clock.days(self.first, self.last))

    def is_open(self, now: datetime) -> bool:
        """Whether the last day may still get predictions."""
        return not clock.is_closed(self.last, now)

    @property
    def before(self) -> "ReportQuery":
        """The days before the first, as many as there are."""
        begin, count = clock.time_of(self.first, 0), len(self.days)
        first, last = (clock.day_of(begin - timedelta(days=back)) for back in (count, 1))
        return ReportQuery(first, last, self.model, self.class_index)


def parse_query(query: Mapping[str, str], *, classes: ClassList, now: datetime) -> ReportQuery:
    """The query that these parameters spell. Raises BadRequest with what would be right."""
    if unknown := sorted(set(query) - _PARAMETERS):
        raise BadRequest(f"There is no parameter {unknown[0]!r}; use {', '.join(sorted(_PARAMETERS))}.")
    first, last = _days(query, now)
    class_index = classes.index(query["class"]) if "class" in query else None
    return ReportQuery(first, last, _model(query.get("model")), class_index)


def parse_format(query: Mapping[str, str], accept: str) -> str:
    """JSON, or PROMETHEUS for who says so, or takes no JSON but plain text. Raises BadRequest."""
    wanted = query.get("format")
    if wanted not in (None, JSON, PROMETHEUS):
        raise BadRequest(f"Give the format as {JSON} or {PROMETHEUS}.")
    plain = "text/plain" in accept and JSON not in accept and "text/html" not in accept
    return wanted or (PROMETHEUS if plain or "openmetrics" in accept else JSON)


def _days(query: Mapping[str, str], now: datetime) -> tuple[str, str]:
    yesterday = clock.day_before(now)
    last = _day("to", query["to"]) if "to" in query else yesterday
    if last > clock.day_of(now):
        raise BadRequest(f"The last day, {last}, has not come yet.")
    if "from" not in query:
        return clock.day_of(clock.time_of(last, 0) - timedelta(days=_count(query.get("days")) - 1)), last
    if "days" in query:
        raise BadRequest("Give either days or from, not both.")
    first = _day("from", query["from"])
    if first > last:
        raise BadRequest(f"The first day, {first}, is after the last one, {last}.")
    if (clock.time_of(last, 0) - clock.time_of(first, 0)).days >= MOST_DAYS:
        raise BadRequest(f"A report covers at most {MOST_DAYS} days.")
    return first, last


def _day(name: str, text: str) -> str:
    try:
        day = clock.day_of(clock.time_of(text, 0))
    except ValueError as error:
        raise BadRequest(f"Give {name} as yyyymmdd, for example 20261122.") from error
    if day < EARLIEST:
        raise BadRequest(f"There are no predictions before {EARLIEST}.")
    return day


def _count(text: str | None) -> int:
    try:
        count = DAYS if text is None else int(text)
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_DAYS:
        raise BadRequest(f"Give days as a number from 1 to {MOST_DAYS}.")
    return count


def _model(text: str | None) -> str | None:
    if text is None or text == ALL:
        return text
    if not _VERSION.fullmatch(text):
        raise BadRequest(
            f"Give the model as the first eight hexadecimal digits of its version, for example 9f2c11aa, or as {ALL}."
        )
    return text[:8]


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Predictions of one model and class, or (None) of any; with `since`, a day and its second, only from then on."""

    model: str | None = None
    class_index: int | None = None
    since: tuple[str, str] | None = None

    def counts(self, day: DayEvidence) -> DayCounts:
        """A day's counts of them."""
        begin, second = self.since or ("", MIDNIGHT)
        if day.day < begin:
            return DayCounts(day.day, {}, {})
        counts = day.counts.without(day.early) if day.day == begin and second > MIDNIGHT else day.counts
        return counts.only(model=self.model, predicted=self.class_index)

    def observations(self, days: Iterable[DayEvidence]) -> Iterator[Observation]:
        """Those that people were asked about."""
        return (
            one
            for day in days
            for one in day.observations
            if self.model in {None, one.model}
            and self.class_index in {None, one.predicted}
            and (self.since is None or (one.day, one.second) >= self.since)
        )


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


def find_switch(evidence: Sequence[DayEvidence], first: str, pointer: Pointer | None, now: datetime) -> Switch | None:
    """The switch that these days show, of which the report's begin with `first`; None for days of a single model."""
    served = {day.day: day.counts.by_model for day in evidence if day.counts.cells}
    if max(served, default="") < first or len(set().union(*served.values())) == 1:
        return None
    if pointer and pointer.moved_at and pointer.moved_at <= now:
        day, model = clock.day_of(pointer.moved_at), pointer.version
        begin = day, f"{clock.second_of_day(pointer.moved_at):05d}" if _came_back(evidence, model, day) else MIDNIGHT
        serving = ReportFilter(model, since=begin)
        if any(serving.counts(one).cells for one in evidence if one.day >= first):
            replaced = _replaced(served, model, day, version_of(pointer.previous))
            return Switch(model, begin, pointer.moved_at, replaced, serves_now=True)
    serves = pointer.version if pointer else None
    newest = _newest(served, serves)
    begin = _began(served, newest), MIDNIGHT
    return Switch(newest, begin, None, _replaced(served, newest, begin[0]), serves in (None, newest))


def _came_back(evidence: Sequence[DayEvidence], model: str, day: str) -> bool:
    """Whether a model that serves since this day had served, and another one between: else all it predicted counts."""
    if any(model in one.counts.by_model for one in evidence if one.day < day):
        return True
    early = next((one.early_seconds for one in evidence if one.day == day), {})
    others = [last for other, (_, last) in early.items() if other != model]
    return model in early and max(others, default=0) - early[model][0] > OVERLAP


def _newest(served: Mapping[str, Mapping[str, int]], pointed_to: str | None) -> str:
    """Of the last day's models the one that is to serve, else one that was not there before, else the busiest."""
    *_, before, last = [{}, *(served[day] for day in sorted(served))]
    return max(last, key=lambda model: (model == pointed_to, model not in before, last[model], model))


def _began(served: Mapping[str, Mapping[str, int]], model: str) -> str:
    """The first of the days on which it answered, back from the last one without a day of others only."""
    began = ""
    for day in sorted(served, reverse=True):
        if model not in served[day]:
            break
        began = day
    return began


def _replaced(served: Mapping[str, Mapping[str, int]], model: str, began: str, previous: str = "") -> str | None:
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
