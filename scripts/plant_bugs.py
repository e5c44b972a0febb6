"""Do the tests catch bugs? Each of tests/planted/*.patch is put into a copy of the tracked files, and tests run there.

python scripts/plant_bugs.py            plant every bug, one at a time
python scripts/plant_bugs.py curate     those whose name has `curate` in it

A patch begins with a sentence that says what is wrong, and a line `# tests:` with what
pytest is to run: the same must pass without the bug. Exit code 1 when one survives.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PATCHES = sorted(ROOT.glob("tests/planted/*.patch"))
FAST = "tests/unit tests/functions tests/contract -k 'not minio'"
CAUGHT, SURVIVED, UNFIT = "caught", "SURVIVED", "UNFIT"

_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_PASS, _FAIL = 0, 1  # pytest's exit codes; any other means that it did not get to run the tests
_PATIENCE = 600.0  # seconds; a bug that makes the tests hang is one that is seen

Verdict = tuple[str, str]
"""CAUGHT, SURVIVED or UNFIT, and why."""


def tests_of(patch: Path) -> str:
    """What the patch's header wants to be run, as a command line."""
    found = re.search(r"^# tests: (.+)$", patch.read_text(), re.MULTILINE)
    return found[1] if found else FAST


def sentence_of(patch: Path) -> str:
    """What is wrong."""
    return patch.read_text().partition("\n")[0].removeprefix("# ")


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of every tracked file as it is now, which nobody else sees."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607
    with TemporaryDirectory(prefix="planted-") as folder:
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                target = Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)
        yield Path(folder)


def apply(patch: Path, folder: Path) -> str:
    """Plant the bug; why that failed, or nothing."""
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    command = ["git", "apply", "--whitespace=nowarn", str(patch)]
    done = subprocess.run(command, cwd=folder, env=outside, check=False, capture_output=True, text=True)  # noqa: S603
    return done.stderr.strip()


def run(tests: str, folder: Path) -> tuple[int, str]:
    """Exit code of pytest, and the test that failed or else its last line."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *shlex.split(tests)]
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=quiet, check=False, capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return _FAIL, "the tests hang"
    failed = _FAILED.search(done.stdout)
    last = (done.stdout + done.stderr).strip().rpartition("\n")[2]
    return done.returncode, failed[1] if failed else last


@cache
def passes(tests: str) -> bool:
    """Whether these tests pass without any bug; else a failure would prove nothing."""
    with copied() as folder:
        return run(tests, folder)[0] == _PASS


def plant(patch: Path, tests: str) -> Verdict:
    """Whether the tests notice one bug."""
    if not passes(tests):
        return UNFIT, f"without the bug this does not pass: {tests}"
    with copied() as folder:
        if refusal := apply(patch, folder):
            return UNFIT, refusal
        code, told = run(tests, folder)
    return {_PASS: (SURVIVED, sentence_of(patch)), _FAIL: (CAUGHT, told)}.get(code, (UNFIT, told))


def report(patches: list[Path], verdict: Callable[[Path], Verdict]) -> int:
    """Tell each verdict as it is found, then how many were caught; the exit code."""
    caught = 0
    for patch in patches:
        word, why = verdict(patch)
        caught += word == CAUGHT
        print(f"{word:9}{patch.stem:38}{why}", flush=True)
    print(f"{caught} of {len(patches)} planted bugs are caught")
    return int(caught < len(patches))


def main() -> int:
    """Plant what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", help="only patches with this in their name")
    parser.add_argument("--tests", help=f"what pytest runs for each, instead of the patch's own; all: {FAST!r}")
    chosen = parser.parse_args()
    patches = [patch for patch in PATCHES if chosen.name in patch.stem]
    if not patches:
        parser.error(f"no patch has {chosen.name!r} in its name")
    return report(patches, lambda patch: plant(patch, chosen.tests or tests_of(patch)))


if __name__ == "__main__":
    sys.exit(main())
