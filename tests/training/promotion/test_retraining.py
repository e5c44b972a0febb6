"""From the model that serves to the next one, by one command on a real store."""

import json
from datetime import timedelta
from random import Random

import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

from feedloop import releases, reviews
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from tests.support import world
from tests.support.labelled import commit, label
from tests.support.training import at_home, command
from tests.support.uploads import encoded
from training.data import gallery, manifests
from training.data.drawings import CLASSES, draw
from training.data.image_folder import FOOD_11
from training.promotion import registry

CLOSED = utc_now().replace(hour=1) - timedelta(days=2)  # yesterday is open until half past midnight
FEW = ("--epochs", 2, "--workers", 0)


@pytest.fixture
def store(seaweedfs, monkeypatch, first_model):
    store = at_home(seaweedfs, monkeypatch)
    registry.publish(store, registry.load_package(first_model), now=CLOSED)
    return store


def labelled(store, queue, number, *, time=CLOSED):
    index = number % len(FOOD_11)
    body = encoded(draw([*CLASSES][index], Random(f"{queue} {number}"), gallery.drifted("all", 0.5)))
    made = world.prediction(1, time=time)
    if queue == keys.RANDOM_SAMPLED:
        reviews.queue_blind(store, commit(store, made, body).id)
    return str(label(store, queue, FOOD_11[index], made, body=body).id)


@pytest.mark.slow("trains and exports a network")
@pytest.mark.store
def test_one_command_trains_judges_and_releases(store, tmp_path, capsys):
    before = releases.current(store).card.sha256
    judging = {labelled(store, keys.RANDOM_SAMPLED, number) for number in range(11)}
    learned = {labelled(store, keys.LOW_CONFIDENCE, number) for number in range(44)}
    older = labelled(store, keys.RANDOM_SAMPLED, 50, time=CLOSED - timedelta(days=20))
    assert command("retrain", "--no-wait", "--to", tmp_path, "--force", *FEW) == 0
    card = releases.current(store).card.document
    body = store.get(keys.model_file("food11", card["sha256"], manifests.FILE)).body
    assert {line.prediction for line in manifests.parse(body)} == {*learned, older}
    assert (card["trained_on"]["manifest"], card["trained_on"]["base_model"]) == (manifests.version(body), before)
    decision = json.loads((tmp_path / "verdict.json").read_text())
    assert (decision["labels"]["judged"], decision["trained_on"]) == (len(judging), card["trained_on"])
    assert card["sha256"][:12] in capsys.readouterr().out
    assert card["trained_on"]["replay"] == {"dataset": "drawings", "pictures": 22, "outliers": 11, "seed": 11}


@pytest.mark.store
def test_without_anything_to_learn_it_says_so(store, tmp_path, capsys):
    labelled(store, keys.RANDOM_SAMPLED, 1)
    assert command("retrain", "--no-wait", "--to", tmp_path, *FEW) == 1
    assert "nothing to learn from yet" in capsys.readouterr().err


@pytest.mark.store
def test_without_a_blind_label_it_does_not_even_train(store, tmp_path, capsys):
    labelled(store, keys.LOW_CONFIDENCE, 1)
    assert command("retrain", "--no-wait", "--to", tmp_path, *FEW) == 1
    assert "No closed day has a blind label" in capsys.readouterr().err
    assert not (tmp_path / "model.pt").exists()
