"""What labelled pictures show: how often the model is right, and whether it would be under another card.

A confident model tells nothing about colours, scale or the order of classes; one picture per class does.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from feedloop.domain.cards import BGR, RGB, SHORTER_SIDE, STRETCH, ModelCard, Preprocessing
from feedloop.domain.errors import ModelRefused
from training.checks.sandbox import SmokeTest

Answers = Sequence[Sequence[float]]
TrueIndices = Sequence[int | None]

ENOUGH = 40
"""So many labelled pictures show wrong pixels; each is asked about once more for every other input that happens."""

_CERTAIN, _LIKELY = 0.01, 0.05
"""How rarely chance alone prefers the other card so clearly: for a refusal, for a warning."""
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SCALES = {
    "0 to 1": ((0.0,) * 3, (1.0,) * 3),
    "-1 to 1 (mean and std 0.5)": ((0.5,) * 3, (0.5,) * 3),
    "0 to 255 (mean 0, std 1/255)": ((0.0,) * 3, (1 / 255,) * 3),
    "ImageNet's mean and std": _IMAGENET,
}


def hits(answers: Answers, truth: TrueIndices) -> list[bool]:
    """Whether each labelled picture is right."""
    return [_best(answer) == index for answer, index in zip(answers, truth, strict=True) if index is not None]


def check_order(answers: Answers, truth: TrueIndices, card: ModelCard) -> list[str]:
    """Whether another order of the classes explains the labels better; warnings. Raises ModelRefused when surely."""
    own, warnings = hits(answers, truth), []
    for what, order in _orders(card.classes).items():
        moved = [order[_best(answer)] for answer in answers]
        rival = [guess == index for guess, index in zip(moved, truth, strict=True) if index is not None]
        warnings += _compare(own, rival, "classes", f"The classes seem to be {what}", "Correct the card's classes.")
    return warnings


def check_input(
    answers: Answers, truth: TrueIndices, card: ModelCard, answer_as: Callable[[ModelCard], SmokeTest]
) -> list[str]:
    """Whether another input explains the labels better; `answer_as` asks about the same pictures under another card.

    Returns warnings. Raises ModelRefused when it surely does.
    """
    own, warnings = hits(answers, truth), []
    for what, document in _inputs(card):
        try:
            rival = hits(answer_as(ModelCard({**card.document, "input": document})).answers, truth)
        except ModelRefused:  # under that card it cannot even serve
            continue
        remedy = "Correct `input` of the card, or say so to `feedloop adopt`."
        warnings += _compare(own, rival, "input", f"The model seems to take {what}", remedy)
    return warnings


def _compare(own: Sequence[bool], rival: Sequence[bool], check: str, what: str, remedy: str) -> list[str]:
    """By the pictures that only one of both gets right: the sign test, one-sided."""
    gained = sum(other and not mine for mine, other in zip(own, rival, strict=True))
    lost = sum(mine and not other for mine, other in zip(own, rival, strict=True))
    count = gained + lost
    chance = sum(math.comb(count, number) for number in range(gained, count + 1)) / 2**count
    if gained <= lost or chance > _LIKELY:
        return []
    sentence = (
        f"{what}: so {sum(rival)} of {len(own)} labelled pictures are right, as the card says {sum(own)}. {remedy}"
    )
    if chance <= _CERTAIN:
        raise ModelRefused(check, sentence)
    return [sentence]


def _orders(classes: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """Other orders that happen: for each output the class that it would be, by the card's index."""
    count = len(classes)
    text = [int(number) for number in sorted(map(str, range(count)))]
    alphabet = sorted(range(count), key=classes.__getitem__)
    orders = {
        "shifted by one (a background class at the beginning, for example)": [(n - 1) % count for n in range(count)],
        "shifted by one backwards": [(n + 1) % count for n in range(count)],
        "sorted as text (10 before 2)": text,
        "sorted as numbers, and the card as text (10 before 2)": [text.index(n) for n in range(count)],
        "in alphabetical order, as torchvision's ImageFolder sorts them": alphabet,
    }
    return {what: order for what, order in orders.items() if list(order) != list(range(count))}


def _inputs(card: ModelCard) -> Iterator[tuple[str, dict[str, Any]]]:
    """Other inputs that happen, as a card says them."""
    given = card.document["input"]
    spec = Preprocessing.from_card(card.document)
    other = RGB if spec.channels == BGR else BGR
    yield f"colours in the order {other}", {**given, "channels": other}
    if spec.resize == STRETCH:
        yield (
            "pictures whose centre is cut out",
            {**given, "resize": SHORTER_SIDE, "resize_size": int(spec.size / 0.875)},
        )
    else:
        yield "pictures stretched to a square", {**given, "resize": STRETCH, "resize_size": spec.size}
    for what, (mean, std) in _SCALES.items():
        if max(abs(a - b) for a, b in zip((*mean, *std), (*spec.mean, *spec.std), strict=True)) > 0.1 * max(std):
            yield f"pixels as {what}", {**given, "mean": list(mean), "std": list(std)}


def _best(answer: Sequence[float]) -> int:
    return max(range(len(answer)), key=answer.__getitem__)
