"""How long do visitors and annotators wait for each other? From a flag to its task, from an answer to its dataset.

A system as `make run` starts it (its store writes through to the disk), with a real Label Studio (SQLite). One at a
time:

Flag to task: a visitor flags a picture; until Label Studio's API lists one task more. Submit to dataset: an annotator
saves an answer; until the picture lies in its dataset bucket, counted from the moment before saving. Both are looked
for every 20 ms.

Beside a sweep: the same while sweeps of curate over 20,000 curated annotations follow each other, in this process, over
other buckets of the same store.

Submit: what an annotator waits for the save itself, as before, and while curate and sync are stopped (SIGSTOP), so that
nobody takes the store's events. Afterwards all those answers must arrive.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from random import Random
from statistics import median, quantiles
from threading import Event, Thread
from time import perf_counter

from benchmarks import sweep as sweeps
from benchmarks.shared import filling, report
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.errors import Missing
from feedloop.domain.review import TITLES
from local import processes
from tests.local.system import prediction
from tests.support.annotator import Annotator
from tests.support.staffed import LOW, Staffed, running_staffed
from tests.support.uploads import clear_upload

TIMES, CURATED = 30, 20_000
ANSWER, INDEX = "Egg", 3
_POLL, _PATIENCE = 0.02, 900.0
_STOPPED = ("curate", "sync")

Row = dict[str, object]


def main() -> None:
    """Measure, print the table, and keep the result."""
    options, before = _options(), report.conditions()
    with tempfile.TemporaryDirectory() as folder, running_staffed(Path(folder), options.store) as staffed:
        alone = _both(staffed, options.times)
        stopped = _stopped(staffed, options.times)
        with _sweeping(staffed, options.curated) as count:
            beside = _both(staffed, options.times)
            swept = count()
    results = {"alone": alone, "beside a sweep": beside, "nobody takes events": {"submit": stopped}}
    report.table([{"": f"{when}: {what}, s", **row} for when, rows in results.items() for what, row in rows.items()])
    if (options.times, options.curated) == (TIMES, CURATED):
        facts = {**report.finished(before), "curated": CURATED, "sweeps": swept}
        report.keep("annotating", __doc__, options.store, {**facts, **results})


def _both(staffed: Staffed, times: int) -> dict[str, Row]:
    report.say(f"{times} flags")
    flags = [_flag(staffed) for _ in range(times)]
    report.say(f"{times} answers")
    saves, arrivals = zip(*(_answer(staffed) for _ in range(times)), strict=True)
    return {
        "flag to task": _spread(flags),
        "submit to dataset": _spread(arrivals),
        "submit": _spread(saves),
    }


def _flag(staffed: Staffed) -> float:
    receipt, before = staffed.predicted(clear_upload()), _tasks(staffed)
    began = perf_counter()
    staffed.system.call("flag", data={"prediction_id": receipt}).raise_for_status()
    return _until(lambda: _tasks(staffed) > before, began)


def _tasks(staffed: Staffed) -> int:
    path = f"/api/tasks?project={_project(staffed.annotator)}&page_size=1&resolve_uri=false"
    return int(staffed.annotator.get(path).json()["total"])


@cache
def _project(someone: Annotator) -> int:
    return someone.project(TITLES[keys.USER_FEEDBACK])


def _answer(staffed: Staffed) -> tuple[float, float]:
    """What the annotator waited, and when the picture was there."""
    receipt = staffed.predicted()
    task, began = staffed.task(receipt), perf_counter()
    _save(staffed, task)
    saved = perf_counter() - began
    return saved, _until(lambda: _arrived(staffed.store, receipt), began)


def _save(staffed: Staffed, task: int) -> None:
    if (status := staffed.save(task, ANSWER)) != 201:  # noqa: PLR2004 - created
        raise RuntimeError(f"Label Studio answered {status}")


def _arrived(store: S3Store, receipt: str) -> bool:
    with suppress(Missing):
        store.head(keys.dataset(LOW, INDEX, prediction(receipt)))
        return True
    return False


def _stopped(staffed: Staffed, times: int) -> Row:
    """Submits while nobody takes the store's events."""
    report.say(f"{times} answers while curate and sync are stopped")
    made = [staffed.predicted() for _ in range(times)]
    tasks, took = [staffed.task(receipt) for receipt in made], []
    with _halted(staffed):
        for task in tasks:
            began = perf_counter()
            _save(staffed, task)
            took.append(perf_counter() - began)
    for receipt in made:
        _until(lambda: _arrived(staffed.store, receipt), perf_counter())  # noqa: B023 - called at once
    return _spread(took)


@contextmanager
def _halted(staffed: Staffed) -> Iterator[None]:
    stopped = [process for name in _STOPPED for process in processes.running(staffed.system.data_dir, name)]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.resume()


@contextmanager
def _sweeping(staffed: Staffed, curated: int) -> Iterator[Callable[[], int]]:
    """Sweeps one after the other, over buckets of their own; how many there were."""
    report.say(f"filling {curated} curated annotations")
    sweeps.fill(Random(1), curated, filling.server(staffed.system), [sweeps.FIRST])  # noqa: S311 - always the same
    report.say("the store's events are sent until a flag comes through")
    _flag(staffed)
    store, enough, done = filling.server(staffed.system).open(sweeps.FIRST), Event(), list[float]()

    def sweep() -> None:
        with ThreadPoolExecutor(sweeps.WORKERS) as pool:
            while not enough.is_set():
                done.append(sweeps.swept(store, pool)[2])

    thread = Thread(target=sweep)
    thread.start()
    try:
        yield lambda: len(done)
    finally:
        enough.set()
        thread.join()


def _until(condition: Callable[[], bool], began: float) -> float:
    """The seconds from `began` until it is so."""
    while not condition():
        if perf_counter() - began > _PATIENCE:
            raise RuntimeError("it never happened")
        time.sleep(_POLL)
    return perf_counter() - began


def _spread(took: Sequence[float]) -> Row:
    return {
        "p50": round(median(took), 2),
        "p95": round(quantiles(took, n=20)[-1], 2),
        "longest": round(max(took), 2),
        "n": len(took),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    parser.add_argument("--times", type=int, default=TIMES, help="of each (%(default)s)")
    parser.add_argument(
        "--curated", type=int, default=CURATED, help="swept (%(default)s); a result is kept of the defaults"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
