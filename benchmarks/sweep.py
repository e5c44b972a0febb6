"""What does a sweep of curate cost? Its calls when nothing is new, and its rate when something is.

The store of a system as `make run` starts it (it writes through to the disk) holds 20,000 curated annotations, under
bucket names whose events call nobody: outputs and ledger entries, 5,000 in each of the four queues. What a sweep never
looks at again (their labels, pictures and datasets) is left out. The sweep is the function's own, in this process, with
4 workers as in a container; its calls are written down between it and the S3 adapter, a copy as one call.

Nothing new: the sweep, then its own listings without it, one after the other as it makes them; they take turns.

New ones: 2,000 predictions are annotated, a quarter in each queue, in five parts. After each part a sweep is followed
by its own calls on a twin (the same server, the same objects, other bucket names): the same verbs, keys and bodies, as
many at the same time, without the function. `ratio` is the median of the sweep by the bare calls over the turns, with
its quartiles. `per annotation` leaves the listings out.
"""

import argparse
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from benchmarks.shared import filling, replay, report
from benchmarks.shared.filling import Object
from benchmarks.shared.replay import Written
from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.documents import Document
from feedloop.domain.prediction import Prediction
from functions.curate.curator import Curator
from functions.curate.sweep import sweep, to_document
from tests.local.system import System
from tests.support import demo, world
from tests.support.servers import Server

CURATED, NEW, IDLE_TURNS, TURNS, WORKERS = 20_000, 2_000, 7, 5, 4
PATIENCE = timedelta(minutes=15)
FIRST, TWIN = "first-", "twin-"

Row = dict[str, object]


def main() -> None:
    """Measure, print the tables, and keep the result."""
    options, before = _options(), report.conditions()
    rng = Random(1)  # noqa: S311 - the same keys every time
    report.say(f"filling {options.store}")
    with (
        tempfile.TemporaryDirectory() as folder,
        filling.system(Path(folder), options.store, partial(fill, rng, options.curated)) as running,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        idle = _idle(running, pool)
        busy = _busy(running, pool, rng, options.new)
    report.table([idle])
    report.table([busy])
    if (options.curated, options.new) == (CURATED, NEW):
        facts = {**report.finished(before), "curated": CURATED, "new": NEW, "workers": WORKERS}
        report.keep("sweep", __doc__, options.store, {**facts, "nothing new": idle, "new ones": busy})


def _idle(running: System, pool: ThreadPoolExecutor) -> Row:
    """Sweeps without work, and their listings alone."""
    store, took, bare = filling.server(running).open(FIRST), [], []
    for turn in range(IDLE_TURNS):
        report.say(f"nothing new, turn {turn + 1} of {IDLE_TURNS}")
        written, counts, seconds = swept(store, pool)
        if any(counts.values()) or set(written.calls) != {"list"}:
            raise RuntimeError(f"{counts}, {written.calls}")
        took.append(seconds)
        bare.append(_seconds(lambda: replay.again(store, written.steps, pool)))  # noqa: B023 - called at once
    return {"": "nothing new, s", **report.compared(bare=bare, sweep=took), **_listings(written)}


def _busy(running: System, pool: ThreadPoolExecutor, rng: Random, new: int) -> Row:
    """Sweeps with work, and the same calls on the twin."""
    server, took, bare, calls = filling.server(running), [], [], Counter[str]()
    for turn in range(TURNS):
        report.say(f"{new // TURNS} new, turn {turn + 1} of {TURNS}")
        _annotate(server, rng, new // TURNS, turn)
        written, counts, seconds = swept(server.open(FIRST), pool)
        if counts["curated"] != new // TURNS:
            raise RuntimeError(str(counts))
        took.append(seconds)
        bare.append(_seconds(lambda: replay.again(server.open(TWIN), written.steps, pool)))  # noqa: B023 - at once
        calls += written.calls
    each = {verb: round(count / new, 2) for verb, count in calls.items() if verb != "list"}
    rates = {"sweep/s": round(new / sum(took), 1), "bare/s": round(new / sum(bare), 1)}
    return {"": "new ones, s", **report.compared(bare=bare, sweep=took), **rates, "per annotation": each}


def swept(store: S3Store, pool: ThreadPoolExecutor) -> tuple[Written, Document, float]:
    """One sweep: its calls, what it counted, and its seconds."""
    written: Any = Written(store)
    curator = Curator(written, releases.class_list(store), utc_now)
    began = perf_counter()
    counts = to_document(sweep(curator, each=partial(written.together, pool), patience=PATIENCE))
    return written, counts, perf_counter() - began


def _seconds(do: Callable[[], None]) -> float:
    began = perf_counter()
    do()
    return perf_counter() - began


def _listings(written: Written) -> Row:
    return {"listings": written.calls["list"], "pages": written.pages}


def fill(rng: Random, curated: int, server: Server, prefixes: Sequence[str] = (FIRST, TWIN)) -> None:
    """Curated annotations, the same in each of these sets of buckets."""
    for prefix in prefixes:
        server.create(prefix + bucket for bucket in keys.BUCKETS)
        demo.release(server.open(prefix))
    objects = list(_curated(rng, curated))
    for prefix in prefixes:
        filling.write(server, objects, prefix=prefix)


def _curated(rng: Random, count: int) -> Iterator[Object]:
    """Outputs and their ledger entries; their ETag is the MD5 of the counts in both stores."""
    for queue in keys.QUEUES:
        for number in range(count // len(keys.QUEUES)):
            made = filling.prediction(rng, utc_now())
            name, counts = _name(queue, made, number), _annotation(made)
            yield Object(keys.output(queue, name), counts)
            etag = hashlib.md5(counts, usedforsecurity=False).hexdigest()
            yield Object(keys.version(keys.CURATED, queue, name, etag), counts)


def _annotate(server: Server, rng: Random, count: int, turn: int) -> None:
    """New predictions with a picture before annotators, and an answer to each, in both stores."""
    objects = []
    for queue in keys.QUEUES:
        for number in range(count // len(keys.QUEUES)):
            made = filling.prediction(rng, utc_now())
            name = _name(queue, made, CURATED + turn * count + number)
            objects += [filling.committed(made), Object(keys.output(queue, name), _annotation(made))]
            objects.append(Object(keys.image(made.id.sample_key), filling.JPEG, made.to_metadata()))
            if queue in keys.REVIEW_QUEUES:
                objects.append(Object(keys.task(queue, made.id.sample_key), b"{}"))
    for prefix in (FIRST, TWIN):
        filling.write(server, objects, prefix=prefix)


def _name(queue: str, made: Prediction, number: int) -> str:
    """Label Studio counts its annotations; relabel's are named by their prediction."""
    return made.id.sample_key if queue == keys.USER_FEEDBACK_2 else str(number)


def _annotation(made: Prediction) -> bytes:
    return world.annotation(MemoryStore(prefix=FIRST), made, filling.CLASSES[0])  # the twin's are never read


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    parser.add_argument("--curated", type=int, default=CURATED, help="before (%(default)s)")
    parser.add_argument(
        "--new", type=int, default=NEW, help="annotations (%(default)s); a result is kept of the defaults"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
