"""The confusion matrix, and by class precision and recall."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from feedloop.domain.answers import Answer
from feedloop.estimation.columns import BoolArray, Columns, IntArray
from feedloop.estimation.intervals import Estimate, ratio_interval
from feedloop.estimation.window import ConfidenceRegression, InformedCount, Slice, Window, combined_share, sample_share

ClassPair = tuple[Answer, int]
"""The true class (an index or OTHER), and the predicted one."""


@dataclass(frozen=True, slots=True)
class TrueClasses:
    """Numbers of predictions by true and predicted class: by informed answers, or as sampled.

    `hidden` has the pairs of what annotators agreed with, were they wrong each time: spread over the classes that they
    named when they refused the same prediction.
    """

    informed: Mapping[ClassPair, float]
    hidden: Mapping[ClassPair, float]
    sampled: Mapping[ClassPair, float]

    @classmethod
    def of(cls, window: Window) -> Self:
        """Pairs that occur."""
        columns = window.columns
        outside = columns.has_blind & ~columns.has_informed
        weight = float(columns.weight[outside].sum())
        others = sum(window.cells.values()) - int(columns.has_informed.sum())
        scale = others / weight if weight else 0.0
        informed = Counter(_pairs(columns.informed, columns, columns.has_informed))
        sampled: dict[ClassPair, float] = defaultdict(float)
        for pair, each in zip(_pairs(columns.blind, columns, outside), columns.weight[outside].tolist(), strict=True):
            sampled[pair] += each * scale
        return cls(informed, _hidden(informed), sampled)

    def corrected(self, window: Window) -> Mapping[ClassPair, float]:
        """All predictions by pair, those with an informed answer as blind answers correct them."""
        agreed, refused = window.bias.agreed_wrongly.value, window.bias.refused_wrongly.value
        numbers = defaultdict(float, self.sampled)
        for (truth, predicted), number in self.informed.items():
            kept = 1 - agreed if truth == predicted else 1 - refused
            numbers[truth, predicted] += number * kept
            numbers[predicted, predicted] += number * refused if truth != predicted else 0
        for pair, number in self.hidden.items():
            numbers[pair] += number * agreed
        return numbers


def _pairs(answers: IntArray, columns: Columns, mask: BoolArray) -> list[ClassPair]:
    return list(zip(answers[mask].tolist(), columns.predicted[mask].tolist(), strict=True))


def _hidden(informed: Mapping[ClassPair, float]) -> Mapping[ClassPair, float]:
    refused: dict[int, float] = defaultdict(float)
    for (truth, predicted), number in informed.items():
        refused[predicted] += number if truth != predicted else 0
    return {
        (truth, predicted): informed.get((predicted, predicted), 0) * number / refused[predicted]
        for (truth, predicted), number in informed.items()
        if truth != predicted
    }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Answers of the random sample, and the share of all predictions by all answers; shares add up to 1."""

    counts: Mapping[ClassPair, int]
    shares: Mapping[ClassPair, float]


def confusion(window: Window) -> Confusion:
    """Pairs that occur; empty without labels."""
    columns = window.columns
    numbers = TrueClasses.of(window).corrected(window)
    whole = sum(numbers.values())
    shares = {pair: number / whole for pair, number in numbers.items() if number}
    return Confusion(Counter(_pairs(columns.blind, columns, columns.has_blind)), shares)


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """One class: the share right of what the model called so, and the share of what is so that the model called so."""

    precision: Estimate | None
    recall: Estimate | None


def per_class(window: Window) -> Mapping[int, ClassAccuracy]:
    """Precision and recall by class index, of every class that was predicted or answered."""
    true_classes = TrueClasses.of(window)
    predicted = {cell.predicted for cell in window.cells}
    answered = {*window.columns.blind.tolist(), *window.columns.informed.tolist()}
    return {
        index: ClassAccuracy(window.best_estimate(window.called(index)), _recall(index, window, true_classes))
        for index in sorted(predicted | answered)
        if index >= 0
    }


def _recall(index: int, window: Window, true_classes: TrueClasses) -> Estimate | None:
    """True positives / (true positives + false negatives), since nobody knows how many pictures of a class there are.

    True positives are the precision times what was called so; false negatives are the share of the class in what was
    called otherwise, times the number of that. Both are shares with a known whole and independent samples. Where one
    sample is empty: the share among random labels of the class, None without those.
    """
    columns, called = window.columns, window.called(index)
    otherwise = Slice(~called.mask, window.whole.predictions - called.predictions, 0.0)
    precision, missed = window.best_estimate(called), _missed(index, window, otherwise, true_classes)
    if precision is None or missed is None:
        return sample_share(columns, np.equal(columns.blind, index))
    true_positives = precision.value * called.predictions
    value = true_positives / (true_positives + missed.value * otherwise.predictions or 1)
    low, high = ratio_interval(_times(missed, otherwise.predictions), _times(precision, called.predictions))
    labels = np.equal(columns.blind, index).sum() + (columns.has_informed & np.equal(columns.informed, index)).sum()
    return Estimate(value, min(1 / (1 + high), value), max(1 / (1 + low), value), int(labels))


def _missed(index: int, window: Window, otherwise: Slice, true_classes: TrueClasses) -> Estimate | None:
    """The share of the class in what was called otherwise."""
    columns, bias = window.columns, window.bias
    named = sum(number for (truth, called), number in true_classes.informed.items() if truth == index != called)
    hidden = sum(number for (truth, _), number in true_classes.hidden.items() if truth == index)
    informed = InformedCount(
        int((otherwise.mask & columns.has_informed).sum()),
        named * (1 - bias.refused_wrongly.value) + hidden * bias.agreed_wrongly.value,
        bias.variance(hidden, named),
    )
    return combined_share(columns, otherwise, informed, np.equal(columns.blind, index), ConfidenceRegression())


def _times(share: Estimate, size: int) -> tuple[float, float, float]:
    return share.value * size, share.low * size, share.high * size
