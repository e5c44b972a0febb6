"""The facts of the days that are asked for: from their files where they are written, else from listings."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from feedloop import log
from feedloop.domain import clock, keys
from feedloop.domain.errors import Malformed, Missing
from feedloop.ports import ForEach, ObjectStore

from . import days
from .closing import written_days
from .gathering import DayFacts
from .people import People


@dataclass(frozen=True, slots=True)
class Source:
    """Where days come from."""

    store: ObjectStore
    classes: int
    now: datetime
    people: People
    each: ForEach = map
    moved_at: datetime | None = None
    """When the model that serves began to: predictions of that day are told apart by this moment."""

    def facts(self, wanted: Iterable[str]) -> list[DayFacts]:
        """The facts of these days, in their order."""
        filed, asked = written_days(self.store), list(wanted)
        first = days.first_day(self.store, self.classes, self.each) if set(asked) - filed else None
        there = [day for day in asked if day in filed or (first and day >= first)]
        concerned = self.people.concerned
        return list(self.each(lambda day: self._of_day(day, concerned, filed=day in filed), there))

    def _of_day(self, day: str, concerned: Collection[str], *, filed: bool) -> DayFacts:
        closed, damaged, second = clock.is_closed(day, self.now), False, ""
        if self.moved_at and clock.day_of(self.moved_at) == day:
            second = f"{clock.second_of_day(self.moved_at):05d}"
        if filed and closed:
            try:
                lines = days.filed(self.store, day)
                return DayFacts(day, closed, filed).read(lines, self.people, concerned, switched_at=second)
            except (Missing, Malformed) as error:  # it is derived: what it was derived from is still there
                log.event("report.day_unreadable", day=day, why=repr(error))
                damaged = isinstance(error, Malformed)
        low = self.people.tasks[keys.LOW_CONFIDENCE].randoms
        lines = days.listed(self.store, day, self.classes, low)
        return DayFacts(day, closed, filed=False, damaged=damaged).read(
            lines, self.people, concerned, switched_at=second
        )
