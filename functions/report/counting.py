"""How many predictions there were: all of it from keys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from feedloop.domain.documents import Document
from feedloop.evidence.evidence import Cell, DayFacts, Seen

MIDNIGHT = "00000"
"""The first second of a day, as predictions' keys spell it."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One model's predictions of one class, or (None) of any; with `since`, a day and its second, only from then on."""

    model: str | None = None
    class_index: int | None = None
    since: tuple[str, str] | None = None

    def takes(self, one: Cell | Seen) -> bool:
        """Whether this is one of them."""
        return self.model in (None, one.model) and self.class_index in (None, one.predicted)

    def counts(self, facts: DayFacts) -> Counter[Cell]:
        """A day's counts of them."""
        return self._of(facts.day, facts.counts, facts.early)

    def per_milles(self, facts: DayFacts) -> Counter[Cell]:
        """The sums of their confidences."""
        return self._of(facts.day, facts.per_milles, facts.early_per_milles)

    def seen(self, facts: Iterable[DayFacts]) -> Iterator[Seen]:
        """Those that people said something about."""
        since = self.since
        return (
            one
            for day in facts
            for one in day.seen
            if self.takes(one) and (since is None or (day.day, one.second) >= since)
        )

    def _of(self, day: str, counts: Counter[Cell], early: Counter[Cell]) -> Counter[Cell]:
        if self.since and day < self.since[0]:
            return Counter()
        chosen = Counter({cell: count for cell, count in counts.items() if self.takes(cell)})
        return chosen - early if self.since and day == self.since[0] and self.since[1] > MIDNIGHT else chosen


def predictions(days: Sequence[str], facts: Sequence[DayFacts], narrowed: Narrowed, names: Sequence[str]) -> Document:
    """Totals by day, predicted class and model; a day without any counts as nothing."""
    by_day = {day.day: narrowed.counts(day) for day in facts}
    together: Counter[Cell] = sum(by_day.values(), Counter())
    classes = sorted({*range(len(names)), *(cell.predicted for cell in together)})
    shown = classes if narrowed.class_index is None else [narrowed.class_index]
    return {
        **_totals(together),
        "by_day": [{"day": day, **_totals(by_day.get(day, Counter()))} for day in days],
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


def _of(counts: Counter[Cell], **wanted: int | str) -> Counter[Cell]:
    ((name, value),) = wanted.items()
    return Counter({cell: count for cell, count in counts.items() if getattr(cell, name) == value})


def _totals(counts: Counter[Cell]) -> Document:
    return {
        "total": counts.total(),
        "low_confidence": sum(count for cell, count in counts.items() if cell.low),
    }
