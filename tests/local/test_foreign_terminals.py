"""Commands on other people's machines: a refusal is a sentence, whatever the shell and the output are like."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.system import SHELL
from tests.structure.repository import ROOT

COMMANDS = {
    "a look into the store": ("local", "ls"),
    "the doctor": ("local", "doctor"),
    "a simulation": ("simulation", "--days", "1"),
    "training": ("training", "show"),
}
OUTPUTS = {"a file": "> out", "a closed one": ">&- 2>&-", "a full disk": "> /dev/full"}


def run(words: tuple[str, ...], where: Path, then: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """By the shell, for a user without a home, in a locale without umlauts."""
    asked = f'umask 077; exec "$PYTHON" -m {" ".join(words)} {then}'
    own = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "LC_ALL": "POSIX", "DATA_DIR": str(where / "dätä")}
    return subprocess.run(
        ["/bin/sh", "-c", asked],
        cwd=ROOT,
        env={**SHELL, **own, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_refusal_is_a_sentence_in_any_shell(words: tuple[str, ...], tmp_path: Path) -> None:
    refused = run(words, tmp_path, S3_ENDPOINT="http://me:word@store")
    assert refused.returncode == 1, refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert len((refused.stdout + refused.stderr).splitlines()) == 1


@pytest.mark.parametrize("then", OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_that_takes_nothing_is_no_traceback(then: str, tmp_path: Path) -> None:
    refused = run(("local", "--help"), tmp_path, then.replace("out", str(tmp_path / "out")))
    assert refused.returncode in {0, 1}
    assert "Traceback" not in refused.stderr
    assert "ignored" not in refused.stderr


def test_training_says_which_environment_has_what_it_needs(tmp_path: Path) -> None:
    refused = run(("training", "check", str(tmp_path / "none.pth")), tmp_path)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "none.pth" in refused.stderr or "make .venv-train/train.stamp" in refused.stderr
