"""From the model that serves to the next one, by one command on a real store."""

import dataclasses
import json
from datetime import timedelta
from random import Random

import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

from feedloop import releases, reviews
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import BadRequest
from tests.support import colours, world
from tests.support.labelled import commit, label
from tests.support.training import at_home, command
from tests.support.uploads import encoded
from training.data import gallery, manifests, tensors
from training.data.drawings import CLASSES, draw
from training.data.image_folder import FOOD_11
from training.model import networks
from training.model.card import make_card
from training.model.checkpoint import Checkpoint
from training.promotion import registry, retraining

CLOSED = utc_now().replace(hour=1) - timedelta(days=2)  # yesterday is open until half past midnight
FEW = ("--epochs", 2, "--workers", 0)


@pytest.fixture
def store(seaweedfs, monkeypatch, first_model):
    """A store in which another model, of other classes, was released before."""
    store, body = at_home(seaweedfs, monkeypatch), colours.model(colours.RIGHT)
    releases.publish(store, body, colours.card(body), now=CLOSED)
    registry.publish(store, registry.load_package(first_model), now=CLOSED, new_classes=True)
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
    before = releases.current(store).card.id
    judging = {labelled(store, keys.RANDOM_SAMPLED, number) for number in range(11)}
    learned = {labelled(store, keys.LOW_CONFIDENCE, number) for number in range(44)}
    older = labelled(store, keys.RANDOM_SAMPLED, 50, time=CLOSED - timedelta(days=20))
    assert command("retrain", "--no-wait", "--to", tmp_path, "--force", *FEW) == 0
    released = releases.current(store)
    card, first = released.card.document, len(colours.CLASSES)
    assert (released.card.classes, released.indices) == (FOOD_11, tuple(range(first, first + len(FOOD_11))))
    body = store.get(keys.model_file("food11", released.card.id, manifests.FILE)).body
    assert {line.prediction for line in manifests.parse(body)} == {*learned, older}
    assert (card["trained_on"]["manifest"], card["trained_on"]["base_model"]) == (manifests.version(body), before)
    decision = json.loads((tmp_path / "verdict.json").read_text())
    assert (decision["labels"]["judged"], decision["trained_on"]) == (len(judging), card["trained_on"])
    assert released.card.id[:12] in capsys.readouterr().out
    assert card["trained_on"]["replay"] == {"dataset": "drawings", "pictures": 22, "outliers": 11, "seed": 11}
    champion = registry.fetch_package(store, releases.current(store))
    kept = dataclasses.replace(champion, weights=registry.fetch_weights(store, champion.card))
    assert retraining.find_start(kept, None).folded is None  # the next training needs no ONNX file


def foreign(weights=b"", classes=colours.CLASSES):
    body = colours.model(colours.RIGHT)
    facts = {"input": tensors.stretched(64).to_document(), "architecture": "squeezenet1_1"}
    return registry.ModelPackage(body, ModelCard(make_card(body, "foreign", classes, facts, "")), weights=weights)


def test_a_release_without_weights_says_what_to_do_before_anything_is_downloaded():
    with pytest.raises(BadRequest, match=r"cannot be trained further: no weights .* --from, or .*--with"):
        retraining.find_start(foreign(), None)


def test_training_goes_on_from_the_weights_beside_a_release(tmp_path):
    network = networks.new("squeezenet1_1", 3, 64)
    weights = Checkpoint(network.state_dict(), ("a", "b", "c"), tensors.stretched(96), "squeezenet1_1").to_bytes()
    begin = retraining.find_start(foreign(weights), None)
    assert (begin.checkpoint.classes, begin.checkpoint.preprocessing.size) == (colours.CLASSES, 64)  # the card's
    (tmp_path / "a.safetensors").write_bytes(weights)
    assert retraining.find_start(foreign(), tmp_path / "a.safetensors").checkpoint.architecture == "squeezenet1_1"


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
