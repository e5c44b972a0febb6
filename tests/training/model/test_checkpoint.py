"""Checkpoints in every wrapping that people have: loaded, or refused with what would help, and never run."""

import os
import pathlib
import pickle
from argparse import Namespace
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

import safetensors.torch
import torch
from torch import nn

from feedloop.domain.errors import BadRequest, Malformed
from tests.support.networks import food11, network
from tests.support.training import command
from training.data import tensors
from training.data.image_folder import FOOD_11
from training.model import networks, state_dicts
from training.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

NAMES = ("bread", "egg", "rice")
INDICES = {name: index for index, name in enumerate(NAMES)}
ARCHITECTURE = "squeezenet1_1"


class Harm:
    """What somebody may put into a pickle."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def small():
    torch.manual_seed(1)
    return networks.new(ARCHITECTURE, len(NAMES), 64)


SMALL = small()
STATE = dict(SMALL.state_dict())
OTHERS = {name: weight + 1 for name, weight in STATE.items()}
LAST_OF_ADAM = {"state": {0: {"exp_avg": torch.zeros(3, 512, 1, 1), "step": 1}}, "param_groups": [{"lr": 0.1}]}


def under(*prefixes, state=STATE):
    return {"".join(prefixes) + name: weight for name, weight in state.items()}


def renamed(old, new):
    return {name.replace(old, new, 1): weight for name, weight in STATE.items()}


WRAPPINGS = {
    "plain": STATE,
    "ordered": OrderedDict(STATE),
    "parameters": OrderedDict((name, nn.Parameter(weight)) for name, weight in STATE.items()),
    "state_dict": {"state_dict": STATE, "epoch": 3},
    "model_state_dict and an optimizer": {"model_state_dict": STATE, "optimizer_state_dict": LAST_OF_ADAM},
    "model and arguments": {"model": STATE, "optimizer": LAST_OF_ADAM, "args": Namespace(lr=0.1), "epoch": 3},
    "net and the accuracy of numpy": {"net": STATE, "acc": np.float64(0.9), "curve": np.zeros(3)},
    "nested": {"checkpoint": {"weights": {"best": STATE}}, "at": pathlib.PurePosixPath("runs/1")},
    "averaged weights beside": {"model": OTHERS, "model_ema": STATE},
    "timm's averaged weights": {
        "arch": "x",
        "state_dict_ema": STATE,
        "state_dict": {n: w + 1 for n, w in STATE.items()},
    },
    "Lightning": {
        "state_dict": {**under("model."), "criterion.weight": torch.ones(3), "metric.confmat": torch.zeros(3, 3)},
        "hyper_parameters": defaultdict(list, lr=[0.1]),
        "loops": {"fit_loop": {"state_dict": {}}},
        "pytorch-lightning_version": "2.0",
    },
    "Lightning's other name": {"state_dict": under("net.")},
    "Lightning, a sub-module called as a layer": {"state_dict": under("classifier.")},
    "compiled": under("_orig_mod."),
    "data-parallel": under("module."),
    "averaged": {**under("module."), "n_averaged": torch.tensor(5)},
    "compiled and parallel": {"model": under("module.", "_orig_mod.")},
    "Lightning and compiled": {"state_dict": under("model.", "_orig_mod.")},
    "only the features parallel": renamed("features.", "features.module."),
    "behind a layer of one's own": {**under("1."), "0.mean": torch.zeros(3)},
    "a last layer behind a dropout": renamed("classifier.1.", "classifier.1.1."),
    "16 bits": {name: weight.half() for name, weight in STATE.items()},
    "a list": [STATE, 3],
}


def check(found, state=STATE):
    assert (found.architecture, found.classes, found.preprocessing.size) == (ARCHITECTURE, NAMES, 224)
    assert all(torch.allclose(found.state[name], weight, rtol=0.01, atol=1e-3) for name, weight in state.items())
    assert {weight.dtype for weight in found.state.values()} == {torch.float32}


@pytest.mark.parametrize("legacy", [False, True], ids=["today's torch", "before torch 1.6"])
@pytest.mark.parametrize("content", WRAPPINGS.values(), ids=WRAPPINGS)
def test_every_wrapping_of_a_state_dict_is_understood(tmp_path, content, legacy):
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=not legacy)
    check(load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES))


@pytest.mark.parametrize("state", [STATE, under("model."), {name: weight.bfloat16() for name, weight in STATE.items()}])
def test_safetensors_are_understood(tmp_path, state):
    safetensors.torch.save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    check(load_checkpoint(tmp_path / "model.safetensors", architecture=ARCHITECTURE, names=NAMES))


@pytest.mark.parametrize("content", [SMALL, {"model": SMALL, "epoch": 3}, nn.DataParallel(SMALL)], ids=range(3))
def test_a_whole_module_is_read_only_when_it_is_trusted(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(Malformed, match=r"runs whatever code is inside.*--trust-pickle"):
        load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES)
    check(load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES, trust_pickle=True))


def test_a_file_that_is_not_trusted_runs_nothing(tmp_path):
    for content in (Harm(tmp_path / "harm"), {"state_dict": STATE, "beside": Harm(tmp_path / "harm")}):
        torch.save(content, tmp_path / "food11.pth")
        assert command("check", tmp_path / "food11.pth") == 1
        assert not (tmp_path / "harm").exists()


def test_a_checkpoint_is_recognised_by_its_weights(tmp_path):
    torch.save({"state_dict": under("model."), "class_to_idx": INDICES, "metrics": ["a", "b", "c"]}, tmp_path / "a")
    found = load_checkpoint(tmp_path / "a")
    check(found)
    assert found.preprocessing == networks.preprocessing(ARCHITECTURE)
    assert [guess.partition(":")[0] for guess in found.guesses] == ["architecture", "classes", "input"]


@pytest.mark.parametrize(
    ("beside", "names"),
    [
        ({"classes": list(NAMES)}, NAMES),
        ({"idx_to_class": dict(enumerate(NAMES))}, NAMES),
        ({"hyper_parameters": {"id2label": {str(index): name for index, name in enumerate(NAMES)}}}, NAMES),
        ({"classes": list(NAMES), "metrics": ["a", "b", "c"]}, ()),
        ({"epoch": 1, "step": 0, "seed": 2}, ()),
    ],
)
def test_names_beside_the_weights_are_found_only_where_it_is_clear_which(beside, names):
    assert state_dicts.find_names({"state_dict": {"weight": torch.zeros(3)}, **beside}, 3) == names


def test_which_of_several_weights_is_told(tmp_path):
    torch.save(WRAPPINGS["averaged weights beside"], tmp_path / "a.pth")
    found = load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES)
    assert any("model_ema, of model" in guess for guess in found.guesses)


def test_a_vision_transformer_shows_its_size():
    outline = networks.outline("vit_b_16", 384)
    assert networks.size_in("vit_b_16", {f"model.{name}": one for name, one in outline.weights.items()}) == 384
    assert networks.preprocessing("vit_b_16", 384).resize_size == 384


def test_a_state_dict_of_the_lab_is_food_11s_unless_told_otherwise(tmp_path):
    found = load_checkpoint(food11(tmp_path))
    assert (found.classes, found.preprocessing.size) == (FOOD_11, 224)


def test_our_own_checkpoint_comes_back(tmp_path):
    seen, file = tensors.stretched(64), tmp_path / "deep" / "model.safetensors"
    saved = Checkpoint(network(3).state_dict(), ("a", "b", "ç"), seen, trained_on={"dataset": "drawings"})
    save_checkpoint(saved, file)
    found = load_checkpoint(file)
    assert (found.classes, found.preprocessing, found.trained_on) == (saved.classes, seen, saved.trained_on)
    assert all(torch.equal(weight, saved.state[name]) for name, weight in found.state.items())
    assert (found.guesses, list(file.parent.iterdir())) == ((), [file])


def test_a_checkpoint_of_before_comes_back(tmp_path):
    said = {"v": 1, "classes": list(NAMES), "size": 64, "trained_on": {"seed": 1}}
    torch.save({**said, "state": network(3).state_dict()}, tmp_path / "model.pt")
    found = load_checkpoint(tmp_path / "model.pt")
    assert (found.classes, found.preprocessing, found.trained_on) == (NAMES, tensors.stretched(64), {"seed": 1})


def test_classes_are_asked_for_and_counted(tmp_path):
    torch.save(STATE, tmp_path / "a.pth")
    with pytest.raises(BadRequest, match="answers 3 classes and does not name them: say --classes"):
        load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE)
    with pytest.raises(Malformed, match="answer 3 classes, 2 are named"):
        load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES[:2])
    with pytest.raises(BadRequest, match="'resnet' is no classifier of torchvision, but resnet"):
        load_checkpoint(tmp_path / "a.pth", architecture="resnet", names=NAMES)


def test_another_architecture_is_told_with_what_was_found_and_expected(tmp_path):
    torch.save({"state_dict": under("model."), "epoch": 3}, tmp_path / "a.pth")
    with pytest.raises(Malformed) as refused:
        load_checkpoint(tmp_path / "a.pth", architecture="squeezenet1_0", names=NAMES)
    told = str(refused.value)
    assert "'state_dict' (dict), 'epoch' (int); 52 tensors: state_dict.model.features.0.weight 64 x 3 x 3 x 3" in told
    assert "features.0.weight is 64 x 3 x 3 x 3, not 96 x 3 x 7 x 7" in told
    assert "say --architecture squeezenet1_1" in told


def test_layers_more_are_told(tmp_path):
    torch.save({**STATE, "classifier.4.weight": torch.zeros(3, 3)}, tmp_path / "a.pth")
    with pytest.raises(Malformed, match=r"in excess: classifier\.4\.weight"):
        load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES)


def test_layers_less_are_told_with_the_closest_architecture(tmp_path):
    torch.save({name: one for name, one in STATE.items() if name != "features.3.squeeze.bias"}, tmp_path / "a.pth")
    with pytest.raises(Malformed, match=r"missing: features.3.squeeze.bias 16\. .* squeezenet1_1, with 51 of 52"):
        load_checkpoint(tmp_path / "a.pth", names=NAMES)


def test_weights_that_are_no_numbers_are_told(tmp_path):
    torch.save({**STATE, "classifier.1.bias": torch.tensor([0, float("nan"), 0])}, tmp_path / "a.pth")
    with pytest.raises(Malformed, match="not finite"):
        load_checkpoint(tmp_path / "a.pth", architecture=ARCHITECTURE, names=NAMES)


@pytest.mark.parametrize(
    "body",
    [b"", b"PK", b"\x08\x0a", pickle.dumps([1]), b"\x02" + bytes(7) + b"{}", b"\xff" * 8 + b"{"],
    ids=["empty", "zip", "onnx", "pickle", "safetensors of nothing", "half of a safetensors"],
)
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
