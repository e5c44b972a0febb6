"""Do the fast tests catch bugs that nobody chose? Random small changes of feedloop/ and functions/, one at a time.

python -m scripts.random_bugs                       100 changes, drawn from a fresh seed, which is printed
python -m scripts.random_bugs --seed 7 --count 300  300 changes, the same each time for the same code
python -m scripts.random_bugs --list --seed 7       what they are, with their numbers
python -m scripts.random_bugs --only 4711           one change: its diff, and which test notices

Each runs against the tests of unit, functions, structure and corpus that reach its line, and whose store is in memory.
A test may notice by an assertion, a crash or a hang. Left out of the percentage: what no such test reaches,
and what tests/planted/harmless.txt explains. Exit code 1 when less than --least percent are caught.
"""

import argparse
import secrets
import sys
import time
from collections import Counter
from difflib import unified_diff
from functools import cache
from random import Random

from scripts.copies import CAUGHT, PASSED, ROOT, Outcome, Prepared, each
from scripts.mutants import Mutant, mutants
from scripts.reached import FAST, MEASURED, reached

HARMLESS_LIST = ROOT / "tests/planted/harmless.txt"
SURVIVED, HARMLESS, UNREACHED = "SURVIVED", "harmless", "unreached"


def every() -> list[Mutant]:
    """All changes of all modules; the place in this list is a change's number."""
    paths = [path for folder in MEASURED for path in sorted((ROOT / folder).rglob("*.py"))]
    return [one for path in paths for one in mutants(path.relative_to(ROOT), path.read_bytes())]


@cache
def harmless() -> dict[str, str]:
    """Changes that nobody can notice, by how Mutant.named begins, and why."""
    lines = [line for line in HARMLESS_LIST.read_text().splitlines() if line and not line.startswith("#")]
    return {change.strip(): why.strip() for change, _, why in (line.rpartition(" # ") for line in lines)}


def tried(prepared: Prepared, mutant: Mutant) -> Outcome:
    """What the tests say to one change."""
    target = prepared.folder / mutant.path
    source = target.read_bytes()
    name = mutant.named(source)
    if why := next((why for begin, why in harmless().items() if name.startswith(begin)), ""):
        return Outcome(HARMLESS, why)
    path = str(mutant.path)
    likely = reached().by(path, range(mutant.first, mutant.last + 1))
    if not likely:
        return Outcome(UNREACHED)
    target.write_bytes(mutant.text(source))
    try:
        outcome = prepared.run(likely)
        if outcome.kind == PASSED:  # a line behind a cache was reached by the first test alone
            outcome = prepared.run([test for test in reached().using(path) if test not in set(likely)])
    finally:
        target.write_bytes(source)
    return Outcome(SURVIVED) if outcome.kind == PASSED else outcome


def line_of(number: int, mutant: Mutant, outcome: Outcome) -> str:
    """A line for one change and what came of it."""
    change = mutant.named((ROOT / mutant.path).read_bytes()).partition(" | ")[2]
    return f"{outcome.kind:10}{number:5}  {mutant.path}:{mutant.first}  {mutant.kind}: {change}  {outcome.detail}"


def diff(mutant: Mutant) -> str:
    """The change as a patch."""
    source = (ROOT / mutant.path).read_bytes()
    before, after = (body.decode().splitlines(keepends=True) for body in (source, mutant.text(source)))
    return "".join(unified_diff(before, after, f"a/{mutant.path}", f"b/{mutant.path}"))


def report(chosen: list[int], *, jobs: int, least: float) -> int:
    """Try these changes, tell each, then how many of those that matter were caught; the exit code."""
    changes, began = every(), time.monotonic()
    drawn = [changes[number] for number in chosen]
    reached()
    kinds: Counter[str] = Counter()
    for number, mutant, outcome in zip(chosen, drawn, each(tried, drawn, jobs=jobs, collect=FAST), strict=True):
        kinds[outcome.kind] += 1
        print(line_of(number, mutant, outcome), flush=True)
    caught = sum(kinds[kind] for kind in CAUGHT)
    share = 100 * caught / max(caught + kinds[SURVIVED], 1)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    print(f"{share:.0f} % of those that matter are caught, in {time.monotonic() - began:.0f} s")
    return int(share < least)


def main() -> int:
    """Draw, and try or list what was drawn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="what to draw from")
    parser.add_argument("--count", type=int, default=100, help="how many changes (100)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--least", type=float, default=93.0, help="percent that are to be caught (93)")
    parser.add_argument("--only", type=int, nargs="+", help="these changes, by their numbers")
    parser.add_argument("--list", action="store_true", help="only tell what would be tried")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    changes = every()
    drawn = Random(options.seed).sample(range(len(changes)), options.count)  # noqa: S311 - no secret
    chosen = options.only or sorted(drawn)
    if options.list:
        for number in chosen:
            print(line_of(number, changes[number], Outcome("")))
        return 0
    for number in options.only or []:
        print(diff(changes[number]))
    return report(chosen, jobs=options.jobs, least=options.least)


if __name__ == "__main__":
    sys.exit(main())
