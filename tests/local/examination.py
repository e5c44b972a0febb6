"""What the doctor says, as its operator reads it."""

from pathlib import Path

from tests.local.system import ask


def verdicts(said: str) -> dict[str, tuple[str, str]]:
    """The name of each check, with its word and its sentence."""
    lines = [line.split("  ", 1) for line in said.splitlines()]
    parts = [(word.strip(), *map(str.strip, rest.strip().split("  ", 1))) for word, rest in lines]
    return {name: (word, why.strip()) for word, name, why in parts}


def examine(tmp_path: Path, *gateway: str, **choices: str) -> dict[str, tuple[str, str]]:
    """What is found, when something is wrong."""
    done = ask(tmp_path / "nothing", "doctor", *gateway, port=8080, **choices)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "found something wrong" in done.stderr
    return verdicts(done.stdout)
