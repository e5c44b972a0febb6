"""`card check`: every fault of a card, by its key."""

import json

import pytest

from tests.structure.repository import ROOT
from tests.support import tiny_models
from tests.support.training import command
from training.checks import model_card

PLAIN = tiny_models.plain()
CARDS = sorted(ROOT.glob("models/*/card.json"))


@pytest.fixture
def folder(tmp_path):
    def save(model=PLAIN, **changes):
        card = tiny_models.card(model, **changes)
        (tmp_path / "model.onnx").write_bytes(model)
        (tmp_path / "card.json").write_text(json.dumps({key: value for key, value in card.items() if value != "gone"}))
        return tmp_path

    return save


def given(**changes):
    return {**tiny_models.card(b"")["input"], **changes}


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_a_card_of_before_is_a_card(path):
    checked = model_card.check_folder(path.parent)
    assert (checked.faults, checked.warnings) == ((), ())


def test_a_card_that_uses_every_key_has_no_fault(folder):
    every = given(resize="shorter_side", resize_size=40, interpolation="bicubic", layout="NCHW", channels="BGR")
    output = {"kind": "logits", "temperature": 1.5, "name": "logits"}
    known = {"architecture": "tiny", "weights": "0" * 64, "class_indices": [0, 1, 2, 3, 4], "id": "1" * 64}
    facts = {
        "created": "2026-11-29",
        "note": "n",
        "metrics": {},
        "trained_on": {},
        "serving": {"ms": 1, "megabytes": 2},
    }
    checked = model_card.check_folder(folder(tiny_models.logits(), input=every, output=output, **known, **facts))
    assert (checked.faults, checked.warnings) == ((), ())


@pytest.mark.parametrize(
    ("changes", "begin"),
    [
        ({"name": "gone"}, "name: is missing"),
        ({"name": "a/b"}, "name: "),
        ({"sha256": "12"}, "sha256: "),
        ({"sha256": "0" * 64}, "sha256: model.onnx has "),
        ({"format": "tflite"}, "format: 'tflite'"),
        ({"format": "torch"}, "format: model.pt is not beside the card"),
        ({"classes": ["Bread"]}, "classes: "),
        ({"classes": ["Bread", "None of these"]}, "classes: "),
        ({"classes": ["a", "b", "c", "d"]}, "model.onnx: "),
        ({"input": given(size="224")}, "input.size: "),
        ({"input": given(size=64)}, "model.onnx: The file takes"),
        ({"input": given(resize_size=20)}, "input.resize_size "),
        ({"input": given(std=[1, 0, 1])}, "input.std[1]: "),
        ({"input": given(mean=[0.5])}, "input.mean "),
        ({"input": given(interpolation="cubic")}, "input.interpolation: 'cubic'"),
        ({"output": {"kind": "softmax"}}, "output.kind: "),
        ({"output": {"kind": "logits", "temperature": 0}}, "output.temperature: "),
        ({"output": {"kind": "log_probabilities"}}, "model.onnx: The model's answer is not"),
    ],
    ids=str,
)
def test_a_fault_is_said_by_its_key(folder, changes, begin):
    (fault,) = model_card.check_folder(folder(**changes)).faults
    assert fault.startswith(begin)


def test_weights_of_another_model_are_a_fault(folder):
    saved = folder(weights="0" * 64)
    (saved / "weights.safetensors").write_bytes(b"others")
    (fault,) = model_card.check_folder(saved).faults
    assert fault.startswith("weights: ")


def test_all_faults_are_said_at_once(folder):
    checked = model_card.check_folder(folder(name=1, classes=[], input=given(layout="CHWN")))
    assert [fault.partition(":")[0] for fault in checked.faults] == ["classes", "input.layout", "name"]


def test_a_misspelt_key_is_no_fault_and_is_said(folder):
    checked = model_card.check_folder(folder(input=given(interpolaton="bicubic"), clases=[]))
    assert checked.faults == ()
    assert [sentence.partition("; ")[2] for sentence in checked.warnings] == [
        "is input.interpolation meant?",
        "is classes meant?",
    ]


def test_the_command_ends_with_1_for_a_fault_and_prints_it(folder, capsys):
    assert command("card", "check", folder()) == 0
    assert command("card", "check", folder(output={"kind": "softmax"})) == 1
    assert "fault    output.kind" in capsys.readouterr().out


def test_a_folder_without_a_card_is_said(tmp_path, capsys):
    assert command("card", "check", tmp_path) == 1
    assert "no card.json" in "".join(capsys.readouterr())
