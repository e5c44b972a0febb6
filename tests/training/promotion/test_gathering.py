"""What a training of one's own gets: the pictures that `retrain` itself learns from, in folders and with a manifest."""

from contextlib import suppress
from datetime import timedelta

import pytest

from feedloop import releases, reviews
from feedloop.domain import keys
from tests.support import colours
from tests.support.interleaving import Killed
from tests.support.killed_store import KilledStore
from tests.support.labelled import commit, label
from tests.support.training import command
from tests.support.world import NOON, prediction
from training.data import image_folder, manifests

NOW = NOON + timedelta(days=2)
READS = frozenset({"get", "head"})
EARLIER = NOON - timedelta(days=30)


@pytest.fixture
def store(memory_store, monkeypatch):
    colours.release(memory_store, colours.RIGHT)
    monkeypatch.setattr("training.commands.store_connection.open_store", lambda: memory_store)
    monkeypatch.setattr("training.commands.store_connection.clock", lambda: lambda: NOW)
    return memory_store


def judged(store, colour, **how):
    """A picture that judges."""
    made = commit(store, prediction(1, time=NOON), colours.picture(colour, **how))
    reviews.queue_blind(store, made.id)
    return label(store, keys.RANDOM_SAMPLED, colours.CLASSES[colour], made)


def learned(store, colour, shade, choice=None):
    made = prediction(1, time=EARLIER)
    choice = choice or colours.CLASSES[colour]
    return label(store, keys.LOW_CONFIDENCE, choice, made, body=colours.picture(colour, shade))


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pull(folder, *words):
    return command("pull", "--for-training", "--to", folder, *words)


def test_one_command_brings_what_may_be_learned_and_its_manifest(store, tmp_path, capsys):
    judged(store, 0)
    red, none = learned(store, 0, 7), learned(store, 2, 9, choice="None of these")
    learned(store, 0, 0)  # the same bytes as the one that judges
    assert pull(tmp_path) == 0
    assert names(tmp_path) == [
        f"outliers/lowconfidence-{none.id}.jpg",
        f"pictures/class_00/lowconfidence-{red.id}.jpg",
    ]
    entries = manifests.load_beside(tmp_path / "pictures") or ()
    assert {(one.prediction, one.class_name) for one in entries} == {(str(red.id), "Red"), (str(none.id), None)}
    assert (tmp_path / "pictures" / "classes.txt").read_text() == "Red\nGreen\nBlue\n"
    assert "1 in test set" in capsys.readouterr().out


def test_it_is_an_image_folder_whose_sorted_folders_are_the_classes(store, tmp_path):
    judged(store, 0)
    learned(store, 2, 1)
    assert pull(tmp_path) == 0
    pictures = image_folder.load_pictures(tmp_path / "pictures", complete=False)
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir() if path.is_dir()) == [
        f"class_{index:02d}" for index in range(3)
    ]
    body = (tmp_path / "pictures" / manifests.FILE).read_bytes()
    assert ([one.index for one in pictures.examples], pictures.version()) == ([2], manifests.version(body))


def test_of_all_classes_those_of_the_model_and_those_with_pictures_are_learned_and_keep_their_numbers(
    memory_store, tmp_path, monkeypatch
):
    pets, body = ["Cat", "Dog", "Bird"], colours.model(colours.RIGHT, 9)
    releases.publish(memory_store, body, {**colours.card(body), "name": "pets", "classes": pets}, now=EARLIER)
    body = colours.model(colours.RIGHT)
    releases.publish(memory_store, body, colours.card(body), now=EARLIER, new_classes=True)
    monkeypatch.setattr("training.commands.store_connection.open_store", lambda: memory_store)
    monkeypatch.setattr("training.commands.store_connection.clock", lambda: lambda: NOW)
    judged(memory_store, 0)
    blue = learned(memory_store, 2, 7)
    assert pull(tmp_path) == 0
    assert (tmp_path / "pictures" / "classes.txt").read_text().split() == ["Red", "Green", "Blue"]
    dog = learned(memory_store, 1, 8, choice="Dog")
    assert pull(tmp_path) == 0
    assert (tmp_path / "pictures" / "classes.txt").read_text().split() == ["Red", "Green", "Blue", "Dog"]
    assert names(tmp_path) == [
        f"pictures/class_02/lowconfidence-{blue.id}.jpg",
        f"pictures/class_03/lowconfidence-{dog.id}.jpg",
    ]
    found = image_folder.load_pictures(tmp_path / "pictures", complete=False)
    assert found.version() == manifests.version((tmp_path / "pictures" / manifests.FILE).read_bytes())


def test_again_it_holds_what_may_be_learned_by_now(store, tmp_path):
    judged(store, 0)
    red, green = learned(store, 0, 7), learned(store, 1, 7)
    assert pull(tmp_path) == 0
    label(store, keys.LOW_CONFIDENCE, "None of these", red, by=3, at=NOON + timedelta(hours=1))
    judged(store, 1, shade=7)  # the same bytes as the green one
    blue = learned(store, 2, 7)
    assert pull(tmp_path) == 0
    assert names(tmp_path) == [
        f"outliers/lowconfidence-{red.id}.jpg",
        f"pictures/class_02/lowconfidence-{blue.id}.jpg",
    ]
    assert str(green.id) not in {one.prediction for one in manifests.load_beside(tmp_path / "pictures") or ()}


@pytest.mark.parametrize("gets", range(1, 26, 4))
def test_killed_at_any_read_the_same_again_gives_what_an_undisturbed_pull_gives(store, tmp_path, monkeypatch, gets):
    judged(store, 0)
    red, _, none = learned(store, 0, 7), learned(store, 0, 0), learned(store, 2, 9, choice="None of these")
    assert pull(tmp_path / "killed") == 0
    label(store, keys.LOW_CONFIDENCE, "None of these", red, by=3, at=NOON + timedelta(hours=1))
    label(store, keys.LOW_CONFIDENCE, "Green", none, by=3, at=NOON + timedelta(hours=1))
    with monkeypatch.context() as patched:
        dying = KilledStore(store, gets, READS)
        patched.setattr("training.commands.store_connection.open_store", lambda: dying)
        with suppress(Killed):
            pull(tmp_path / "killed")
    assert [pull(tmp_path / name) for name in ("killed", "whole")] == [0, 0]
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def test_with_nothing_to_learn_it_says_so_before_it_pulls(store, tmp_path, capsys):
    judged(store, 0)
    assert pull(tmp_path / "new") == 1
    assert "nothing to learn from yet" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_before_any_blind_label_the_days_that_are_to_judge_can_be_named(store, tmp_path, capsys):
    learned(store, 0, 7)
    assert pull(tmp_path) == 1
    assert "No closed day has a blind label" in capsys.readouterr().err
    assert pull(tmp_path, "--test-since", "20261120", "--test-until", "20261130") == 0


def test_days_and_datasets_are_not_chosen_beside_it(store, tmp_path, capsys):
    for words in (["lowconfidence"], ["--since", "20261101"], ["--agreed"]):
        assert pull(tmp_path, *words) == 1
        assert "chooses by itself" in capsys.readouterr().err
