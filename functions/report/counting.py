"""How many predictions there were: all of it from keys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from feedloop.domain.documents import Document
from feedloop.domain.observations import Cell, DayCounts, Observation
from feedloop.evidence.evidence import DayEvidence

MIDNIGHT = "00000"
"""The first second of a day, as predictions' keys spell it."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One model's predictions of one class, or (None) of any; with `since`, a day and its second, only from then on."""

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


def predictions(
    days: Sequence[str], evidence: Sequence[DayEvidence], narrowed: Narrowed, names: Sequence[str]
) -> Document:
    """Totals by day, predicted class and model; a day without any counts as nothing."""
    by_day = {day.day: narrowed.counts(day).cells for day in evidence}
    together: Counter[Cell] = Counter()
    for cells in by_day.values():
        together.update(cells)
    classes = sorted({*range(len(names)), *(cell.predicted for cell in together)})
    shown = classes if narrowed.class_index is None else [narrowed.class_index]
    return {
        **_totals(together),
        "by_day": [{"day": day, **_totals(by_day.get(day, {}))} for day in days],
        "by_class": [
            {"class_index": index, "class": name_of(index, names), **_totals(_of(together, predicted=index))}
            for index in shown
        ],
        "by_model": [
            {"model": model, **_totals(_of(together, model=model))}
            for model in sorted({cell.model for cell in together})
        ],
    }


def name_of(index: int, names: Sequence[str]) -> str:
    """A class's present name; its folder's, should the list not reach so far."""
    return names[index] if index < len(names) else f"class_{index:02d}"


def _of(cells: Mapping[Cell, int], **wanted: int | str) -> Mapping[Cell, int]:
    ((name, value),) = wanted.items()
    return {cell: count for cell, count in cells.items() if getattr(cell, name) == value}


def _totals(cells: Mapping[Cell, int]) -> Document:
    return {
        "total": sum(cells.values()),
        "low_confidence": sum(count for cell, count in cells.items() if cell.low),
    }
