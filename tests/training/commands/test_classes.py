import json

import pytest

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from tests.support import demo
from tests.support.training import command


@pytest.fixture
def store(monkeypatch):
    kept = MemoryStore()
    monkeypatch.setattr("training.commands.store_connection.open_store", lambda: kept)
    return kept


def release(store, classes):
    model = (demo.FOLDER / "model.onnx").read_bytes()
    releases.publish(store, model, {**demo.CARD, "classes": classes}, now=store.now(), new_classes=True)


def test_classes_that_nobody_answers_are_retired_at_once_and_restored(store, capsys):
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
