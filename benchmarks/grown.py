"""Does predict slow down as predictions pile up? p50 and answers per second, with 0 and with 100,000 stored.

Two whole systems stand side by side, each as `make run` starts it, with a store of its own that writes through to the
disk. One store is empty; the other was given 100,000 predictions beforehand: their records as they are, 604 bytes for a
picture, over 11 classes and the last 30 days, today among them. Then both were started anew.

Visitors upload 512 px photos, each over a connection of its own, kept alive, opened anew for every window of half a
second; they send the next picture when the answer is there. The two systems take turns window by window, first one and
then the other ahead, and so do the cases. The first three turns do not count: a store that has just started is slower.
`p50 ms` and `answers/s` are medians over the windows; `ratio` is the median of grown by empty over pairs of windows,
with its quartiles, and in how many pairs it is above 1. What differs by chance alone has half of the pairs above 1.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random

from benchmarks.shared import filling, report, visitors
from benchmarks.shared.filling import Object
from benchmarks.shared.visitors import Case
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.keys import ObjectRef
from tests.local.system import System
from tests.support.servers import Server

STORED, DAYS, PAIRS, CLIENTS = 100_000, 30, 24, (1, 4)
WARM_UPS = 3
SECONDS = 0.5
SIZE = "512 px"

Windows = list[dict[str, float]]
Met = tuple[Case, int, tuple[Windows, Windows]]
Row = dict[str, object]


def main() -> None:
    """Measure, print the table, and keep the result."""
    options, before = _options(), report.conditions()
    with tempfile.TemporaryDirectory() as folder:
        rows = _measured(Path(folder), options)
    report.table(rows)
    if options.stored == STORED:
        facts = {**report.finished(before), "stored": options.stored, "pairs": options.pairs}
        report.keep("grown", __doc__, options.store, {**facts, "predict": rows})


def _measured(folder: Path, options: argparse.Namespace) -> list[Row]:
    report.say(f"filling {options.store}")
    with (
        filling.system(folder / "grown", options.store, lambda store: _fill(store, options.stored)) as grown,
        filling.system(folder / "empty", options.store, lambda store: _fill(store, 0)) as empty,
    ):
        _check(grown, options.stored)
        for running in (empty, grown):
            visitors.warm_up(running)
        return [row for met in _windows((empty, grown), options.pairs) for row in _rows(*met)]


def _windows(systems: tuple[System, System], pairs: int) -> Iterator[Met]:
    """Every case and number of visitors in each turn; the first turns only warm up."""
    cases = [case for case in visitors.cases() if case.size == SIZE and not case.keyed]
    found: list[Met] = [(case, count, ([], [])) for case, count in product(cases, CLIENTS)]
    for turn in range(-WARM_UPS, pairs):
        report.say(f"turn {turn + 1} of {pairs}")
        for case, clients, windows in found:
            for side in (0, 1) if turn % 2 else (1, 0):
                window = visitors.window(systems[side], case, clients, SECONDS)
                windows[side].extend([window] if turn >= 0 else [])
    return iter(found)


def _rows(case: Case, clients: int, windows: tuple[Windows, Windows]) -> Iterator[Row]:
    empty, grown = windows
    about = {"": case.name, "clients": clients, "errors": sum(window["errors"] for window in (*empty, *grown))}
    for what in ("p50 ms", "answers/s"):
        sides = {"empty": [window[what] for window in empty], "grown": [window[what] for window in grown]}
        yield {**about, "of": what, **report.compared(**sides)}


def _fill(store: Server, count: int) -> None:
    rng, now = Random(1), utc_now()  # noqa: S311 - the same keys every time
    filling.write(store, (_made(rng, now - timedelta(days=number % DAYS)) for number in range(count)))


def _made(rng: Random, time: datetime) -> Object:
    return filling.committed(filling.prediction(rng, time))


def _check(running: System, expected: int) -> None:
    """All of them are still there after the restart."""
    found = sum(1 for _ in filling.server(running).open().list(ObjectRef(keys.PRODUCTION, "")))
    if found != expected:
        raise RuntimeError(f"{found} predictions stored instead of {expected}")
    report.say(f"{found:,} predictions are stored")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    parser.add_argument("--stored", type=int, default=STORED, help="predictions in the grown store (%(default)s)")
    parser.add_argument(
        "--pairs", type=int, default=PAIRS, help="of windows (%(default)s); a result is kept of 100,000"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
