"""feedloop: runs a command in the environment that has what it needs."""

import os
import runpy
import sys
from pathlib import Path
from typing import NoReturn

import cli
from cli.commands import INSTALLED_BY, Command, find, overview, within

ROOT = Path(cli.__file__).resolve().parent.parent
WRONG_USAGE, NO_ENVIRONMENT = 2, 1


def main() -> None:
    """Run the command that the arguments name, in this process or in its environment's Python."""
    words = sys.argv[1:]
    if not words or words[0] in {"-h", "--help", "help"}:
        print(overview())  # noqa: T201 - it talks to the person at the terminal
        sys.exit(0 if words else WRONG_USAGE)
    if words[1:] in (["-h"], ["--help"]) and (named := within(words[0])):
        print(named)  # noqa: T201
        return
    if words == ["--version"]:
        print(f"feedloop {_version()}")  # noqa: T201
        return
    if (chosen := find(words)) is None:
        sys.exit(_unknown(words))
    command, arguments = chosen
    sys.path.insert(0, str(ROOT))
    sys.argv = ["feedloop", *command.arguments, *arguments]
    python = ROOT / command.environment / "bin" / "python"
    if Path(sys.prefix).resolve() == python.parent.parent.resolve():
        runpy.run_module(command.module, run_name="__main__")
    else:
        _become(python, command)


def _become(python: Path, command: Command) -> NoReturn:
    """Go on as another environment's Python."""
    if not python.exists():
        make = INSTALLED_BY[command.environment]
        sys.stderr.write(f"error: `feedloop {command.name}` needs an environment of its own.\n  fix: {make}\n")
        sys.exit(NO_ENVIRONMENT)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    os.execv(python, [str(python), "-m", command.module, *sys.argv[1:]])  # noqa: S606 - the project's own


def _unknown(words: list[str]) -> int:
    more = f"{words[0]} " if within(words[0]) else ""
    also = f" `feedloop {more}--help` lists all."
    sys.stderr.write(f"error: there is no command {' '.join(words[:2])!r}.{also}\n")
    return WRONG_USAGE


def _version() -> str:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("version = "))


if __name__ == "__main__":
    main()
