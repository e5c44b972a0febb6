"""Do the tests catch bugs? Each of tests/planted/*.patch is put into a copy of the tracked files, and tests run there.

python -m scripts.plant_bugs            plant every bug, two at a time
python -m scripts.plant_bugs curate 71  those whose name has `curate` or `71` in it

A patch begins with a sentence that says what is wrong, and a line `# tests:` with what pytest is to run: the same must
pass without the bug. Before them come the tests in memory that reach the changed lines. Exit code 1 when one survives.
"""

import argparse
import re
import subprocess
import sys
import time
from collections import defaultdict
from functools import cache, partial
from pathlib import Path

from scripts.copies import PASSED, ROOT, UNFIT, Outcome, Prepared, each, run
from scripts.reached import FAST, known, reached

PATCHES = sorted(ROOT.glob("tests/planted/*.patch"))
DEFAULT = "tests/unit tests/functions tests/contract -k 'not minio'"
CAUGHT, SURVIVED = "caught", "SURVIVED"
FEW = 3
"""So many bugs do not wait for it to be collected which test reaches which line."""

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? ")

Result = tuple[str, str]
"""CAUGHT, SURVIVED or UNFIT, and why."""


def tests_of(patch: Path) -> str:
    """What the patch's header wants to be run, as a command line."""
    match = re.search(r"^# tests: (.+)$", patch.read_text(), re.MULTILINE)
    return match[1] if match else DEFAULT


def sentence_of(patch: Path) -> str:
    """What is wrong."""
    return patch.read_text().partition("\n")[0].removeprefix("# ")


def changed(patch: Path) -> dict[str, set[int]]:
    """By file, the lines that go, and those around what comes."""
    lines: dict[str, set[int]] = defaultdict(set)
    path, line = "", 0
    for text in patch.read_text().splitlines():
        if text.startswith("--- a/"):
            path = text.removeprefix("--- a/")
        elif hunk := _HUNK.match(text):
            line = int(hunk[1])
        elif path and text[:1] in {"-", "+"} and not text.startswith("+++"):
            lines[path] |= {line} if text[0] == "-" else {line - 1, line}
            line += text[0] == "-"
        elif path:
            line += 1
    return lines


def plant(prepared: Prepared, patch: Path, *, tests: str, reach: bool) -> Result:
    """Whether tests notice one bug: those that reach it, or else those of the patch."""
    if refusal := _git(prepared.folder, "apply", "--whitespace=nowarn", str(patch)):
        return UNFIT, refusal
    try:
        return _result(prepared, patch, tests, reach=reach)
    finally:
        _git(prepared.folder, "checkout", "-q", "--", ".")


def _result(prepared: Prepared, patch: Path, tests: str, *, reach: bool) -> Result:
    likely = [name for path, lines in changed(patch).items() for name in reached().by(path, lines)] if reach else []
    if likely and (outcome := prepared.run(likely)).caught:
        return CAUGHT, outcome.detail
    outcome = run(tests, prepared.folder)
    if outcome.kind == PASSED:
        return SURVIVED, sentence_of(patch)
    if not outcome.caught:
        return UNFIT, outcome.detail
    _git(prepared.folder, "checkout", "-q", "--", ".")
    clean = _without_bug(tests, prepared.folder)
    return (CAUGHT, outcome.detail) if clean.kind == PASSED else (UNFIT, f"without the bug this does not pass: {tests}")


@cache
def _without_bug(tests: str, folder: Path) -> Outcome:
    """Whether these tests pass; else their failure would prove nothing."""
    return run(tests, folder)


def _git(folder: Path, *words: str) -> str:
    """Run git in a copy; what it complains about."""
    done = subprocess.run(["git", *words], cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603, S607
    return done.stderr.strip() if done.returncode else ""


def report(patches: list[Path], *, tests: str, jobs: int) -> int:
    """Print each result, then how many were caught, and in what time; the exit code."""
    began, caught = time.monotonic(), 0
    reach = not tests and (known() or len(patches) > FEW)
    if reach:
        reached()
    work = partial(_planted, tests=tests, reach=reach)
    for patch, (word, why) in zip(patches, each(work, patches, jobs=jobs, collect=FAST if reach else ()), strict=True):
        caught += word == CAUGHT
        print(f"{word:9}{patch.stem:50}{why}", flush=True)
    print(f"{caught} of {len(patches)} planted bugs are caught, in {time.monotonic() - began:.0f} s")
    return int(caught < len(patches))


def _planted(prepared: Prepared, patch: Path, *, tests: str, reach: bool) -> Result:
    return plant(prepared, patch, tests=tests or tests_of(patch), reach=reach)


def main() -> int:
    """Plant what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only patches with one of these in their name")
    parser.add_argument("--tests", default="", help=f"what pytest runs for each, and nothing else; all: {DEFAULT!r}")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if not any(name in patch.stem for patch in PATCHES)]:
        parser.error(f"no patch has {unknown[0]!r} in its name")
    patches = [patch for patch in PATCHES if not chosen.names or any(name in patch.stem for name in chosen.names)]
    return report(patches, tests=chosen.tests, jobs=min(chosen.jobs, len(patches)))


if __name__ == "__main__":
    sys.exit(main())
