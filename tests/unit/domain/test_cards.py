"""What a model's card has to say before the model is served."""

from math import exp, inf, log, nan

import pytest

from feedloop.domain.cards import ModelSpec, OutputSpec, Preprocessing
from feedloop.domain.errors import ModelFailed, NoModel

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
        card(resize="shorter_side", resize_size=31),
        card(interpolation="bicubik"),
        card(layout="CHWN"),
        card(channels="CMYK"),
        card(std=[0.2, inf, 0.2]),
        {**card(), "output": "logits"},
        {**card(), "output": {"kind": "sigmoid"}},
        {**card(), "output": {"kind": "logits", "temperature": 0}},
        {"classes": ["Bread", "Egg"]},
        {"input": INPUT},
    ],
)
def test_a_card_that_describes_no_such_model_is_refused(nonsense):
    with pytest.raises(NoModel):
        ModelSpec.from_card(nonsense)


@pytest.mark.parametrize("answer", [(0.5, 0.5), (1.0, 0.0), (0.5, 0.5009), (0.5, 0.4991)])
def test_probabilities_of_all_classes_are_an_answer(answer):
    assert ModelSpec.from_card(card()).probabilities(answer) == [*answer]


@pytest.mark.parametrize(
    "answer", [(), (1.0,), (0.4, 0.3, 0.3), (0.5, 0.6), (0.5, 0.5011), (0.5, 0.4989), (nan, 1.0), (inf, 0), (1.1, -0.1)]
)
def test_anything_else_is_not(answer):
    with pytest.raises(ModelFailed):
        ModelSpec.from_card(card()).probabilities(answer)


WHOLE = {
    "resize": "shorter_side",
    "resize_size": 40,
    "interpolation": "bicubic",
    "layout": "NHWC",
    "channels": "BGR",
}


@pytest.mark.parametrize("changes", [{}, WHOLE, {"channels": "GRAY"}])
def test_an_input_is_written_as_it_was_understood(changes):
    document = card(**changes)["input"]
    assert Preprocessing.from_card(card(**changes)).to_document() == document


@pytest.mark.parametrize("output", [{}, {"kind": "logits", "temperature": 2.5, "name": "scores"}])
def test_an_output_is_written_as_it_was_understood(output):
    assert OutputSpec.from_card({"output": output}).to_document() == output


def test_a_number_for_grey_stands_for_all_colours():
    grey = Preprocessing.from_card(card(channels="GRAY", mean=[0.5], std=[0.25]))
    assert (grey.mean, grey.std) == ((0.5,) * 3, (0.25,) * 3)


def test_what_a_card_of_before_did_not_say_is_what_its_format_meant():
    assert ModelSpec.from_card({**card(), "temperature": 3}).output == OutputSpec()
    assert ModelSpec.from_card({**card(), "format": "torch", "temperature": 3}).output == OutputSpec("logits", 3.0)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("logits", (1002.0, 1000.0)), ("log_probabilities", (log(0.9), log(0.1))), ("probabilities", (0.9, 0.1))],
)
@pytest.mark.parametrize("temperature", [1.0, 2.0, 0.01])
def test_a_temperature_divides_logits_whatever_the_model_gives(kind, numbers, temperature):
    apart = (2.0 if kind == "logits" else log(9)) / temperature
    spec = ModelSpec.from_card({**card(), "output": {"kind": kind, "temperature": temperature}})
    assert spec.probabilities(numbers) == pytest.approx([1 / (1 + exp(-apart)), 1 / (1 + exp(apart))])


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("logits", (nan, 0)),
        ("logits", (inf, 0)),
        ("log_probabilities", (3.0, 1.0)),
        ("log_probabilities", (1e9, 0)),
        ("log_probabilities", (-9.0, -9.0)),
        ("probabilities", (3.0, 1.0)),
    ],
)
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_numbers_of_another_kind_are_no_answer(kind, numbers, temperature):
    spec = ModelSpec.from_card({**card(), "output": {"kind": kind, "temperature": temperature}})
    with pytest.raises(ModelFailed):
        spec.probabilities(numbers)


@pytest.mark.parametrize(
    ("size", "resize_size", "picture", "box"),
    [
        (224, 256, (512, 512), (32, 32, 480, 480)),  # 16 of 256 on every side
        (224, 256, (500, 333), (104.2, 20.8, 395.8, 312.2)),  # 384.4 floored; (384 - 224) / 2 = 80
        (4, 5, (5, 10), (0, 3, 4, 7)),  # half to even: 0.5 is 0
        (224, 256, (32, 640), (2, 306, 30, 334)),
    ],
)
def test_the_centre_is_cut_out_as_torchvision_does(size, resize_size, picture, box):
    crop = Preprocessing.from_card(card(size=size, resize="shorter_side", resize_size=resize_size))
    assert crop.box(*picture) == pytest.approx(box, abs=0.1)


def test_stretching_keeps_the_whole_picture_or_its_centre():
    assert Preprocessing.from_card(card()).box(640, 480) == (0, 0, 640, 480)
    assert Preprocessing.from_card(card(resize_size=40)).box(400, 40) == (40, 4, 360, 36)
