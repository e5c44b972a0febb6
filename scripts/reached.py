"""Which test reaches which line: collected once for each state of the tree, by coverage's contexts."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from coverage import CoverageData

from scripts.copies import ROOT, copied, environment, tracked

FAST = ("tests/unit", "tests/functions", "tests/structure", "tests/corpus")
IN_MEMORY = "not store and not slow and not browser"
MEASURED = ("feedloop", "functions")
KEPT = ROOT / "build/reached"


class Reached:
    """Tests in memory by the lines of feedloop/ and functions/ that they run through."""

    def __init__(self, data: Path) -> None:
        self._data = str(data)
        self._lines: dict[str, dict[int, set[str]]] = {}

    def by(self, path: str, lines: Iterable[int]) -> list[str]:
        """Tests that run through one of these lines; the likeliest to notice a change come first.

        A line that runs when its module is imported counts as reached by all that use the module.
        """
        known = self._of(path)
        tests = set[str]().union(*(known.get(line, set()) for line in lines))
        return self.using(path) if tests == {""} else _ordered(path, tests)

    def using(self, path: str) -> list[str]:
        """Tests that run through any line of a module."""
        return _ordered(path, set[str]().union(*self._of(path).values()))

    def _of(self, path: str) -> dict[int, set[str]]:
        """By line; an empty name is the import of the module."""
        if path not in self._lines:
            data = CoverageData(self._data)  # a fork may not share one
            data.read()
            file = next((name for name in data.measured_files() if name.endswith(f"/{path}")), "")
            lines = data.contexts_by_lineno(file)
            self._lines[path] = {line: {name.rpartition("|")[0] for name in names} for line, names in lines.items()}
        return self._lines[path]


def _ordered(path: str, tests: Iterable[str]) -> list[str]:
    """By file: those named after the module, then unit, functions and what is slower."""
    names = {Path(path).stem, Path(path).parent.name}

    def rank(test: str) -> tuple[bool, int, str]:
        file = test.partition("::")[0]
        folder = next(number for number, name in enumerate(FAST) if file.startswith(name))
        return not any(name in Path(file).stem for name in names), folder, test

    return sorted(filter(None, tests), key=rank)


@cache
def reached() -> Reached:
    """For the tree as it is now; collected when nobody has done so yet."""
    kept = KEPT / _state()
    if not kept.exists():
        _collect(kept)
    return Reached(kept)


def known() -> bool:
    """Whether this was collected for the tree as it is now."""
    return (KEPT / _state()).exists()


def _state() -> str:
    """A name for the content of all tracked files."""
    digest = hashlib.sha256()
    for name in tracked():
        digest.update(name.encode() + b"\0" + hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


def _collect(kept: Path) -> None:
    print("Collecting which test reaches which line ...", flush=True)
    measured = [f"--cov={name}" for name in MEASURED]
    where = ["-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile", "-m", IN_MEMORY, *FAST]
    command = [sys.executable, "-m", "pytest", "-q", *measured, "--cov-context=test", "--cov-report=", *where]
    with copied() as folder:
        done = subprocess.run(command, cwd=folder, env=environment(), check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode:
            raise SystemExit(f"Without any change the tests do not pass:\n{done.stdout[-2000:]}")
        shutil.rmtree(KEPT, ignore_errors=True)
        KEPT.mkdir(parents=True)
        shutil.copy2(folder / ".coverage", part := kept.with_suffix(".part"))
        part.rename(kept)
