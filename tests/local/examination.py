"""What the doctor says, as its operator reads it."""

from dataclasses import replace
from pathlib import Path

from local.doctor.deployment import Deployment
from local.doctor.examinations import EXAMINATIONS
from tests.local.system import ask


def findings(said: str) -> dict[str, tuple[str, str]]:
    """The name of each check, with its word and its sentence."""
    lines = [line.split("  ", 1) for line in said.splitlines()]
    parts = [(word.strip(), *map(str.strip, rest.strip().split("  ", 1))) for word, rest in lines]
    return {name: (word, why.strip()) for word, name, why in parts}


def examine(tmp_path: Path, *gateway: str, **choices: str) -> dict[str, tuple[str, str]]:
    """What is found by all checks, when something is wrong."""
    done = ask(tmp_path / "nothing", "doctor", *gateway, port=8080, **choices)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "found something wrong" in done.stderr
    return findings(done.stdout)


def finding(name: str, gateway: str = "", only: str = "", **choices: str) -> tuple[str, str]:
    """The word and the sentence of one check alone, for all functions or only these."""
    (examination,) = [examination for examination in EXAMINATIONS if examination.name == name]
    deployment = Deployment.from_environment(gateway, choices)
    functions = tuple(function for function in deployment.functions if function.name in (only.split() or function.name))
    return examination.examine(replace(deployment, functions=functions))
