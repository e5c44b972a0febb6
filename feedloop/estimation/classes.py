"""How often the model is right when it names a class, and how much of a class it finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedloop.domain.observations import Day, Row
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.recall import recall
from feedloop.estimation.truths import Truths
from feedloop.estimation.window import Window


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """One class: the share of what the model called so that is, and the share of what is so that it called so."""

    precision: Estimate | None
    recall: Estimate | None


def per_class(days: Sequence[Day], rows: Iterable[Row]) -> Mapping[int, ClassAccuracy]:
    """By class index, of every class that was predicted or answered."""
    window = Window.of(days, rows)
    truths = Truths.of(window)
    called = {cell.predicted for cell in window.answers.cells}
    named = {*window.answers.blind.tolist(), *window.answers.informed.tolist()}
    return {
        index: ClassAccuracy(window.best(window.called(index)), recall(index, window, truths))
        for index in sorted(called | named)
        if index >= 0
    }
