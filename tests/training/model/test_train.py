"""Training, calibration and export on a handful of drawings."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

import torch

from feedloop.domain.errors import BadRequest, Malformed, Unavailable
from tests.support.networks import network
from tests.support.training import command
from training.data import gallery, image_folder, tensors
from training.data.drawings import FIRST_DAY
from training.model import networks, onnx_export, train, training_loop
from training.model.checkpoint import Checkpoint, load_checkpoint, parse_checkpoint

LAST = "classifier.1.weight"
SMALL = ("--size", 32, "--batch", 8, "--workers", 0, "--threads", 1)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training-data") / "drawings"
    list(gallery.draw_folder(folder, 33, style=FIRST_DAY, seed=1))
    return folder


@pytest.fixture(scope="module")
def random_weights():
    return Checkpoint(network().state_dict(), image_folder.FOOD_11, tensors.stretched(64))


@pytest.fixture(scope="module")
def exported(random_weights):
    """Exported once: it takes seven seconds."""
    return onnx_export.to_onnx(random_weights, 1.0)


def trained(drawings, to, *more):
    assert command("train", drawings, "--from", "scratch", "--epochs", 1, "--to", to, *SMALL, *more) == 0
    return load_checkpoint(to)


def test_the_same_seed_trains_the_same_weights(drawings, tmp_path):
    one, two, other = (trained(drawings, tmp_path / f"{at}.pt", "--seed", seed) for at, seed in enumerate((1, 1, 2)))
    same = [torch.equal(one.state[name], two.state[name]) for name in one.state]
    assert all(same)
    assert not torch.equal(one.state[LAST], other.state[LAST])


def test_a_checkpoint_says_what_it_was_trained_on(drawings, tmp_path):
    found = trained(drawings, tmp_path / "a.pt").trained_on
    assert (found["dataset"], found["pictures"], found["seed"]) == ("drawings", 33, 11)
    assert (found["epochs"], found["validation_share"]) == (1, 0.1)
    assert found["manifest"] == image_folder.load_pictures(drawings).version()


def test_former_names_of_options_are_still_taken(drawings, tmp_path):
    found = trained(drawings, tmp_path / "a.pt", "--rounds", 2, "--rate=0.001", "--held", 0.5).trained_on
    assert (found["epochs"], found["validation_share"]) == (2, 0.5)


def test_training_goes_on_from_a_checkpoint_of_any_architecture(drawings, tmp_path):
    trained(drawings, tmp_path / "a.pt", "--architecture", "shufflenet_v2_x0_5")
    found = trained(drawings, tmp_path / "b.pt", "--from", tmp_path / "a.pt")
    assert (found.architecture, found.preprocessing) == ("shufflenet_v2_x0_5", tensors.stretched(32))


def test_a_size_that_an_architecture_does_not_take_is_told_before_it_trains(drawings, tmp_path, capsys):
    wrong = ("--architecture", "maxvit_t", "--from", "scratch")
    assert command("train", drawings, *wrong, *SMALL, "--to", tmp_path / "a.pt") == 1
    assert "maxvit_t cannot be built for 32 x 32 pixels" in capsys.readouterr().err


def test_outliers_ask_for_no_preference(drawings, tmp_path):
    list(gallery.draw_outliers(tmp_path / "none", 10, seed=1))
    assert trained(drawings, tmp_path / "a.pt", "--outliers", tmp_path / "none").trained_on["outliers"] == 10
    assert tensors.target(None, 4).tolist() == [0.25] * 4
    assert tensors.target(2, 4).tolist() == [0, 0, 1, 0]


def test_half_precision_trains_too(drawings, tmp_path):
    assert trained(drawings, tmp_path / "a.pt", "--half").classes == image_folder.FOOD_11


def test_training_stops_when_nothing_improves(drawings):
    training, validation = image_folder.load_pictures(drawings).split(0.5, seed=1)
    plan = training_loop.TrainingPlan(tensors.stretched(32), epochs=20, patience=1, learning_rate=1e-9, workers=0)
    epochs = list(training_loop.train_epochs(network(), training, validation, plan, lambda *_: None))
    assert len(epochs) < 20
    assert not epochs[-1].best


def test_without_a_connection_training_starts_from_scratch(drawings, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    assert command("train", drawings, "--epochs", 1, "--to", tmp_path / "a.pt", *SMALL) == 0
    assert "cannot be fetched" in capsys.readouterr().out
    with pytest.raises(Unavailable):
        networks.pretrained("mobilenet_v2", 11)


def test_other_classes_keep_what_was_learned(random_weights):
    made = networks.extended(networks.new("mobilenet_v2", 3, 64), random_weights.state, ()).state_dict()
    assert tuple(made[LAST].shape) == (3, 1280)
    assert torch.equal(made["features.0.0.weight"], random_weights.state["features.0.0.weight"])


def test_the_temperature_makes_confidence_come_true(drawings, random_weights):
    validation = image_folder.load_pictures(drawings).examples
    temperature = onnx_export.fit_temperature(random_weights.network, validation, tensors.stretched(64))
    answers = networks.logits(random_weights.network, validation, tensors.stretched(64))
    truth = torch.tensor([one.index for one in validation])
    losses = [float(torch.nn.functional.cross_entropy(answers / at, truth)) for at in (temperature, 1, 0.5, 3)]
    assert min(losses) == losses[0]


@pytest.mark.slow("exports a network")
def test_the_exported_file_answers_as_torch_does(drawings, random_weights):
    made = train.export_checkpoint(random_weights, image_folder.load_pictures(drawings).examples, seed=1)
    assert made.parity.holds
    assert made.parity.pictures >= 33
    pixels = torch.randn(4, 3, 64, 64)
    expected = torch.softmax(random_weights.network(pixels).detach() / made.temperature, 1).numpy()
    assert expected.std(0).max() > 0.001  # its answers do differ
    np.testing.assert_allclose(onnx_export.run_onnx(made.model, pixels.numpy()), expected, atol=1e-4)


def test_an_export_that_answers_differently_is_refused(exported, random_weights, tmp_path):
    with pytest.raises(Malformed, match="answers differently from torch"):
        onnx_export.check_parity(exported, random_weights, 1.5, onnx_export.compared([], tmp_path, seed=1))


@pytest.mark.slow("exports a network")
def test_a_foreign_checkpoint_becomes_a_file_that_predict_answers_alike(tmp_path):
    torch.manual_seed(1)
    state = networks.new("squeezenet1_1", 3, 64).state_dict()
    torch.save({"model": {f"module.{name}": weight for name, weight in state.items()}}, tmp_path / "a.pth")
    seen = networks.preprocessing("squeezenet1_1", 64)
    made = train.adopt_checkpoint(tmp_path / "a.pth", classes=("a", "b", "c"), preprocessing=seen)
    assert (made.architecture, made.preprocessing, made.parity.holds) == ("squeezenet1_1", seen, True)
    assert made.guesses == ("architecture: squeezenet1_1, which these weights fit",)
    assert torch.equal(parse_checkpoint(made.weights, "weights").state["features.0.weight"], state["features.0.weight"])
    (tmp_path / "other.pth").write_bytes(made.weights)
    with pytest.raises(BadRequest, match="three colours, as NCHW"):
        train.adopt_checkpoint(tmp_path / "other.pth", preprocessing=replace(seen, layout="NHWC"))


def test_the_exported_file_names_no_folder(exported):
    assert b"/" + b"training" not in exported


def test_other_pictures_do_not_calibrate(drawings, tmp_path):
    found = trained(drawings, tmp_path / "a.pt")
    list(gallery.draw_folder(tmp_path / "others", 22, style=FIRST_DAY, seed=9))
    with pytest.raises(BadRequest, match="not what the checkpoint was trained on"):
        train.validation_examples(found, tmp_path / "others")
    assert len(train.validation_examples(found, drawings)) == 11


def test_an_old_checkpoint_still_calibrates_on_what_it_has_not_seen(drawings, tmp_path):
    new = trained(drawings, tmp_path / "a.pt", "--validation-share", 0.5)
    old = {name: fact for name, fact in new.trained_on.items() if name not in {"epochs", "validation_share"}}
    checkpoint = replace(new, trained_on={**old, "rounds": 1, "held": 0.5})
    assert len(train.validation_examples(checkpoint, drawings)) == 22
    assert train.validation_examples(checkpoint, drawings) == train.validation_examples(new, drawings)


@pytest.mark.slow("trains and exports a network")
def test_the_demonstration_model_is_made_by_one_command(tmp_path):
    few = ("--drawings", 44, "--outliers", 20, "--held-out", 11, "--epochs", 1)
    assert command("demo", "--to", tmp_path, *few) == 0
    card = json.loads((tmp_path / "card.json").read_text())
    assert "nothing of real food" in card["note"]
    assert set(card["metrics"]["per_class"]) == set(card["classes"])
    assert command("evaluate", tmp_path, "missing") == 1
