import os
import subprocess
import sys

import pytest

from cli.commands import ALIASES, GROUPS, INSTALLED_BY, LABELLING, find, overview
from tests.structure.repository import ROOT

COMMANDS = [command for commands in GROUPS.values() for command in commands]
NAMES = [command.name for command in COMMANDS]


def feedloop(*words, **more):
    line = [sys.executable, "-m", "cli", *words]
    return subprocess.run(line, cwd=ROOT, env={**os.environ, **more}, capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_a_summary():
    shown = feedloop("--help")
    assert (shown.returncode, shown.stdout.rstrip("\n")) == (0, overview())
    assert [name for name in NAMES if f"  {name} " not in shown.stdout] == []


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_command_is_its_words_and_what_follows(command):
    assert find([*command.name.split(), "--help"]) == (command, ["--help"])
    assert find(["--json", *command.name.split(), "x"]) == (command, ["x", "--json"])


@pytest.mark.parametrize(
    ("words", "name"),
    [(["labeling", "setup"], "labelling setup"), (["import", "x"], "adopt"), (["card", "check"], "card")],
)
def test_aliases(words, name):
    (command, _) = find(words) or pytest.fail("no command")
    assert command.name == name


@pytest.mark.parametrize(
    ("words", "why"), [(["modles"], "--help"), (["models"], "models --help"), (["store", "lst"], "store --help")]
)
def test_what_is_no_command_is_wrong_usage(words, why):
    done = feedloop(*words)
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize("word", ["models", "labeling"])
def test_the_help_of_a_first_word_lists_what_it_begins(word):
    shown = feedloop(word, "--help")
    group = ALIASES.get(word, word)
    assert shown.returncode == 0
    assert [name for name in NAMES if (f"  {name} " in shown.stdout) != name.startswith(f"{group} ")] == []


def test_a_program_in_this_environment_is_asked(tmp_path):
    done = feedloop("models", "list", "--json", DATA_DIR=str(tmp_path), S3_ENDPOINT="")
    assert done.returncode == 1
    assert '"ok": false' in done.stdout


def test_an_environment_of_its_own_is_made_by_make():
    assert {command.environment for command in COMMANDS} == INSTALLED_BY.keys()
    makefile = (ROOT / "Makefile").read_text()
    assert f"LABEL_STUDIO_ENV := {LABELLING}\n" in makefile
    assert all(
        (ROOT / "requirements" / f"{line.split('/')[-1].removesuffix('.stamp')}.txt").exists()
        for line in INSTALLED_BY.values()
    )
