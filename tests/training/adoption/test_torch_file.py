"""A checkpoint becomes an ONNX file, with what its folder, the options and torchvision say of its input."""

import json

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed here: make test-training")

import safetensors.torch  # noqa: E402
from torchvision import models  # noqa: E402

from feedloop.classifiers import load_classifier  # noqa: E402
from feedloop.domain.errors import BadRequest  # noqa: E402
from training.adoption import package  # noqa: E402
from training.adoption.facts import given_facts  # noqa: E402

pytestmark = pytest.mark.slow("torch exports networks, and tries all that torchvision has")

NAMES = ("Bread", "Egg", "Meat")


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(1)
    return models.get_model("squeezenet1_1", num_classes=len(NAMES)).state_dict()


def test_a_wrapped_checkpoint_needs_no_more_than_its_classes(state, tmp_path):
    torch.save({"model_state_dict": state, "epoch": 3}, tmp_path / "food.pt")
    known = {"architecture": "squeezenet1_1"}  # else all of torchvision's are tried, one after the other
    options = given_facts({"classes": NAMES, "size": 64, "range": "-1-1", **known})
    adopted = package.adopt(tmp_path / "food.pt", options, created="2026-11-29")
    document = adopted.card.document
    assert (document["architecture"], document["output"]) == ("squeezenet1_1", {"kind": "logits"})
    assert document["input"]["mean"] == [0.5] * 3
    assert (adopted.facts["size"].origin, adopted.facts["interpolation"].guessed) == ("by --size", True)
    assert adopted.parity.startswith("max |dp| ")
    load_classifier(adopted.model, adopted.card)
    assert safetensors.torch.load(adopted.weights).keys() == state.keys()


def test_a_folder_of_timm_says_all(state, tmp_path):
    safetensors.torch.save_file(state, tmp_path / "model.safetensors")
    own = {"input_size": [3, 64, 64], "crop_pct": 1.0, "crop_mode": "squash", "interpolation": "bilinear"}
    config = {"architecture": "squeezenet1_1.tag", "num_classes": 3, "label_names": NAMES, "pretrained_cfg": own}
    (tmp_path / "config.json").write_text(json.dumps(config))
    adopted = package.adopt(tmp_path, {}, created="2026-11-29")
    assert adopted.card.document["architecture"] == "squeezenet1_1"
    assert adopted.card.document["input"]["resize"] == "stretch"
    assert {name for name, fact in adopted.facts.items() if fact.guessed} == {"name"}


def test_a_network_that_torchvision_has_not_gets_advice(tmp_path):
    safetensors.torch.save_file({"vit.embeddings.cls_token": torch.zeros(1, 1, 8)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["ViTForImageClassification"]}))
    with pytest.raises(BadRequest, match="optimum-cli export onnx"):
        package.adopt(tmp_path, {}, created="2026-11-29")
