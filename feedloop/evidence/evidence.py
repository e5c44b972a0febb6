"""One pass over a day's predictions: how many of what kind, and those that people said something about."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from feedloop import log
from feedloop.domain import clock, keys
from feedloop.domain.errors import Malformed, Missing
from feedloop.evidence import day_files
from feedloop.evidence.day_files import Line
from feedloop.evidence.human_labels import People
from feedloop.ports import ForEach, ObjectStore

TENTHS = 10
TIMED = 200
"""Of how many labels of a day and queue the time is told: those with the smallest sample keys."""


class Cell(NamedTuple):
    """What predictions are counted by; `tenth` is the confidence in whole tenths, 1.0 among the nineties."""

    model: str
    predicted: int
    low: bool
    tenth: int


class Seen(NamedTuple):
    """One prediction that people said something about: answers as in people.py, None where there is none."""

    predicted: int
    per_mille: int
    model: str
    low: bool
    flagged: bool
    blind: int | None
    """Only inside the labelled prefix of the day's order."""
    informed: int | None
    flag: int | None
    """What annotators say to a visitor's flag."""
    visitor: int | None
    second: str
    """Of the day, as five digits."""


@dataclass(slots=True)
class DayFacts:
    """All that a report needs of a day; `filed` tells that its file was read, `damaged` that it cannot be."""

    day: str
    closed: bool
    filed: bool
    damaged: bool = False
    counts: Counter[Cell] = field(default_factory=Counter)
    per_milles: Counter[Cell] = field(default_factory=Counter)
    """The sums of all confidences."""
    early: Counter[Cell] = field(default_factory=Counter)
    """Of the day on which another model began to serve: the predictions before that moment."""
    early_per_milles: Counter[Cell] = field(default_factory=Counter)
    early_seconds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The seconds of the first and the last of them, by model."""
    seen: list[Seen] = field(default_factory=list)
    behind: int = 0
    """Blind answers that do not count yet, since one before them in the day's order is not there."""
    waiting: int = 0
    """Tasks of the day's random sample without an answer."""
    done: Counter[str] = field(default_factory=Counter)
    """Answers by queue."""
    timed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By queue the ids of labelled predictions."""

    def read(
        self, lines: Iterable[Line], people: People, concerned: Collection[str], *, switched_at: str = ""
    ) -> "DayFacts":
        """Take in the day's predictions, in the order of their sample keys; `concerned` are those of `people`.

        A prediction that is not answered ends the labelled prefix, and with it what a uniform sample is. Those before
        the second `switched_at` are counted as early as well.
        """
        blind, in_prefix = people.answers[keys.RANDOM_SAMPLED], True
        for line in self._counting_early(lines, switched_at) if switched_at else lines:
            cell = _cell(line)
            self.counts[cell] += 1
            self.per_milles[cell] += line.per_mille
            in_prefix = in_prefix and line.random in blind
            if line.random in concerned:
                self._meet(line, people, in_prefix=in_prefix)
        return self

    def _counting_early(self, lines: Iterable[Line], switched_at: str) -> Iterator[Line]:
        for line in lines:
            if line.second < switched_at:
                cell = _cell(line)
                self.early[cell] += 1
                self.early_per_milles[cell] += line.per_mille
                second = int(line.second)
                first, last = self.early_seconds.get(line.model, (second, second))
                self.early_seconds[line.model] = min(first, second), max(last, second)
            yield line

    def _time(self, queue: str, line: Line) -> None:
        self.done[queue] += 1
        if self.done[queue] <= TIMED:
            self.timed[queue].append(line.id(self.day))

    def _meet(self, line: Line, people: People, *, in_prefix: bool) -> None:
        found = {queue: answers.get(line.random) for queue, answers in people.answers.items()}
        blind = found[keys.RANDOM_SAMPLED]
        self.behind += blind is not None and not in_prefix
        self.waiting += blind is None and line.random in people.tasks[keys.RANDOM_SAMPLED].randoms
        for queue, answer in found.items():
            if answer is not None:
                self._time(queue, line)
        self.seen.append(
            Seen(
                predicted=line.predicted,
                per_mille=line.per_mille,
                model=line.model,
                low=line.low,
                flagged=line.random in people.tasks[keys.USER_FEEDBACK].randoms,
                blind=blind if in_prefix else None,
                informed=found[keys.LOW_CONFIDENCE],
                flag=found[keys.USER_FEEDBACK],
                visitor=found[keys.USER_FEEDBACK_2],
                second=line.second,
            )
        )


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
        filed, asked = day_files.written_days(self.store), list(wanted)
        first = day_files.first_day(self.store, self.classes, self.each) if set(asked) - filed else None
        there = [day for day in asked if day in filed or (first and day >= first)]
        concerned = self.people.concerned
        return list(self.each(lambda day: self._of_day(day, concerned, filed=day in filed), there))

    def _of_day(self, day: str, concerned: Collection[str], *, filed: bool) -> DayFacts:
        closed, damaged, second = clock.is_closed(day, self.now), False, ""
        if self.moved_at and clock.day_of(self.moved_at) == day:
            second = f"{clock.second_of_day(self.moved_at):05d}"
        if filed and closed:
            try:
                lines = day_files.filed(self.store, day)
                return DayFacts(day, closed, filed).read(lines, self.people, concerned, switched_at=second)
            except (Missing, Malformed) as error:  # it is derived: what it was derived from is still there
                log.event("report.day_unreadable", day=day, why=repr(error))
                damaged = isinstance(error, Malformed)
        low = self.people.tasks[keys.LOW_CONFIDENCE].randoms
        lines = day_files.listed(self.store, day, self.classes, low)
        return DayFacts(day, closed, filed=False, damaged=damaged).read(
            lines, self.people, concerned, switched_at=second
        )


def _cell(line: Line) -> Cell:
    return Cell(line.model, line.predicted, line.low, min(line.per_mille // 100, TENTHS - 1))
