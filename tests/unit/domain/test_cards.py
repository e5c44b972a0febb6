"""What a model's card has to say before the model is served."""

from math import nan

import pytest

from feedloop.domain.cards import ModelSpec, OutputSpec, Preprocessing
from feedloop.domain.errors import NoModel

INPUT = {"resize": "stretch", "size": 32, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2]}


def card(classes=("Bread", "Egg"), **changes):
    return {"classes": list(classes), "input": {**INPUT, **changes}}


def test_a_card_tells_what_a_model_needs():
    spec = ModelSpec.from_card(card())
    assert spec == ModelSpec(2, Preprocessing(32, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2)), OutputSpec())


def test_the_least_that_can_be_served_is_served():
    assert ModelSpec.from_card(card(size=1, std=[1, 1, 0.001])).input.size == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        card(["Bread"]),
        card(size=0),
        card(size=-1),
        card(size="large"),
        card(std=[0.2, 0, 0.2]),
        card(mean=[0.5]),
        card(mean=None),
        card(resize="crop"),
        {"classes": ["Bread", "Egg"]},
        {"input": INPUT},
    ],
)
def test_a_card_that_describes_no_such_model_is_refused(nonsense):
    with pytest.raises(NoModel):
        ModelSpec.from_card(nonsense)


@pytest.mark.parametrize("answer", [(0.5, 0.5), (1.0, 0.0), (0.5, 0.5009), (0.5, 0.4991)])
def test_probabilities_of_all_classes_are_an_answer(answer):
    ModelSpec.from_card(card()).check(answer)


@pytest.mark.parametrize("answer", [(), (1.0,), (0.4, 0.3, 0.3), (0.5, 0.6), (0.5, 0.5011), (0.5, 0.4989), (nan, 1.0)])
def test_anything_else_is_not(answer):
    with pytest.raises(NoModel):
        ModelSpec.from_card(card()).check(answer)
