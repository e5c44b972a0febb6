"""From facts to estimates, as documents: only closed days, only what the predictions stand for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from feedloop.domain.answers import OTHER, UNCLEAR, is_known
from feedloop.domain.documents import Document
from feedloop.domain.observations import Cell, DayCounts, Observation
from feedloop.domain.prediction import CERTAIN
from feedloop.estimation import accuracy, allocation, annotator_bias, calibration, confusion
from feedloop.estimation.columns import Answers
from feedloop.estimation.intervals import Estimate, change, wilson
from feedloop.evidence.evidence import DayFacts, Seen

from .counting import Narrowed
from .visitors import Said

DIGITS = 6
DAILY, WEEKLY = 14, 182
"""Windows of at most so many days have a trend by day, or by week; longer ones by four weeks."""
WEEK, FOUR_WEEKS = 7, 28


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the estimators read, of the closed days of a window; `predicted` narrows it to what the model called so."""

    days: list[DayCounts]
    rows: list[Observation]
    predicted: int | None = None

    @classmethod
    def of(cls, facts: Iterable[DayFacts], narrowed: Narrowed) -> Self:
        """The evidence of a window for one model or all; a class stays to be narrowed to."""
        of_model, closed = replace(narrowed, class_index=None), [day for day in facts if day.closed]
        rows = [_row(day.day, one) for day in closed for one in of_model.seen([day]) if _is_evidence(one)]
        return cls([_day(day, of_model) for day in closed], rows, narrowed.class_index)

    @property
    def called(self) -> Self:
        """Only what the model called so."""
        if self.predicted is None:
            return self
        days = [day.called(self.predicted) for day in self.days]
        return type(self)(days, [row for row in self.rows if row.predicted == self.predicted], self.predicted)

    def within(self, first: str, last: str) -> Self:
        """The evidence of some of its days."""
        days = [day for day in self.days if first <= day.day <= last]
        return type(self)(days, [row for row in self.rows if first <= row.day <= last], self.predicted)

    @property
    def accuracy(self) -> accuracy.Accuracy:
        """How often the model was right."""
        return accuracy.accuracy(self.days, self.rows, self.predicted)


def estimate(found: Estimate | None) -> Document | None:
    """An estimate as the report tells it."""
    if found is None:
        return None
    told = {name: round(getattr(found, name), DIGITS) for name in ("value", "low", "high")}
    return {**told, "labels": found.labels}


def share(said: Said) -> Document | None:
    """The share that annotators confirm, each counted once (Wilson 1927, JASA 22:209)."""
    if not said.looked_at:
        return None
    value = said.confirmed / said.looked_at
    return estimate(Estimate(value, *wilson(value, said.looked_at), said.looked_at))


def trend(evidence: Evidence, window: Sequence[str]) -> list[Document]:
    """The accuracy of parts of a window, counted back from its end, the oldest first."""
    length = 1 if len(window) <= DAILY else WEEK if len(window) <= WEEKLY else FOUR_WEEKS
    ends = range(len(window), 0, -length)
    return [_part(evidence, window[max(end - length, 0)], window[end - 1]) for end in ends][::-1]


def difference(before: Evidence, after: Evidence) -> Document | None:
    """The accuracy of a window minus that of the one before."""
    return estimate(change(before.accuracy.best, after.accuracy.best))


def by_class(evidence: Evidence, names: Sequence[str]) -> list[Document]:
    """Precision and recall of each class, or of the one that was asked for."""
    found = confusion.per_class(evidence.days, evidence.rows)
    wanted = range(len(names)) if evidence.predicted is None else [evidence.predicted]
    nothing = confusion.ClassAccuracy(None, None)
    return [
        {
            "class_index": index,
            "class": names[index],
            "precision": estimate(found.get(index, nothing).precision),
            "recall": estimate(found.get(index, nothing).recall),
        }
        for index in wanted
    ]


def confused(evidence: Evidence, count: int) -> Document:
    """The confusion matrix of the blind sample: a row per true class, a column per predicted one."""
    found, indices = confusion.confusion(evidence.days, evidence.rows), range(count)
    counts, shares = found.counts, found.shares
    return {
        "counts": [[counts.get((truth, called), 0) for called in indices] for truth in indices],
        "none_of_these": [counts.get((OTHER, called), 0) for called in indices],
        "shares": [[round(shares.get((truth, called), 0.0), DIGITS) for called in indices] for truth in indices],
    }


def calibrated(evidence: Evidence, threshold: int) -> Document:
    """The reliability curve and its error; `threshold`, per mille, is where the model counts as unsure."""
    chosen = evidence.called
    found = calibration.calibration(chosen.days, chosen.rows)
    bins = [
        {
            "from": one.start,
            "to": one.end,
            "predictions": one.predictions,
            "mean_confidence": rounded(one.mean_confidence),
            "accuracy": estimate(one.accuracy),
        }
        for one in found.bins
    ]
    return {"bins": bins, "expected_error": rounded(found.expected_error), "threshold": threshold / CERTAIN}


def anchored(evidence: Evidence) -> Document:
    """Whether annotators follow an answer that they see."""
    found = annotator_bias.anchoring(Answers.of(evidence.days, evidence.rows))
    return {name: estimate(getattr(found, name)) for name in ("accepted", "blind_agreement", "difference")}


def answers(evidence: Evidence) -> Document:
    """How many blind answers there are, as they were given, and of how many the model was right."""
    told = [row for row in evidence.called.rows if is_known(row.blind)]
    return {"right": sum(row.blind == row.predicted for row in told), "of": len(told)}


def advice(evidence: Evidence) -> list[allocation.Advice]:
    """Where the next labels tell most."""
    chosen = evidence.called
    return list(allocation.next_labels(chosen.days, chosen.rows))


def rounded(value: float | None) -> float | None:
    """A share without digits that mean nothing."""
    return None if value is None else round(value, DIGITS)


def _part(evidence: Evidence, first: str, last: str) -> Document:
    found = evidence.within(first, last).accuracy
    return {"from": first, "to": last, "best": estimate(found.best), "blind": estimate(found.blind)}


def _day(facts: DayFacts, narrowed: Narrowed) -> DayCounts:
    cells: dict[Cell, int] = {}
    per_mille: dict[Cell, int] = {}
    sums = narrowed.per_milles(facts)
    for found, count in narrowed.counts(facts).items():
        cell = Cell(found.predicted, found.tenth, found.low)
        cells[cell] = cells.get(cell, 0) + count
        per_mille[cell] = per_mille.get(cell, 0) + sums[found]
    return DayCounts(facts.day, cells, per_mille)


def _is_evidence(one: Seen) -> bool:
    return one.blind is not None or one.informed is not None


def _row(day: str, one: Seen) -> Observation:
    return Observation(day, one.predicted, one.per_mille, one.low, _answer(one.blind), _answer(one.informed))


def _answer(answer: int | None) -> int | None:
    """The estimators do not ask why an answer is missing."""
    return None if answer is None else max(answer, UNCLEAR)
