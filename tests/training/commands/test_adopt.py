"""A classifier from elsewhere, from its file to a release."""

import json
import re

import pytest
from PIL import Image

from feedloop.domain.cards import ModelCard
from tests.support import tiny_models
from tests.support.training import at_home, command

KNOWN = ("--classes", ",".join(tiny_models.CLASSES), "--range", "0-1")
COLOURS = {"Bread": (200, 60, 60), "Egg": (60, 200, 60), "Meat": (60, 60, 200)}


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "food.onnx"
    path.write_bytes(tiny_models.logits())
    return path


@pytest.fixture
def labelled(tmp_path):
    """Twenty pictures of each of three classes; every tenth is called something else."""
    for name, colour in COLOURS.items():
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for number in range(20):
            other = COLOURS["Egg" if name == "Bread" else "Bread"] if number % 10 == 9 else colour
            Image.new("RGB", (40 + number, 50), other).save(folder / f"{number}.png")
    return tmp_path / "pictures"


def test_a_dry_run_measures_calibrates_and_releases_nothing(model, labelled, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nothing runs"))
    assert command("adopt", model, *KNOWN, "--pictures", labelled, "--to", tmp_path / "out", "--dry-run") == 0
    text = capsys.readouterr().out
    assert "accuracy 90.0%" in text
    assert "guessed, as in torchvision: say --resize to change it" in text
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["output"]["kind"] == "logits"
    assert 0.05 < card["output"]["temperature"] < 20
    assert (card["metrics"]["accuracy"], card["metrics"]["pictures"]) == (0.9, 60)
    assert (tmp_path / "out" / "contact-sheet.html").exists()


def test_what_is_missing_ends_it_before_anything_is_asked_or_written(model, tmp_path, capsys):
    assert command("adopt", model, "--to", tmp_path / "out") == 1
    text = capsys.readouterr().err
    assert "--classes FILE" in text
    assert "--range" in text
    assert not (tmp_path / "out").exists()


def test_pictures_that_are_not_there_are_missed_before_anything_else(tmp_path, capsys):
    assert command("adopt", tmp_path / "none.onnx", "--pictures", tmp_path / "nothing") == 2
    assert "does not exist" in " ".join(capsys.readouterr().err.split())


def test_the_source_is_not_written_over(model, tmp_path, capsys):
    assert command("adopt", model, *KNOWN, "--to", tmp_path, "--dry-run") == 1
    assert "name another folder" in capsys.readouterr().err


@pytest.mark.store
def test_what_was_adopted_is_released(seaweedfs, model, labelled, tmp_path, monkeypatch, capsys):
    at_home(seaweedfs, monkeypatch)
    more = ("--to", tmp_path / "out", "--note", "ours", "--pictures", labelled, "--no-wait")
    assert command("adopt", model, *KNOWN, *more) == 0
    shown = capsys.readouterr().out
    assert "is released, and nobody looked" in shown
    assert command("show") == 0
    card = ModelCard(json.loads(capsys.readouterr().out))
    assert card.document["note"] == "ours"
    shown += (tmp_path / "out" / "contact-sheet.html").read_text()
    assert set(re.findall("food ([0-9a-f]{8})", shown)) == {card.version}
    assert "class_indices" not in json.loads((tmp_path / "out" / "card.json").read_text())
    others = ("--classes", "A,B,C,D,E", "--range", "0-1", "--to", tmp_path / "more")
    assert command("adopt", model, *others, "--no-wait") == 1
    assert "say --new-classes" in capsys.readouterr().err
    assert command("adopt", model, *others, "--dry-run", "--new-classes") == 0
    assert "0 of its classes are among the 5 of the store; new: 5: A, B, … E" in capsys.readouterr().out
