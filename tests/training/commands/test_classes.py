import json
from random import Random

import pytest

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from tests.support import demo, older_releases, world
from tests.support.older_releases import OldStore
from tests.support.training import at_home, command
from tests.support.world import SettableClock
from training.commands import store_connection


@pytest.fixture
def store(monkeypatch):
    store = world.released_store(SettableClock())
    monkeypatch.setattr(store_connection, "open_store", lambda: store)
    return store


@pytest.mark.parametrize("name", ["list", "rename", "retire", "restore", "migrate"])
def test_every_command_has_an_example(name, capsys):
    assert command("classes", name, "--help") == 0
    assert f"feedloop classes {name}" in " ".join(capsys.readouterr().out.split())


def test_a_class_is_renamed_retired_and_restored(store, capsys):
    assert command("classes", "rename", "Egg", " Eggs ") == 0
    assert command("classes", "retire", "Bread") == 0
    capsys.readouterr()
    assert command("classes", "list") == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("Eggs", "Egg", "retired"))
    assert command("classes", "restore", "Bread", "--json") == 0
    assert json.loads(capsys.readouterr().out)["data"]["classes"][3] == {"name": "Eggs", "former": ["Egg"]}
    assert releases.class_list(store).choices[3] == "Eggs"


def release(store, classes):
    model = (demo.FOLDER / "model.onnx").read_bytes()
    releases.publish(store, model, {**demo.CARD, "classes": classes}, now=store.now(), new_classes=True)


def test_classes_that_nobody_answers_are_retired_at_once_and_restored(monkeypatch, capsys):
    store = MemoryStore()
    monkeypatch.setattr(store_connection, "open_store", lambda: store)
    theirs, ours = demo.CARD["classes"], [f"Our {name}" for name in demo.CARD["classes"]]
    release(store, theirs)
    assert command("classes", "retire", "--unknown") == 1
    assert "Nothing to retire" in capsys.readouterr().err
    release(store, ours)
    assert command("classes", "retire", "--unknown", "--json") == 0
    entries = json.loads(capsys.readouterr().out)["data"]["classes"]
    assert [entry["name"] for entry in entries if entry.get("retired")] == theirs
    assert list(releases.class_list(store).choices) == ours
    assert command("classes", "restore", theirs[3]) == 0
    assert releases.current(store).unanswered == [theirs[3]]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["rename", "Pizza", "Soup"], "it is not one of the classes"),
        (["rename", "Egg", "bread"], "beside 'Bread'"),
        (["rename", "Egg", "None of these"], "answer of its own"),
        (["retire", "Pizza"], "it is not one of the classes"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(store, capsys, words, why):
    before = releases.class_list(store)
    assert command("classes", *words) == 1
    assert why in capsys.readouterr().err
    assert releases.class_list(store) == before


def test_a_store_without_a_model_has_no_classes(monkeypatch, capsys):
    monkeypatch.setattr(store_connection, "open_store", MemoryStore)
    for words in (["list"], ["rename", "Egg", "Eggs"], ["migrate"]):
        assert command("classes", *words) == 1
        assert "No model is released yet" in capsys.readouterr().err


@pytest.mark.store
def test_a_migration_is_shown_first_and_then_done(seaweedfs, monkeypatch, capsys):
    """On a store of its own: labels are swapped and copied as they would be in a deployment."""
    old, rng = OldStore(at_home(seaweedfs, monkeypatch)), Random(1)
    for name, names in (("lunch", ("Bread", "Egg", "Soup")), ("dinner", ("Egg", "Rice", "Bread"))):
        older_releases.release(old.store, name, names)
        for _ in range(3):
            made = old.predict(rng.randrange(3))
            world.queue_task(old.store, made, "randomsampled")
            old.annotate("randomsampled", made, names[0])
    assert command("classes", "rename", "Egg", "Eggs") == 1
    assert "`feedloop classes migrate`" in capsys.readouterr().err
    assert command("classes", "migrate") == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("class_00", "class_02 Bread", "3 answers", "Nothing was changed"))
    assert command("classes", "migrate", "--yes", "--json") == 0
    assert json.loads(capsys.readouterr().out)["data"] == {
        "done": True,
        "classes": ["Egg", "Rice", "Bread", "Soup"],
        "indices": {"dinner": [0, 1, 2], "lunch": [2, 0, 3]},
        "labels": 6,
        "answers": {"randomsampled": 3},
        "moved": 3,
        "silent": 0,
        "unreadable": 0,
    }
    assert command("classes", "migrate") == 0
    assert "nothing to migrate" in capsys.readouterr().out
