"""Labelled pictures find a card that names the wrong order or the wrong pixels; confidence does not."""

import pytest
from PIL import Image

from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import ModelRefused
from tests.support import tiny_models
from tests.support.uploads import encoded
from training.checks import labels
from training.checks.sandbox import SmokeTest
from training.promotion import release_checks
from training.promotion.registry import ModelPackage

NAMES = tuple(f"class {number}" for number in range(12))
SHIFTED = (*range(1, 12), 0)
TEXT = tuple(sorted(range(12), key=str))
CARD = ModelCard({"classes": list(NAMES)})


def sure(index, count=12):
    return [float(number == index) for number in range(count)]


def answers(order, wrong=()):
    """Of one picture per class: the model's own output for each class is where `order` says."""
    return [sure(order.index(index) if index not in wrong else (order.index(index) + 5) % 12) for index in range(12)]


def test_what_is_right_under_its_own_order_passes():
    assert labels.check_order(answers(range(12), wrong=(1, 2, 3, 4)), range(12), CARD) == []


@pytest.mark.parametrize(
    ("order", "says"),
    [(SHIFTED, "shifted by one"), (tuple(range(-1, 11)), "shifted by one"), (TEXT, "sorted as text")],
    ids=["background", "backwards", "text"],
)
def test_another_order_that_explains_the_labels_is_refused(order, says):
    moved = [one % 12 for one in order]
    with pytest.raises(
        ModelRefused, match=f"classes: The classes seem to be {says}.* 10 of 12 .* as the card says [0-4]"
    ):
        labels.check_order(answers(moved, wrong=(1, 7)), range(12), CARD)


def test_an_order_that_explains_a_few_labels_is_a_warning():
    few = [index if index < 6 else None for index in range(12)]
    (warning,) = labels.check_order(answers([one % 12 for one in SHIFTED], wrong=(0,)), few, CARD)
    assert "so 5 of 6 labelled pictures are right, as the card says 0" in warning


def test_pictures_without_a_label_tell_nothing():
    assert labels.check_order(answers(SHIFTED), [None] * 12, CARD) == []


def coloured(colour, shade):
    parts = [20, 20, 20]
    parts[colour] = 250 - shade
    return encoded(Image.new("RGB", (40, 40), tuple(parts)))


RED_GREEN_BLUE = [coloured(colour, shade) for shade in range(0, 30, 3) for colour in range(3)]
TRUTH = [0, 1, 2] * 10


def check(body, pictures=RED_GREEN_BLUE, truth=TRUTH, **card):
    package = ModelPackage(body, ModelCard(tiny_models.card(body, **card)))
    return release_checks.check(package, pictures, truth=truth)


def test_labelled_pictures_measure_the_model():
    checked = check(tiny_models.plain(), truth=[*TRUTH[:27], 0, 1, None])
    assert (checked.labelled, checked.correct) == (29, 29)


def test_a_card_that_swaps_the_colours_is_refused():
    with pytest.raises(ModelRefused, match=r"input: The model seems to take colours in the order RGB: so 30 of 30"):
        check(tiny_models.plain(), input={**tiny_models.card(b"")["input"], "channels": "BGR"})


def test_a_model_that_was_trained_on_crops_is_told_from_one_of_stretched_pictures():
    def answer_as(card):
        right = card.document["input"]["resize"] == "shorter_side"
        return SmokeTest(answers(range(12), wrong=() if right else range(8)), (), (), 0, None)

    card = ModelCard({**CARD.document, "input": tiny_models.card(b"")["input"]})
    with pytest.raises(ModelRefused, match="whose centre is cut out: so 12 of 12"):
        labels.check_input(answers(range(12), wrong=range(8)), range(12), card, answer_as)
