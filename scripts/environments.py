"""Remove the environments that no install mends, so that make makes them anew: half made, moved, or of another Python.

python3 -I scripts/environments.py [--this-python] .venv .venv-train ...

It runs before anything is installed, by whatever Python there is. An environment is kept when its interpreter
starts, finds pip and is new enough (or is this one, where somebody chose it); when it lies where it was made; and
when nobody was killed while they filled it. What is kept finds our modules, and has the command `feedloop`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
DONE, UNFINISHED = "*.stamp", "*.unfinished"
"""Files: written last by whoever makes an environment or fills it; and there meanwhile, with make's number."""

COMMAND = """#!/bin/sh
# The command line, from any folder. A path in a first line may hold no blank, so a shell starts Python.
exec {python} -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.__main__ import main; main()' {us} "$@"
"""
"""`feedloop` in an environment: what an installer would write for `cli.__main__:main`."""

_ASK_VERSION = "import sys, pip; print(*sys.version_info[:2])"


def fault(folder: Path, wanted: tuple[int, ...] = ()) -> str:
    """What is wrong with this environment; empty when nothing is, or when there is none."""
    if not os.path.lexists(folder):
        return ""
    if not folder.is_dir():
        return "is no folder"
    begun = list(folder.glob(UNFINISHED))
    if any(_lives(file) for file in begun):
        return ""
    if begun or not any(folder.glob(DONE)):
        return "is half made"
    if not _lies_where_it_was_made(folder):
        return "was made in another folder"
    return _fault_of(_version(folder / "bin" / "python"), wanted)


def _fault_of(version: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if not version:
        return "has no Python that starts, or no pip"
    if version < OLDEST or (wanted and version != wanted):
        return f"has Python {'.'.join(map(str, version))}"
    return ""


def _lives(file: Path) -> bool:
    """Whether the make that fills it is still there: its number may be another's by now, above all after a restart."""
    try:
        number = str(int(file.read_text()))
        if Path("/proc/self").exists():  # a small Linux has no ps
            return "make" in Path("/proc", number, "comm").read_text()
        return b"make" in subprocess.check_output(["ps", "-p", number, "-o", "comm="])  # noqa: S603, S607
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False


def _lies_where_it_was_made(folder: Path) -> bool:
    """Its programs name the place in their first line. Only venv, asked without options, tells where that was."""
    try:
        lines = (folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    for line in lines:
        made = line.partition(" -m venv ")[2].strip()
        if line.startswith("command") and made.startswith(os.sep):
            return Path(made).exists() and Path(made).samefile(folder)
    return True


def _version(python: Path) -> tuple[int, ...]:
    try:
        output = subprocess.check_output([python, "-I", "-c", _ASK_VERSION], stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        return tuple(int(word) for word in output.split())
    except (OSError, subprocess.CalledProcessError, ValueError):
        return ()


def remove(folder: Path) -> None:
    """A folder or a link goes; a file of that name, which is not ours, steps aside."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.is_dir():
        shutil.rmtree(folder)
    else:
        folder.replace(f"{folder}.before")


def find_us(folder: Path) -> None:
    """Have its Python find our modules also where PYTHONSAFEPATH keeps the working folder out."""
    us = Path.cwd().resolve()
    if folder.resolve().parent != us:  # shared with other copies of the project
        return
    line = f"import sys; getattr(sys.flags, 'safe_path', 0) and sys.path.append({str(us)!a})\n"
    for packages in folder.glob("lib/python*/site-packages"):
        _put(packages / "feedloop.pth", line)
    command = folder / "bin" / "feedloop"
    if command.parent.is_dir():
        python = str(command.with_name("python").absolute())
        _put(command, COMMAND.format(python=shlex.quote(python), us=shlex.quote(str(us))))
        command.chmod(0o755)


def _put(file: Path, text: str) -> None:
    if not file.exists() or file.read_text(encoding="utf-8", errors="replace") != text:
        file.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The exit code."""
    chosen = "--this-python" in arguments
    for folder in map(Path, arguments[chosen:]):
        if why := fault(folder, sys.version_info[:2] if chosen else ()):
            print(f"{folder} {why}: it is made anew", file=sys.stderr)
            remove(folder)
        elif folder.exists():
            find_us(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
