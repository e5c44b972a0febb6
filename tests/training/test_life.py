"""A food11.pth from the check to the rollback, in both of its forms."""

import json

import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

from feedloop import releases
from feedloop.adapters import pictures
from feedloop.adapters.memory import MemoryStore
from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.domain.clock import utc_now
from tests.support.networks import food11
from tests.support.training import at_home, command
from tests.support.uploads import clear_upload
from training import cards, catalogue


def exported(tmp_path, *, seed=1, whole=False):
    weights, to = food11(tmp_path, whole=whole, seed=seed), tmp_path / f"model-{seed}"
    trust = ["--trust-pickle"] if whole else []
    assert command("check", weights, *trust) == 0
    assert command("export", weights, "--to", to, *trust) == 0
    return to


def answer(store):
    """What a function says that serves from this store."""
    release = releases.current(store)
    classifier = OnnxClassifier(releases.model_bytes(store, release), release.card, shrink=pictures.shrink)
    return classifier.probabilities(pictures.normalise(clear_upload()))


@pytest.mark.parametrize("whole", [False, True], ids=["state_dict", "whole module"])
def test_either_form_is_released_and_serves(tmp_path, whole):
    store, (model, card) = MemoryStore(), cards.read(exported(tmp_path, whole=whole))
    catalogue.release(store, model, card, {}, now=utc_now())
    assert len(answer(store)) == 11


@pytest.mark.store
def test_the_whole_life_by_commands_on_a_real_store(tmp_path, seaweedfs, monkeypatch):
    store = at_home(seaweedfs, monkeypatch)
    before, after = exported(tmp_path, seed=1), exported(tmp_path, seed=2)
    assert command("release", before) == 0
    first = answer(store)
    assert command("release", after) == 0
    assert answer(store) != first
    assert command("rollback") == 0
    assert answer(store) == first


def test_an_export_without_pictures_says_that_it_is_not_calibrated(tmp_path, capsys):
    card = json.loads((exported(tmp_path) / "card.json").read_text())
    assert "not calibrated" in capsys.readouterr().out
    assert (card["temperature"], card["metrics"]) == (1.0, {})
