"""The query of a report: days, and if wanted one model and one class."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop.domain import clock
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import BadRequest
from feedloop.evidence.day_files import EARLIEST

DAYS, MOST_DAYS = 7, 366
JSON, PROMETHEUS = "json", "prometheus"
ALL = "all"
"""All models together; without a model it is the one that serves."""
_VERSION = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_PARAMETERS = {"days", "from", "to", "model", "class", "format"}


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
    return ReportQuery(first, last, _model(query.get("model")), _class(query.get("class"), classes))


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


def _class(name: str | None, classes: ClassList) -> int | None:
    return None if name is None else classes.index(name)
