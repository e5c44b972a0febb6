"""Whole gate decisions about known days, to the last field and digit: what the gate says changes only on purpose.

What is expected lies in expected/; who means a change deletes the file, runs this again, and reads the difference.
"""

import json
from pathlib import Path

import pytest

from feedloop import releases
from feedloop.domain import keys
from tests.support import colours, known_days
from tests.support.known_days import DAYS, NOW, SECOND
from tests.support.training import command
from training.data import manifests
from training.model.card import save_exported

EXPECTED = Path(__file__).parent / "expected"
CALLS = {"better": colours.RIGHT, "worse": colours.ALL_BLUE, "equal": SECOND}
JUDGED: dict[str, tuple[str, int, list[str]]] = {
    "release": ("better", 0, []),
    "refuse": ("worse", 3, []),
    "wait": ("equal", 4, []),
    "forced": ("worse", 0, ["--force", "--never-saw-the-loop"]),
    **{f"wait-on-{day}": ("equal", 4, ["--since", day, "--until", day]) for day in DAYS},
}
"""The challenger, how the command ends, and what else it is told."""


@pytest.fixture
def store(memory_store, monkeypatch):
    known_days.fill(memory_store)
    monkeypatch.setattr("training.commands.store_connection.open_store", lambda: memory_store)
    monkeypatch.setattr("training.commands.store_connection.clock", lambda: lambda: NOW)
    return memory_store


@pytest.mark.parametrize("name", JUDGED)
def test_a_verdict_on_known_days_says_this_and_nothing_else(store, tmp_path, name):
    challenger, code, options = JUDGED[name]
    before = releases.current(store).card.sha256
    body = colours.model(CALLS[challenger], number=2)
    card = colours.card(body, trained_on={"seed": 11})
    save_exported(tmp_path, body, card)
    if "--never-saw-the-loop" not in options:
        manifests.save(tmp_path, manifests.to_bytes([]))
    assert command("judge", tmp_path, "--no-wait", *options) == code
    text = (tmp_path / "verdict.json").read_text(encoding="utf-8")
    stored = store.get(keys.model_file("colours", card["sha256"], "verdict.json")).body
    assert json.loads(stored) == json.loads(text)
    assert releases.current(store).card.sha256 == (before if code else card["sha256"])
    named = text.replace(before, "<the one that serves>").replace(card["sha256"], f"<{challenger}>")
    assert known_days.is_expected(EXPECTED / f"{name}.json", named)
