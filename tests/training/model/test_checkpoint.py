"""A food11.pth in either form: checked, and never run unless that is asked for."""

import os
import pickle

import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

import torch

from feedloop.domain.errors import Malformed
from tests.support.networks import food11, network
from tests.support.training import command
from training.data.image_folder import FOOD_11
from training.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


class Harm:
    """What somebody may put into a pickle."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_a_state_dict_is_food_11s_unless_told_otherwise(tmp_path):
    found = load_checkpoint(food11(tmp_path))
    assert (found.classes, found.size) == (FOOD_11, 224)


def test_a_whole_module_is_read_only_when_it_is_trusted(tmp_path):
    file = food11(tmp_path, whole=True)
    with pytest.raises(Malformed, match=r"runs whatever code is inside.*--trust-pickle"):
        load_checkpoint(file)
    assert load_checkpoint(file, trust_pickle=True).classes == FOOD_11


def test_a_file_that_is_not_trusted_runs_nothing(tmp_path):
    torch.save(Harm(tmp_path / "harm"), tmp_path / "food11.pth")
    assert command("check", tmp_path / "food11.pth") == 1
    assert not (tmp_path / "harm").exists()


def test_our_own_checkpoint_comes_back(tmp_path):
    saved = Checkpoint(network(3).state_dict(), ("a", "b", "c"), 64, {"dataset": "drawings"})
    save_checkpoint(saved, tmp_path / "deep" / "model.pt")
    found = load_checkpoint(tmp_path / "deep" / "model.pt")
    assert (found.classes, found.size, found.trained_on) == (saved.classes, 64, saved.trained_on)
    assert all(torch.equal(weight, saved.state[name]) for name, weight in found.state.items())
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.pt"]


def test_weights_of_a_parallel_module_are_understood(tmp_path):
    torch.save({f"module.{name}": weight for name, weight in network().state_dict().items()}, tmp_path / "a.pth")
    assert load_checkpoint(tmp_path / "a.pth").classes == FOOD_11


def test_another_number_of_classes_is_told(tmp_path):
    with pytest.raises(Malformed, match="answer 5 classes, 11 are named"):
        load_checkpoint(food11(tmp_path, classes=5))
    assert load_checkpoint(food11(tmp_path, classes=5), names=tuple("abcde")).classes == tuple("abcde")


def test_another_network_is_told(tmp_path):
    torch.save(torch.nn.Linear(1280, 11).state_dict(), tmp_path / "a.pth")
    with pytest.raises(Malformed, match=r"classifier.1.weight is not there"):
        load_checkpoint(tmp_path / "a.pth")
    torch.save({"classifier.1.weight": torch.zeros(11, 1280)}, tmp_path / "b.pth")
    with pytest.raises(Malformed, match="not MobileNetV2's"):
        load_checkpoint(tmp_path / "b.pth")


def test_weights_that_are_no_numbers_are_told(tmp_path):
    state = network().state_dict()
    state["classifier.1.bias"][0] = float("nan")
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(Malformed, match="not finite"):
        load_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize("body", [b"", b"PK", b"\x08\x0a", pickle.dumps([1])], ids=["empty", "zip", "onnx", "pickle"])
def test_a_file_that_is_not_torchs_is_told(tmp_path, body):
    (tmp_path / "a.pth").write_bytes(body)
    with pytest.raises(Malformed):
        load_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize("content", [[1, 2], {"state": {}}, {"state": 1, "classes": [], "size": 1, "trained_on": {}}])
def test_a_file_of_something_else_is_told(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(Malformed):
        load_checkpoint(tmp_path / "a.pth")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Malformed, match="not there"):
        load_checkpoint(tmp_path / "missing.pth")
