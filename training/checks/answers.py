"""Whether answers are probabilities, the same every time, and depend on the picture."""

import math
from collections.abc import Sequence

from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import ModelRefused
from training.checks.pictures import PLAIN
from training.checks.sandbox import SmokeTest

_SUM, _SAME, _BATCH = 1e-3, 1e-6, 1e-2
_CONSTANT, _FLAT = 1e-4, 1e-3


def check_probabilities(tested: SmokeTest, card: ModelCard) -> None:
    """As many numbers as classes, each a probability, and together 1. Raises ModelRefused."""
    for number, answer in enumerate(tested.answers):
        what = PLAIN[number] if number < len(PLAIN) else f"picture {number - len(PLAIN) + 1}"
        if len(answer) != len(card.classes):
            raise ModelRefused(
                "output",
                f"The model answers {len(answer)} numbers, and its card names {len(card.classes)} classes."
                " Name every class, in the model's order.",
            )
        if not all(map(math.isfinite, answer)):
            raise ModelRefused(
                "answers",
                f"The model answers {what} with NaN or infinity. Take an earlier checkpoint, or export it again.",
            )
        low, total = min(answer), math.fsum(answer)
        if low < -_SAME or abs(total - 1) > _SUM:
            fault = f"the lowest of {low:.3g}" if low < -_SAME else f"a sum of {total:.4g}"
            raise ModelRefused(
                "answers",
                f"The model answers {what} with numbers that are no probabilities: {fault}; they are 0 or more, and sum"
                ' to 1. If they are scores before a softmax, the card says "output": {"kind": "logits"}.',
            )


def check_repeatable(tested: SmokeTest) -> None:
    """The same picture gets the same answer again, and the same among others as alone. Raises ModelRefused."""
    pairs = zip(tested.answers, tested.again, strict=False)
    if (apart := max(difference(one, other) for one, other in pairs)) > _SAME:
        raise ModelRefused(
            "repeatable",
            f"The same picture got another answer the second time (a probability moved by {apart:.2g}). The model draws"
            " random numbers or is in training mode: export it for inference.",
        )
    if tested.batch is not None and tested.batch > _BATCH:
        raise ModelRefused(
            "batch",
            f"A picture gets another answer among others than alone (scores move by {tested.batch:.2g} of the largest)."
            " Normalisation follows the batch: export it for inference.",
        )


def check_varied(tested: SmokeTest, card: ModelCard, *, constant_ok: bool) -> list[str]:
    """Different pictures get different answers; warnings about what looks odd. Raises ModelRefused."""
    by_class = list(zip(*tested.answers, strict=True))
    spread, highest = max(max(one) - min(one) for one in by_class), max(map(max, by_class))
    same = len({max(range(len(answer)), key=answer.__getitem__) for answer in tested.answers}) == 1
    if spread < _CONSTANT and not constant_ok:
        raise ModelRefused(
            "constant",
            f"The model gives {len(tested.answers)} different pictures one answer (no probability moves by more than"
            f" {spread:.1g}). The training collapsed, or the pixels reach it wrongly scaled. If this is meant, as with"
            " random weights: --allow-constant.",
        )
    flattest = math.e / (math.e + len(card.classes) - 1)  # what a softmax makes of probabilities
    warnings = []
    if highest <= flattest + _FLAT:
        warnings.append(
            f"No probability is above {highest:.2f}: two softmaxes one behind the other answer so. If the model ends in"
            " one, its card says probabilities, not logits."
        )
    if same:
        name = card.classes[by_class.index(max(by_class, key=lambda one: one[0]))]
        warnings.append(f"All {len(tested.answers)} pictures are called {name}: look at the contact sheet.")
    return warnings


def difference(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest of any class; infinite where there are not as many classes."""
    if len(one) != len(other):
        return math.inf
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0.0)
