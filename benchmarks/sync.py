"""How quickly do tasks reach Label Studio? Its rate, and what a sync costs when nothing is new.

A real Label Studio (SQLite, as `make run` starts it) beside the store of a system as `make run` starts it (it writes
through to the disk), under bucket names whose events call nobody. The sync is the function's own, in this process, with
4 workers as in a container.

New ones: 1,000 task files with their pictures at a time, ten times, all in one queue; each time a sync brings them in.
`Label Studio's part` is the time that it took to import them.

Repaired ones: 2,000 annotations that never reached the store, made by Label Studio's own import; one sync writes them.

Nothing new: with 10,000 known tasks in that queue and those annotations, syncs that compare annotations with the store,
as one does every five minutes, and syncs that do not; they take turns. One new: a single task among those 10,000, until
the sync has brought it in.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.shared import filling, report
from benchmarks.shared.filling import Object
from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.documents import Document, dump
from feedloop.domain.review import TITLES, as_imported, informed_task
from feedloop.ports import Project
from functions.sync.repairing import OVERLAP
from functions.sync.sweep import sweep
from tests.support import demo
from tests.support import label_studio as label_studios
from tests.support.servers import Server

NEW, BATCHES, ANSWERED, IDLE_TURNS, SINGLES, WORKERS = 1_000, 10, 2_000, 7, 10, 4
PREFIX, QUEUE = "first-", keys.LOW_CONFIDENCE

Row = dict[str, object]


class Timed(LabelStudioTool):
    """Label Studio, and how long its imports took."""

    importing = 0.0

    def add(self, project: Project, tasks: Sequence[Document]) -> list[int]:
        """Import, by the clock."""
        began = perf_counter()
        try:
            return super().add(project, tasks)
        finally:
            self.importing += perf_counter() - began


class Bench:
    """One store and one Label Studio."""

    def __init__(self, server: Server, label_studio: Timed) -> None:
        self.server, self.label_studio, self.store = server, label_studio, server.open(PREFIX)
        self.rng = Random(1)  # noqa: S311 - the same keys every time

    def queue(self, count: int) -> None:
        """New task files with their pictures."""
        filling.write(self.server, [one for _ in range(count) for one in self._task()], prefix=PREFIX)

    def answered(self, count: int) -> None:
        """Annotations that Label Studio has and the store has not."""
        result = [{"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Egg"]}}]
        project = next(one for one in self.label_studio.projects() if one.title == TITLES[QUEUE])
        for _ in range(count // NEW):
            tasks = [self._document() for _ in range(NEW)]
            self.label_studio.add(
                project, [{**as_imported(task), "annotations": [{"result": result}]} for task in tasks]
            )

    def sync(self, *, thorough: bool = False) -> tuple[float, Document]:
        """One sync: its seconds and what it counted in the queue."""
        began = perf_counter()
        with ThreadPoolExecutor(len(keys.REVIEW_QUEUES)) as queues, ThreadPoolExecutor(WORKERS) as files:
            counts = sweep(self.store, self.label_studio, thorough=thorough, queues=queues.map, each=files.map)
        return perf_counter() - began, counts["projects"][QUEUE]

    def expect(self, name: str, number: int, **how: bool) -> float:
        """The seconds of a sync that must count this."""
        seconds, counts = self.sync(**how)
        if counts[name] != number:
            raise RuntimeError(f"{counts} instead of {number} {name}")
        return seconds

    def _task(self) -> tuple[Object, Object]:
        made = filling.prediction(self.rng, utc_now())
        task = informed_task(made, QUEUE, self.store.url(keys.image(made.id.sample_key)))
        picture = Object(keys.image(made.id.sample_key), filling.JPEG, made.to_metadata())
        return picture, Object(keys.task(QUEUE, made.id.sample_key), dump(task))

    def _document(self) -> Document:
        made = filling.prediction(self.rng, utc_now())
        return informed_task(made, QUEUE, self.store.url(keys.image(made.id.sample_key)))


def main() -> None:
    """Measure, print the tables, and keep the result."""
    options, before = _options(), report.conditions()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with filling.system(folder / "system", options.store) as running:
            server = filling.server(running)
            server.create(PREFIX + bucket for bucket in keys.BUCKETS)
            demo.release(server.open(PREFIX))
            with label_studios.label_studio(folder / "studio", server) as label_studio:
                label_studios.set_up(label_studio, server, PREFIX, folder / "secrets")
                bench = Bench(server, Timed(url=label_studio.url, token=label_studio.token))
                results = _repaired(bench) | _new(bench, options.batches) | _idle(bench)
    for question, row in results.items():
        report.table([{"": question, **row}])
    if options.batches == BATCHES:
        report.keep("sync", __doc__, options.store, {**report.finished(before), "known": NEW * BATCHES, **results})


def _repaired(bench: Bench) -> dict[str, Row]:
    report.say(f"{ANSWERED} annotations that the store has missed")
    bench.answered(ANSWERED)
    seconds = bench.expect("repaired", ANSWERED, thorough=True)
    return {"repaired ones": {"annotations": ANSWERED, "s": round(seconds, 2)}}


def _new(bench: Bench, batches: int) -> dict[str, Row]:
    took, label_studio = [], []
    for turn in range(batches):
        report.say(f"{NEW} new, turn {turn + 1} of {batches}")
        bench.queue(NEW)
        before = bench.label_studio.importing
        took.append(bench.expect("new", NEW))
        label_studio.append(bench.label_studio.importing - before)
    return {"new ones": {**_seconds(took), "Label Studio's part": round(median(label_studio), 2)}}


def _idle(bench: Bench) -> dict[str, Row]:
    report.say("what was repaired is compared once more when it is minutes old")
    _until_old(bench)
    idle: dict[str, list[float]] = {"comparing": [], "not comparing": []}
    for turn in range(IDLE_TURNS):
        report.say(f"nothing new, turn {turn + 1} of {IDLE_TURNS}")
        idle["comparing"].append(bench.expect("new", 0, thorough=True))
        idle["not comparing"].append(bench.expect("new", 0))
    singles = _repeat(SINGLES, lambda: _single(bench))
    return {
        **{f"nothing new, {name}": _seconds(took) for name, took in idle.items()},
        "one new": _seconds(singles),
    }


def _until_old(bench: Bench) -> None:
    time.sleep(OVERLAP.total_seconds() + 1)
    bench.sync(thorough=True)


def _single(bench: Bench) -> float:
    bench.queue(1)
    return bench.expect("new", 1)


def _repeat(times: int, measure: Callable[[], float]) -> list[float]:
    return [measure() for _ in range(times)]


def _seconds(took: Sequence[float]) -> dict[str, Any]:
    return {"median s": round(median(took), 2), "longest s": round(max(took), 2), "turns": len(took)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    parser.add_argument(
        "--batches", type=int, default=BATCHES, help="of 1,000 new tasks (%(default)s); a result is kept of the default"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
