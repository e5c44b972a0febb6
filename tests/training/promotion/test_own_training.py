"""A training by somebody's own program: what it is handed, what is taken of it, and what is told that is missing."""

import json
import re
from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.domain import keys
from tests.support import colours
from tests.support.labelled import label
from tests.support.training import command
from tests.support.world import NOON, prediction
from training.data import manifests
from training.promotion import registry

NOW = NOON + timedelta(days=2)
EARLIER = NOON - timedelta(days=30)
CARD = {key: colours.card(b"")[key] for key in ("v", "name", "classes", "input")}


@pytest.fixture
def store(memory_store, monkeypatch):
    colours.release(memory_store, colours.SWAPPED)
    colours.answered(memory_store, [number % 3 for number in range(30)])
    monkeypatch.setattr("training.commands.store_connection.open_store", lambda: memory_store)
    monkeypatch.setattr("training.commands.store_connection.clock", lambda: lambda: NOW)
    return memory_store


@pytest.fixture
def learned(store):
    """A picture to learn from."""
    body = colours.picture(0, 99)
    return label(store, keys.LOW_CONFIDENCE, "Red", prediction(1, time=EARLIER), body=body)


@pytest.fixture
def train(tmp_path):
    """Run `retrain` with a script; beside it lies a better model than the one that serves."""

    def retrain(text, *words, mode=0o755):
        (tmp_path / "better.onnx").write_bytes(colours.model(colours.RIGHT, 2))
        script = tmp_path / "my_train.sh"
        script.write_text(f"#!/bin/sh\nset -e\nhere='{tmp_path}'\n{text}\n")
        script.chmod(mode)
        return command("retrain", "--no-wait", "--with", script, "--to", tmp_path / "next", *words)

    return retrain


OWN = {
    f"FEEDLOOP_{name}"
    for name in ["PICTURES", "OUTLIERS", "CLASSES", "MANIFEST", "PREVIOUS", "OUTPUT", "SEED", "TEST_DAYS"]
}

HANDED = {
    "PICTURES": "pictures",
    "OUTLIERS": "outliers",
    "CLASSES": "pictures/classes.txt",
    "MANIFEST": "pictures/manifest.jsonl",
    "PREVIOUS": "previous",
    "OUTPUT": "output",
    "SEED": "",
    "TEST_DAYS": "",
}

COPY = 'cp "$here/better.onnx" "$FEEDLOOP_OUTPUT/model.onnx"'


def test_what_a_program_made_is_judged_and_released_with_the_manifest_of_what_it_learned(
    store, learned, train, tmp_path
):
    before = releases.current(store).card.sha256
    assert train(f"echo epoch 1/2\n{COPY}") == 0
    card = releases.current(store).card
    assert (card.sha256, card.classes) == (colours.card(colours.model(colours.RIGHT, 2))["sha256"], colours.CLASSES)
    body = store.get(keys.model_file("colours", card.sha256, manifests.FILE)).body
    assert [entry.prediction for entry in manifests.parse(body)] == [str(learned.id)]
    facts = card.document["trained_on"]
    assert (facts["manifest"], facts["base_model"]) == (manifests.version(body), before)
    assert (facts["program"], facts["seed"]) == ("my_train.sh", 11)
    assert (tmp_path / "next" / "training.log").read_text() == "epoch 1/2\n"
    assert registry.load_package(tmp_path / "next").card.sha256 == card.sha256


def test_it_is_handed_pictures_outliers_classes_and_the_model_before(store, learned, train, tmp_path, monkeypatch):
    monkeypatch.setenv("S3_SECRET_KEY", "secret")
    monkeypatch.setenv("WANDB_API_KEY", "mine")
    champion = registry.fetch_package(store, releases.current(store))
    assert train(f"env > $here/env\n{COPY}", "--seed", 7, "--pass", "WANDB_API_KEY") == 0
    given = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    folder = tmp_path / "next"
    assert {name: given[f"FEEDLOOP_{name}"] for name in HANDED} == {
        **{name: f"{folder}/{place}" for name, place in HANDED.items()},
        "SEED": "7",
        "TEST_DAYS": "20261109-20261122",
    }
    assert ("S3_SECRET_KEY" in given, given["WANDB_API_KEY"]) == (False, "mine")
    assert (folder / "previous" / "model.onnx").read_bytes() == champion.model
    assert (folder / "pictures" / "class_00" / f"lowconfidence-{learned.id}.jpg").is_file()


CARDS = {
    "a card that says only what differs": {"input": CARD["input"], "note": "mine"},
    "no more than a note": {"note": "mine"},
    "a whole card without a fingerprint": {**CARD, "note": "mine"},
}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_card_may_leave_out_what_is_as_before(store, learned, train, card):
    written = json.dumps(card).replace(" ", "")
    assert train(f"{COPY}\necho '{written}' > $FEEDLOOP_OUTPUT/card.json") == 0
    released = releases.current(store).card.document
    assert {key: released[key] for key in CARD} == CARD
    assert (released["note"], released["created"]) == ("mine", f"{NOW:%Y-%m-%d}")


CONFIG = {
    "config.json": {"model_type": "vit", "id2label": {"0": "Red", "1": "Green", "2": "Blue"}},
    "preprocessor_config.json": {"image_processor_type": "ViTImageProcessor", "size": 8, "image_mean": [0.1] * 3},
}


def test_a_config_beside_the_model_says_how_pictures_are_prepared(store, learned, train, tmp_path, capsys):
    for name, document in CONFIG.items():
        (tmp_path / name).write_text(json.dumps(document))
    assert train(f"{COPY}\ncp $here/*config.json $FEEDLOOP_OUTPUT/") == 0
    assert releases.current(store).card.document["input"]["mean"] == [0.1] * 3
    assert "Nothing beside the model says" not in "".join(capsys.readouterr())


def test_without_any_it_is_said_what_is_assumed(store, learned, train, capsys):
    assert train(COPY) == 0
    assert "Nothing beside the model says how pictures are prepared" in "".join(capsys.readouterr())


def test_a_copy_of_the_previous_card_is_not_taken_for_what_the_new_model_is(store, learned, train):
    body = colours.model(colours.SWAPPED, 5)
    releases.publish(store, body, colours.card(body, metrics={"accuracy": 0.33}), now=NOON)
    assert train(f"{COPY}\ncp $FEEDLOOP_PREVIOUS/card.json $FEEDLOOP_OUTPUT/") == 0
    released = releases.current(store).card.document
    assert "metrics" not in released
    assert released["input"] == CARD["input"]


MISSING = {
    "nothing": ("true", r"ended well and wrote nothing to .*output"),
    "no model": ("touch $FEEDLOOP_OUTPUT/a.txt", 'wrote "a.txt": .*has no model'),
    "no model beside its card": ("echo '{}' > $FEEDLOOP_OUTPUT/card.json", r"model\.onnx is not there"),
    "no card": (f"{COPY}; echo no > $FEEDLOOP_OUTPUT/card.json", r"card\.json"),
    "a model cut short": ("head -c 99 $here/better.onnx > $FEEDLOOP_OUTPUT/model.onnx", "cut short"),
    "another's card": (f'{COPY}; echo \'{{"sha256":"x"}}\' > $FEEDLOOP_OUTPUT/card.json', "leave sha256 out"),
    "a failure": ("echo out of luck; exit 3", "ended with 3. Its last line: out of luck"),
    "a kill": ("kill -9 $$", "signal 9"),
}


@pytest.mark.parametrize(("text", "says"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_told_and_nothing_is_released(store, learned, train, capsys, text, says):
    before = releases.current(store).card.sha256
    assert train(text) == 1
    assert re.search(says, " ".join(capsys.readouterr().err.split()))
    assert releases.current(store).card.sha256 == before


def test_a_program_that_cannot_be_run_is_told_before_anything_else(train, capsys):
    assert train(COPY, mode=0o644) == 1  # there is no store
    assert "chmod +x" in capsys.readouterr().err


def test_without_anything_to_learn_the_program_does_not_begin(store, train, tmp_path, capsys):
    assert train("touch $here/began") == 1
    assert "nothing to learn from yet" in capsys.readouterr().err
    assert not (tmp_path / "began").exists()


def test_what_an_earlier_run_wrote_is_not_taken_for_this_one_and_not_lost(store, learned, train, tmp_path):
    assert train(f"{COPY}; exit 1") == 1
    assert train("true") == 1
    assert (tmp_path / "next" / "output-1" / "model.onnx").is_file()


def test_what_was_mended_by_hand_is_taken_without_another_training(store, learned, train, tmp_path):
    assert train("echo x >> $here/runs") == 1
    (tmp_path / "next" / "output" / "model.onnx").write_bytes((tmp_path / "better.onnx").read_bytes())
    assert train("echo x >> $here/runs", "--trained") == 0
    assert (tmp_path / "runs").read_text() == "x\n"


def test_where_nobody_trained_or_other_pictures_lie_by_now_nothing_is_taken(store, learned, train, tmp_path, capsys):
    assert train(COPY, "--trained") == 1
    assert "leave out --trained" in capsys.readouterr().err
    assert train(f"{COPY}; exit 1") == 1
    manifests.save(tmp_path / "next" / "pictures", manifests.to_bytes([]))
    assert train(COPY, "--trained") == 1
    assert "train again" in capsys.readouterr().err


def test_options_of_the_built_in_training_do_not_go_with_it(store, train, capsys):
    assert train(COPY, "--replay", "pictures") == 1
    assert "leave out --from, --replay" in capsys.readouterr().err
