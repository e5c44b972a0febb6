"""What was taken for what, and by class: precision and recall."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from feedloop.domain.answers import Answer
from feedloop.domain.observations import DayCounts, Observation
from feedloop.estimation.columns import Answers, Flags
from feedloop.estimation.intervals import Estimate, ratio_interval
from feedloop.estimation.window import Known, Part, Window, by_sample, mixed

Pair = tuple[Answer, int]
"""What it is (a class index or OTHER), and what the model called it."""


@dataclass(frozen=True, slots=True)
class Truths:
    """Numbers of predictions by pair: what annotators said who saw the model's answer, and what the sample stands for.

    `hidden` has the true pairs of what they agreed with, were they wrong each time: spread over the truths that they
    named when they refused the same prediction.
    """

    said: Mapping[Pair, float]
    hidden: Mapping[Pair, float]
    sampled: Mapping[Pair, float]
    """What the random sample outside of the known ones stands for."""
    scale: float
    """Predictions per unit of weight in that sample."""

    @classmethod
    def of(cls, window: Window) -> Self:
        """Pairs that occur."""
        answers = window.answers
        outside = answers.drawn & ~answers.known
        weight = float(answers.weight[outside].sum())
        others = sum(answers.cells.values()) - int(answers.known.sum())
        scale = others / weight if weight else 0.0
        said = Counter(_pairs(answers, answers.known, blind=False))
        sampled: dict[Pair, float] = defaultdict(float)
        for pair, each in zip(_pairs(answers, outside, blind=True), answers.weight[outside].tolist(), strict=True):
            sampled[pair] += each * scale
        return cls(said, _hidden(said), sampled, scale)

    def corrected(self, window: Window) -> Mapping[Pair, float]:
        """All predictions by pair, the known ones as blind answers correct them."""
        agreed, refused = window.honesty.agreed_wrongly.value, window.honesty.refused_wrongly.value
        found = defaultdict(float, self.sampled)
        for (truth, predicted), number in self.said.items():
            right = (predicted, predicted)
            kept = 1 - agreed if truth == predicted else 1 - refused
            found[truth, predicted] += number * kept
            found[right] += number * refused if truth != predicted else 0
        for pair, number in self.hidden.items():
            found[pair] += number * agreed
        return found


def _pairs(answers: Answers, chosen: Flags, *, blind: bool) -> list[Pair]:
    truths = answers.blind if blind else answers.informed
    return list(zip(truths[chosen].tolist(), answers.predicted[chosen].tolist(), strict=True))


def _hidden(said: Mapping[Pair, float]) -> Mapping[Pair, float]:
    refused: dict[int, float] = defaultdict(float)
    for (truth, predicted), number in said.items():
        refused[predicted] += number if truth != predicted else 0
    return {
        (truth, predicted): said.get((predicted, predicted), 0) * number / refused[predicted]
        for (truth, predicted), number in said.items()
        if truth != predicted
    }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Answers of the random sample, and the share of all predictions by all answers; shares add up to 1."""

    counts: Mapping[Pair, int]
    shares: Mapping[Pair, float]


def confusion(days: Sequence[DayCounts], rows: Iterable[Observation]) -> Confusion:
    """Pairs that occur; empty without labels."""
    window = Window.of(days, rows)
    answers = window.answers
    drawn = zip(answers.blind[answers.drawn].tolist(), answers.predicted[answers.drawn].tolist(), strict=True)
    found = Truths.of(window).corrected(window)
    whole = sum(found.values())
    return Confusion(Counter(drawn), {pair: number / whole for pair, number in found.items() if number})


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """One class: the share of what the model called so that is, and the share of what is so that it called so."""

    precision: Estimate | None
    recall: Estimate | None


def per_class(days: Sequence[DayCounts], rows: Iterable[Observation]) -> Mapping[int, ClassAccuracy]:
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


def recall(index: int, window: Window, truths: Truths) -> Estimate | None:
    """The share of the class that the model called so.

    found / (found + missed). Found is the precision times what was called so; missed is the share of the class in what
    was called otherwise, times the number of that. Both are shares with a known whole and independent samples. Where
    one sample is empty: the share among random labels of the class, None without those.
    """
    found = window.best(window.called(index))
    missed = _missed(index, window, truths)
    if found is None or missed is None:
        return by_sample(window.answers, np.equal(window.answers.blind, index))
    called = window.called(index).predictions
    others = window.called(None).predictions - called
    value = found.value * called / (found.value * called + missed.value * others or 1)
    low, high = ratio_interval(_times(missed, others), _times(found, called))
    answers = window.answers
    labels = np.equal(answers.blind, index).sum() + (answers.known & np.equal(answers.informed, index)).sum()
    return Estimate(value, min(1 / (1 + high), value), max(1 / (1 + low), value), int(labels))


def _missed(index: int, window: Window, truths: Truths) -> Estimate | None:
    """The share of the class in what was called otherwise."""
    answers = window.answers
    called = window.called(index)
    part = Part(~called.rows, window.called(None).predictions - called.predictions, 0.0)
    named = sum(number for (truth, called), number in truths.said.items() if truth == index != called)
    hidden = sum(number for (truth, _), number in truths.hidden.items() if truth == index)
    honesty = window.honesty
    known = Known(
        int((part.rows & answers.known).sum()),
        named * (1 - honesty.refused_wrongly.value) + hidden * honesty.agreed_wrongly.value,
        honesty.variance(hidden, named),
    )
    return mixed(answers, part, known, np.equal(answers.blind, index))


def _times(share: Estimate, size: int) -> tuple[float, float, float]:
    return share.value * size, share.low * size, share.high * size
