"""The facts of the days that are asked for: from their files where they are written, else from listings."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from feedloop import log
from feedloop.domain import clock, keys
from feedloop.domain.errors import Malformed, Missing
from feedloop.ports import ObjectStore

from . import days
from .closing import written_days
from .gathering import DayFacts
from .people import Each, People


@dataclass(frozen=True, slots=True)
class Source:
    """Where days come from."""

    store: ObjectStore
    classes: int
    now: datetime
    people: People
    each: Each = map

    def facts(self, wanted: Iterable[str]) -> list[DayFacts]:
        """The facts of these days, in their order."""
        filed, asked = written_days(self.store), list(wanted)
        first = days.first_day(self.store, self.classes, self.each) if set(asked) - filed else None
        there = [day for day in asked if day in filed or (first and day >= first)]
        concerned = self.people.concerned
        return list(self.each(lambda day: self._of_day(day, concerned, filed=day in filed), there))

    def _of_day(self, day: str, concerned: Collection[str], *, filed: bool) -> DayFacts:
        closed = clock.is_closed(day, self.now)
        if filed and closed:
            try:
                return DayFacts(day, closed, filed).read(days.filed(self.store, day), self.people, concerned)
            except (Missing, Malformed) as error:  # it is derived: what it was derived from is still there
                log.event("report.day_unreadable", day=day, why=repr(error))
        low = self.people.tasks[keys.LOW_CONFIDENCE].randoms
        lines = days.listed(self.store, day, self.classes, low)
        return DayFacts(day, closed, filed=False).read(lines, self.people, concerned)
