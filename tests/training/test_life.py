"""A food11.pth from the check to the rollback, in both of its forms."""

import json
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

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
from training.promotion import registry

pytestmark = pytest.mark.slow("exports networks, eight seconds of torch each")

STATE, WHOLE = "state_dict", "whole module"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Check and export a file, each only once: that takes ten seconds. Its folder, and what was printed."""

    @cache
    def export(form, seed):
        folder, trust = tmp_path_factory.mktemp("exported"), ["--trust-pickle"] if form == WHOLE else []
        weights, to = food11(folder, whole=form == WHOLE, seed=seed), folder / "model"
        with redirect_stdout(StringIO()) as printed:
            assert command("check", weights, *trust) == 0
            assert command("export", weights, "--to", to, *trust) == 0
        return to, printed.getvalue()

    return export


def answer(store):
    """What a function says that serves from this store."""
    release = releases.current(store)
    classifier = OnnxClassifier(releases.model_bytes(store, release), release.card.document, prepare=pictures.prepare)
    return classifier.probabilities(pictures.normalise(clear_upload()))


@pytest.mark.parametrize("form", [STATE, WHOLE])
def test_either_form_is_released_and_serves(exported, form):
    store, (folder, _) = MemoryStore(), exported(form, 1)
    registry.publish(store, registry.load_package(folder), now=utc_now())
    assert len(answer(store)) == 11


@pytest.mark.store
def test_the_whole_life_by_commands_on_a_real_store(exported, seaweedfs, monkeypatch):
    store = at_home(seaweedfs, monkeypatch)
    (before, _), (after, _) = exported(STATE, 1), exported(STATE, 2)
    assert command("release", before, "--no-wait", "--allow-constant") == 0
    first = answer(store)
    assert command("release", after, "--no-wait", "--allow-constant") == 0
    assert answer(store) != first
    assert command("rollback", "--no-wait") == 0
    assert answer(store) == first


def test_an_export_without_pictures_says_that_it_is_not_calibrated(exported):
    folder, printed = exported(STATE, 1)
    card = json.loads((folder / "card.json").read_text())
    assert "not calibrated" in printed
    assert (card["temperature"], card["metrics"]) == (1.0, {})
