"""What was taken for what among all predictions of a window: the known ones by class, the others by their sample."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from feedloop.domain.observations import Answer
from feedloop.estimation.answers import Answers, Flags
from feedloop.estimation.window import Window

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
