import os
import subprocess
import sys
from math import exp

import onnx
import pytest
from PIL import Image

from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.adapters.pictures import normalise, prepare
from feedloop.domain.errors import NoModel
from tests.support import tiny_models
from tests.support.demo import CARD, MODEL
from tests.support.uploads import clear_upload, encoded, scene, unclear_upload

BROKEN_CARDS = [
    {"classes": CARD["classes"][:-1]},
    {"classes": None},
    {"input": {**CARD["input"], "size": 32}},
    {"input": {**CARD["input"], "size": "large"}},
    {"input": {**CARD["input"], "mean": [0.5]}},
    {"input": {**CARD["input"], "mean": [float("nan")] * 3}},  # its answers are not probabilities
    {"input": {**CARD["input"], "resize": "crop"}},
    {"input": {}},
]


@pytest.fixture(scope="module")
def classifier():
    return OnnxClassifier(MODEL, CARD, prepare=prepare)


@pytest.mark.parametrize("body", [clear_upload(), unclear_upload(), encoded(scene(20, 900))])
def test_every_class_gets_a_probability(classifier, body):
    probabilities = classifier.probabilities(normalise(body))
    assert len(probabilities) == len(CARD["classes"])
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert min(probabilities) >= 0


def test_it_recognises_a_drawing(classifier):
    probabilities = classifier.probabilities(normalise(clear_upload()))
    assert CARD["classes"][probabilities.index(max(probabilities))] == "Rice"


def test_the_same_picture_gets_the_same_answer(classifier):
    picture, again = normalise(clear_upload()), OnnxClassifier(MODEL, CARD, prepare=prepare)
    assert classifier.probabilities(picture) == again.probabilities(picture)


@pytest.mark.parametrize("model", [b"", b"not onnx", MODEL[:-1000], MODEL[1000:]])
def test_a_file_that_is_no_model_is_told(model):
    with pytest.raises(NoModel):
        OnnxClassifier(model, CARD, prepare=prepare)


@pytest.mark.parametrize("wrong", BROKEN_CARDS, ids=str)
def test_a_model_that_is_not_what_its_card_says_does_not_serve(wrong):
    with pytest.raises(NoModel):
        OnnxClassifier(MODEL, {**CARD, **wrong}, prepare=prepare)


@pytest.mark.parametrize("name", ["classes", "input"])
def test_a_card_with_a_hole_is_told(name):
    with pytest.raises(NoModel):
        OnnxClassifier(MODEL, {key: value for key, value in CARD.items() if key != name}, prepare=prepare)


def test_the_runtime_keeps_no_identifier_and_reports_to_nobody(tmp_path):
    """What it would send is written there first."""
    load = "from tests.support.demo import *; from feedloop.adapters.onnx_model import OnnxClassifier as O"
    code = f"{load}; from feedloop.adapters.pictures import prepare; O(MODEL, CARD, prepare=prepare)"
    outside = {name: text for name, text in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    env = {**outside, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert not list(tmp_path.iterdir())


RED, GREEN, BLUE = (normalise(encoded(Image.new("RGB", (40, 40), colour))) for colour in ("red", "lime", "blue"))
MODELS = tiny_models.MODELS


def tiny(model, classes=tiny_models.CLASSES, output=None, **of_input):
    plain = tiny_models.card(model)
    card = {**plain, "classes": list(classes), "input": {**plain["input"], **of_input}, "output": output or {}}
    return OnnxClassifier(model, card, prepare=prepare)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("logits", {"output": {"kind": "logits"}}),
        ("log_softmax", {"output": {"kind": "log_probabilities"}}),
        ("convolutional", {}),
        ("channels_last", {"layout": "NHWC"}),
        ("float16", {}),
        ("float64", {}),
        ("uint8", {"std": [1 / 255] * 3}),
        ("fixed_batch", {}),
        ("label_first", {"output": {"name": "probabilities"}}),
        ("zip_map", {}),
    ],
)
@pytest.mark.parametrize("picture", [RED, GREEN, BLUE], ids=["red", "green", "blue"])
def test_a_model_of_another_shape_gives_the_same_answer(name, changes, picture):
    answer = tiny(MODELS[name](), **changes).probabilities(picture)
    assert answer == pytest.approx(tiny(MODELS["plain"]()).probabilities(picture), abs=2e-3)


def test_a_model_that_learned_blue_first_gets_blue_first():
    plain, other = tiny(MODELS["plain"]()), tiny(MODELS["plain"](), channels="BGR")
    assert other.probabilities(RED) == plain.probabilities(BLUE)


def test_a_file_that_says_nothing_of_its_shape_is_taken_at_its_cards_word():
    model = onnx.load_from_string(tiny_models.plain())
    for put in (*model.graph.input, *model.graph.output):
        put.type.tensor_type.ClearField("shape")
    assert tiny(model.SerializeToString()).probabilities(RED) == tiny(tiny_models.plain()).probabilities(RED)


@pytest.mark.parametrize(("picture", "light"), [(RED, 76), (GREEN, 150), (BLUE, 29)], ids=["red", "green", "blue"])
def test_a_model_of_light_alone_gets_luma(picture, light):
    powers = [exp(weight * light / 255) for weight in (8, -4, 0, 0, 0)]
    answer = tiny(MODELS["grey"](), channels="GRAY").probabilities(picture)
    assert answer == pytest.approx([power / sum(powers) for power in powers], abs=0.01)


def test_names_of_a_map_decide_which_class_is_meant():
    model = tiny_models.zip_map()
    turned = tiny(model, classes=tiny_models.CLASSES[::-1])
    assert turned.probabilities(RED) == tiny(model).probabilities(RED)[::-1]
    numbered = tiny(tiny_models.zip_map([3, 1, 2, 10, 20]))
    first, second, third, *_ = tiny(model).probabilities(RED)
    assert numbered.probabilities(RED)[:3] == [second, third, first]


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("logits", {}, "logits"),
        ("sigmoid", {}, "sigmoid"),
        ("log_softmax", {}, "log_probabilities"),
        ("plain", {"output": {"kind": "log_probabilities"}}, "sum to"),
        ("channels_last", {}, "N x 32 x 32 x 3.*N x 3 x 32 x 32"),
        ("plain", {"size": 64}, "N x 3 x 32 x 32.*N x 3 x 64 x 64"),
        ("plain", {"channels": "GRAY"}, "N x 1 x 32 x 32"),
        ("uint8", {}, "uint8.*1/255"),
        ("float16", {"std": [1e-6] * 3}, "too large.*float16"),
        ("label_first", {}, "2 outputs.*label.*probabilities.*output.name"),
        ("label_first", {"output": {"name": "label"}}, "int64"),
        ("label_first", {"output": {"name": "scores"}}, "none that is called scores"),
        ("zip_map", {"classes": "abcde"}, "'Bread'.*'a'"),
        ("plain", {"classes": "abcd"}, "5 numbers.*4 classes"),
        ("wrong_width", {"classes": "abcdefg"}, "5 numbers.*7 classes"),
        ("two_inputs", {}, "2 inputs.*scale"),
        ("not_a_number", {}, "not finite"),
        ("negative", {}, "smallest is -"),
        ("unknown_domain", {}, "com.acme"),
        ("cut_short", {}, "protobuf"),
    ],
)
def test_a_model_that_its_card_does_not_describe_is_refused_with_both(name, changes, told):
    with pytest.raises(NoModel, match=told):
        tiny(MODELS[name](), **changes)


def test_weights_beside_the_file_are_not_looked_for_where_we_happen_to_run(tmp_path, monkeypatch):
    model = tiny_models.external_data(tmp_path).read_bytes()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoModel, match="second file"):
        tiny(model)
