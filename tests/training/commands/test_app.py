import json
import subprocess
import sys

import pytest

from tests.support import demo
from tests.support.training import at_home, command
from training.commands.app import FORMER_OPTIONS, app

NAMES = [one.name or getattr(one.callback, "__name__", "") for one in app.registered_commands if not one.hidden]


def test_without_a_command_the_help_lists_them_all(capsys):
    assert command() in (0, 2)
    text = "".join(capsys.readouterr())
    assert [name for name in NAMES if name not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example(name, capsys):
    assert command(name, "--help") == 0
    assert f"feedloop {name}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["train", "retrain", "demo"])
def test_former_names_of_options_are_hidden(name, capsys):
    assert command(name, "--help") == 0
    words = capsys.readouterr().out.split()
    assert "--epochs" in words
    assert not FORMER_OPTIONS.keys() & words


def test_draw_then_evaluate(tmp_path, capsys):
    assert command("draw", tmp_path / "new", "--count", 22, "--seed", 5) == 0
    assert command("draw", tmp_path / "none", "--count", 3, "--outliers") == 0
    numbers, matrix = tmp_path / "report.json", tmp_path / "matrix.png"
    also = ("--outliers", tmp_path / "none", "--json", numbers, "--picture", matrix)
    assert command("evaluate", demo.FOLDER, tmp_path / "new", *also) == 0
    assert json.loads(numbers.read_text())["accuracy"] > 0.8
    assert matrix.exists()
    assert "3 pictures of none of the classes" in capsys.readouterr().out


@pytest.mark.store
def test_release_show_and_roll_back(seaweedfs, monkeypatch, capsys):
    at_home(seaweedfs, monkeypatch)
    assert command("release", demo.FOLDER, "--no-wait") == 0
    assert command("models", "list") == 0
    assert demo.CARD["sha256"][:12] in capsys.readouterr().out
    assert command("show", demo.CARD["sha256"][:4]) == 0
    assert json.loads(capsys.readouterr().out) == {**demo.CARD, "class_indices": [*range(11)]}
    assert command("rollback", "--no-wait") == 1
    assert "0 releases answer to 'previous'" in capsys.readouterr().err


def test_a_card_of_another_model_is_not_released(tmp_path, capsys):
    (tmp_path / "card.json").write_text(json.dumps(demo.CARD))
    (tmp_path / "model.onnx").write_bytes(b"another")
    assert command("release", tmp_path) == 1
    assert "belongs to another model" in capsys.readouterr().err


def test_an_error_is_told_in_one_line(tmp_path, capsys):
    assert command("evaluate", tmp_path, tmp_path) == 1
    text = capsys.readouterr().err
    assert text.startswith("error: ")
    assert len(text.splitlines()) == 1


def test_releasing_does_not_wait_for_torch():
    program = "import sys, training.commands.app; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "False"


@pytest.mark.store
def test_a_program_gets_one_document(seaweedfs, monkeypatch, capsys):
    at_home(seaweedfs, monkeypatch)
    assert command("release", demo.FOLDER, "--no-wait") == 0
    capsys.readouterr()
    assert command("list", "--json") == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["command"], document["ok"], printed.err) == ("list", True, "")
    assert [one["sha256"] for one in document["data"]] == [demo.CARD["sha256"]]
    assert command("show", "ffff", "--json") == 1
    failed = json.loads(capsys.readouterr().out)
    assert (failed["ok"], failed["exit"], failed["error"]["type"]) == (False, 1, "BadRequest")


def test_an_unreachable_store_is_an_exit_code_of_its_own(monkeypatch, capsys):
    for name, value in (("ENDPOINT", "http://127.0.0.1:9"), ("ACCESS_KEY", "any"), ("SECRET_KEY", "any")):
        monkeypatch.setenv(f"S3_{name}", value)
    assert command("list") == 5
    assert capsys.readouterr().err.startswith("error: ")
