import os
import subprocess
import sys

import pytest

from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.adapters.pictures import normalise, prepare
from feedloop.domain.errors import NoModel
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
