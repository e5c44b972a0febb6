"""Does predict slow down as predictions pile up? p50 and answers per second, with 0 and with 100,000 stored.

Two whole systems stand side by side, each as `make run` starts it, with a store of its own that writes through to the
disk. One store is empty; the other was given 100,000 predictions beforehand: their records as they are, 604 bytes for a
picture, over 11 classes and the last 30 days, today among them. Then it was started anew.

Visitors upload 512 px photos, each over a connection of its own, kept alive, opened anew for every window of half a
second; they send the next picture when the answer is there. The two systems take turns window by window, first one and
then the other ahead. `p50 ms` and `answers/s` are medians over the windows; `ratio` is the median of
grown by empty over the pairs of windows, with its quartiles, and in how many pairs it is above 1. What is
drawn from noise alone has a ratio of 1 and half of the pairs above.
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
from feedloop.domain.keys import Place
from tests.local.system import System
from tests.support.servers import Server

STORED, DAYS, PAIRS, CLIENTS = 100_000, 30, 24, (1, 4)
SECONDS = 0.5
SIZE = "512 px"

Windows = list[dict[str, float]]
Rows = list[dict[str, object]]


def main() -> None:
    """Measure, print the table, and keep the result."""
    asked, before = _asked(), report.conditions()
    with tempfile.TemporaryDirectory() as folder:
        rows = _measured(Path(folder), asked)
    report.table(rows)
    if asked.stored == STORED:
        facts = {**report.finished(before), "stored": asked.stored, "pairs": asked.pairs}
        report.keep("grown", __doc__, asked.store, {**facts, "predict": rows})


def _measured(folder: Path, asked: argparse.Namespace) -> Rows:
    report.say(f"filling {asked.store}")
    with (
        filling.system(folder / "grown", asked.store, lambda store: _fill(store, asked.stored)) as grown,
        filling.system(folder / "empty", asked.store) as empty,
    ):
        _check(grown, asked.stored)
        for running in (empty, grown):
            visitors.warm_up(running)
        cases = [case for case in visitors.cases() if case.size == SIZE and not case.keyed]
        rows = [_rows((empty, grown), case, count, asked.pairs) for case, count in product(cases, CLIENTS)]
        return [row for some in rows for row in some]


def _rows(systems: tuple[System, System], case: Case, clients: int, pairs: int) -> Rows:
    report.say(f"{case.name}, {clients} at once")
    met: tuple[Windows, Windows] = ([], [])
    for side in _turns(pairs + 1):
        met[side].append(visitors.window(systems[side], case, clients, SECONDS))
    met = met[0][1:], met[1][1:]  # the first pair only warms up
    about = {"": case.name, "clients": clients, "errors": sum(one["errors"] for one in (*met[0], *met[1]))}
    return [{**about, "of": what, **_compared(met, what)} for what in ("p50 ms", "answers/s")]


def _turns(pairs: int) -> Iterator[int]:
    """Whose window it is: each side is ahead as often as the other."""
    for pair in range(pairs):
        yield from (0, 1) if pair % 2 else (1, 0)


def _compared(met: tuple[Windows, Windows], what: str) -> dict[str, object]:
    empty, grown = ([one[what] for one in windows] for windows in met)
    return report.compared(empty=empty, grown=grown)


def _fill(store: Server, count: int) -> None:
    rng, now = Random(1), utc_now()  # noqa: S311 - the same keys every time
    filling.write(store, (_made(rng, now - timedelta(days=number % DAYS)) for number in range(count)))


def _made(rng: Random, time: datetime) -> Object:
    return filling.committed(filling.prediction(rng, time))


def _check(running: System, expected: int) -> None:
    """All of them are still there after the restart."""
    found = sum(1 for _ in filling.server(running).open().list(Place(keys.PRODUCTION, "")))
    if found != expected:
        raise RuntimeError(f"{found} predictions stored instead of {expected}")
    report.say(f"{found:,} predictions are stored")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    parser.add_argument("--stored", type=int, default=STORED, help="predictions in the grown store (%(default)s)")
    parser.add_argument(
        "--pairs", type=int, default=PAIRS, help="of windows (%(default)s); a result is kept of 100,000"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
