"""What does a sample of 5 cost, out of 100,000 predictions of one day? Seconds, and the store calls by kind.

A system as `make run` starts it holds two days: one of 100,000 predictions, one of 1,000; 604 bytes for a picture,
their records as they are, 11 classes. The two days take turns: each is sampled for the first time (new), then again
(which finds all tasks there), and what the sample wrote is taken away. Calls are those of the function's own draw,
counted between it and the S3 adapter; a listing of 5 is one request, a copy two. Milliseconds are of POST
/function/sample with the token, which also reads the class list (2 gets). `ratio` is the median of the large day by the
small one, with its quartiles.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from benchmarks.shared import filling, report
from benchmarks.shared.filling import Object
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.clock import day_of, time_of, utc_now
from functions.sample.drawing import draw_sample
from tests.local.system import System
from tests.support.counting import Counted
from tests.support.servers import Server

STORED, FEW, COUNT, TURNS = 100_000, 1_000, 5, 20
BUSY, CALM = (time_of(day_of(utc_now()), 43_200) - timedelta(days=back) for back in (2, 3))
FIRST, AGAIN = "new", "again"

Rows = list[dict[str, object]]


def main() -> None:
    """Measure, print the tables, and keep the result."""
    options, before = _options(), report.conditions()
    report.say(f"filling {options.store}")
    with (
        tempfile.TemporaryDirectory() as folder,
        filling.system(Path(folder), options.store, lambda store: _fill(store, options.stored)) as running,
    ):
        calls = [_calls(running, run) for run in (FIRST, AGAIN)]
        _clear(filling.server(running).open())
        seconds = _seconds(running, options.turns)
    for rows in (calls, seconds):
        report.table(rows)
    if options.stored == STORED:
        facts = {**report.finished(before), "stored": STORED, "sampled": COUNT, "turns": options.turns}
        report.keep("sample", __doc__, options.store, {**facts, "calls": calls, "seconds": seconds})


def _calls(running: System, run: str) -> dict[str, object]:
    """What the busy day's sample asks of the store."""
    counted = Counted(filling.server(running).open())
    counts = draw_sample(day_of(BUSY), COUNT, store=counted, classes=len(filling.CLASSES), now=utc_now())
    if counts["queued"] != (COUNT if run == FIRST else 0):
        raise RuntimeError(f"the sample says {counts}")
    options = {verb: counted.calls[verb] for verb in ("list", "head", "copy", "create")}
    return {"": run, **options, "pages": counted.pages, "all": counted.calls.total()}


def _seconds(running: System, turns: int) -> Rows:
    """The busy day against the calm one, in turn."""
    took: dict[str, dict[str, list[float]]] = {run: {"calm": [], "busy": []} for run in (FIRST, AGAIN)}
    store = filling.server(running).open()
    for turn in range(turns):
        report.say(f"turn {turn + 1} of {turns}")
        for name, day in (("calm", CALM), ("busy", BUSY))[:: 1 if turn % 2 else -1]:
            for run in (FIRST, AGAIN):
                took[run][name].append(_once(running, day))
        _clear(store)
    return [{"": f"{run}, milliseconds", **report.compared(**sides)} for run, sides in took.items()]


def _once(running: System, day: datetime) -> float:
    token = {"Authorization": f"Bearer {running.connection()['operator_token']}"}
    began = perf_counter()
    answer = running.call("sample", headers=token, json={"date": day_of(day), "count": str(COUNT)})
    took = 1000 * (perf_counter() - began)
    if not answer.ok or answer.json()["sampled"] != COUNT:
        raise RuntimeError(answer.text)
    return took


def _clear(store: S3Store) -> None:
    """Take away what samples wrote."""
    for folder in (keys.image(), keys.ObjectRef(keys.LABELSTUDIO, f"tasks/{keys.RANDOM_SAMPLED}/")):
        for entry in list(store.list(folder)):
            store.delete(keys.ObjectRef(folder.bucket, entry.key))


def _fill(store: Server, count: int) -> None:
    rng = Random(1)  # noqa: S311 - the same keys every time
    filling.write(store, _objects(rng, count))


def _objects(rng: Random, count: int) -> Iterator[Object]:
    for day, stored in ((BUSY, count), (CALM, FEW)):
        for _ in range(stored):
            yield filling.committed(filling.prediction(rng, day))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    parser.add_argument(
        "--stored", type=int, default=STORED, help="of one day (%(default)s); a result is kept of 100,000"
    )
    parser.add_argument("--turns", type=int, default=TURNS, help="of every kind (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
