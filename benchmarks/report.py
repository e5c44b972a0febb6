"""How long does a report take, and how much memory? Over 1,000,000 predictions, 100,000 and 10,000.

Report is laid out and started as in its image: one granian process and its worker, without the watchdog; the store is
SeaweedFS, not writing through to the disk. It holds 100,000 predictions of the last ten days in production, and of
the sixty days before these only what closing left: a line per prediction in the days' files, 1,000,000 in thirty days
and as many in the thirty before, which a report compares with. Of the lines of the former, and of the ten days, one in
twenty has a task of the low-confidence queue, and one in five of these is labelled; 40 predictions a day are labelled
blind. All lie in eleven classes. Each row is the median of its turns: first the ten days as production lists them, then
closing them (once), then the same from their files. A report also reads as many days before its window: those before
the ten days have 33,333 predictions each. `CPU s` is what the function used per report, on two cores beside the store,
whose own is `store CPU s`; a busy machine makes seconds of both. `MB` is the most that the server and its worker ever
held until then (VmHWM; what they share counts twice), the libraries of the estimators included.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import psutil

from benchmarks.shared import deployed, filling, report
from benchmarks.shared.filling import CLASSES, Object
from feedloop.domain import annotations, keys
from feedloop.domain.annotations import Vote
from feedloop.domain.clock import day_of, time_of, utc_now
from feedloop.domain.documents import dump
from feedloop.domain.labels import Label
from feedloop.domain.observations import ListedPrediction
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import day_files
from tests.support import servers

FILED, LISTED, TURNS = 1_000_000, 100_000, 3
FILED_DAYS, LISTED_DAYS, BLIND = 30, 10, 40
LOW_SHARE, LABELLED_SHARE, RIGHT_SHARE = 0.05, 0.2, 0.9
OK = 200
TODAY = time_of(day_of(utc_now()), 0)

Row = dict[str, object]


def main() -> None:
    """Measure, print the table, and keep the result."""
    options, before = _options(), report.conditions()
    with tempfile.TemporaryDirectory() as folder, servers.seaweedfs(Path(folder) / "store") as server:
        environment, calls = deployed.environment(Path(folder), server)
        filling.write(server, _objects(options.filed, options.listed), prefix=environment["BUCKET_PREFIX"])
        laid_out, (port,) = deployed.laid_out("report", Path(folder)), servers.free_ports(1)
        with deployed.running(laid_out, environment, port) as process:
            rows = list(_rows(process, port, calls["report"][1], options))
    report.table(rows)
    if (options.filed, options.listed) == (FILED, LISTED):
        report.keep(
            "report", __doc__, "seaweedfs", {**report.finished(before), "turns": options.turns, "reports": rows}
        )


def _rows(process: psutil.Popen, port: int, token: dict[str, str], options: argparse.Namespace) -> Iterator[Row]:
    until_filed = day_of(TODAY - timedelta(days=LISTED_DAYS + 1))
    windows = {
        "yesterday": ("days=1", options.listed // LISTED_DAYS),
        "ten days": (f"days={LISTED_DAYS}", options.listed),
        "thirty days": (f"days={FILED_DAYS}&to={until_filed}", options.filed),
    }

    def row(name: str, where: str, times: int) -> Row:
        query, expected = windows[name]
        parts, store = _parts(process), _store()
        before, took = (_cpu(parts), _cpu(store)), [_get(port, token, query, expected) for _ in range(times)]
        own, others = (round((_cpu(of) - was) / times, 2) for of, was in zip((parts, store), before, strict=True))
        megabytes = round(sum(deployed.held(part, "VmHWM") for part in parts))
        report.say(f"{name}, {where}: {took}")
        costs = {"s": round(median(took), 2), "CPU s": own, "store CPU s": others, "MB": megabytes}
        return {"": f"{name}, {where}", "predictions": expected, **costs}

    nothing = {"CPU s": "", "store CPU s": "", "MB": ""}
    deployed.until_it_answers(port, (b"", {}), "GET", "/_/ready")
    yield row("yesterday", "the first of a new process", 1)
    yield row("yesterday", "listed", options.turns)
    yield row("ten days", "listed", options.turns)
    yield {"": "closing ten days", "predictions": options.listed, "s": _closed(port, token, options.listed), **nothing}
    yield row("yesterday", "from files", options.turns)
    yield row("ten days", "from files", options.turns)
    yield row("thirty days", "from files", options.turns)


def _get(port: int, token: dict[str, str], query: str, expected: int) -> float:
    document, took = _called(port, "GET", f"/?{query}", token)
    total = document["predictions"]["total"]
    if total != expected:
        raise RuntimeError(f"{query}: {total} predictions instead of {expected}")
    return took


def _closed(port: int, token: dict[str, str], expected: int) -> float:
    document, took = _called(port, "POST", "/", token)
    if document["predictions"] != expected:
        raise RuntimeError(f"{document} instead of {expected} predictions")
    return round(took, 2)


def _called(port: int, method: str, path: str, token: dict[str, str]) -> tuple[dict[str, Any], float]:
    connection, began = HTTPConnection("127.0.0.1", port, timeout=600), perf_counter()
    connection.request(method, path, headers=token)
    answer = connection.getresponse()
    body = answer.read()
    took = perf_counter() - began
    connection.close()
    if answer.status != OK:
        raise RuntimeError(f"{answer.status}: {body[:500]!r}")
    return json.loads(body), took


def _cpu(processes: list[psutil.Process]) -> float:
    """Seconds that they have used."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _store() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if child.name().startswith("weed")]


def _parts(process: psutil.Popen) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _objects(filed: int, listed: int) -> Iterator[Object]:
    rng = Random(1)  # noqa: S311 - the same keys every time
    for back in range(1, LISTED_DAYS + 1):
        day, lines = _made(rng, back, listed // LISTED_DAYS)
        yield from (Object(keys.production(_id(day, line)), filling.JPEG) for line in lines)
        yield from _tasks_and_labels(rng, day, lines)
    for back in range(LISTED_DAYS + 1, LISTED_DAYS + 2 * FILED_DAYS + 1):
        rest = filed % FILED_DAYS if back == LISTED_DAYS + 1 else 0
        day, lines = _made(rng, back, filed // FILED_DAYS + rest)
        sampled = {line.sample_key for line in lines[:BLIND]}
        yield Object(keys.day_file(day), day_files.serialise(day, lines, sampled)[0])
        if back <= LISTED_DAYS + FILED_DAYS:
            yield from _tasks_and_labels(rng, day, lines)


def _made(rng: Random, back: int, count: int) -> tuple[str, list[ListedPrediction]]:
    """A day and its predictions in the order of their sample keys."""
    made = (_line(rng) for _ in range(count))
    return day_of(TODAY - timedelta(days=back)), sorted(made, key=lambda line: line.sample_key)


def _line(rng: Random) -> ListedPrediction:
    sample_key, second = f"{rng.getrandbits(128):032x}", f"{rng.randrange(86_400):05d}"
    predicted, per_mille = rng.randrange(len(CLASSES)), rng.randrange(1001)
    return ListedPrediction(predicted, per_mille, "9f2c11aa", rng.random() < LOW_SHARE, sample_key, second)


def _tasks_and_labels(rng: Random, day: str, lines: list[ListedPrediction]) -> Iterator[Object]:
    """Tasks of the blind sample and of what the model was unsure about, and their labels."""
    for line in lines[:BLIND]:
        yield Object(keys.task(keys.RANDOM_SAMPLED, line.sample_key), b"{}")
        yield from _labelled(rng, keys.RANDOM_SAMPLED, _id(day, line))
    for line in filter(lambda line: line.low, lines):
        yield Object(keys.task(keys.LOW_CONFIDENCE, line.sample_key), b"{}")
        if rng.random() < LABELLED_SHARE:
            yield from _labelled(rng, keys.LOW_CONFIDENCE, _id(day, line))


def _labelled(rng: Random, queue: str, prediction: PredictionId) -> Iterator[Object]:
    truth = prediction.class_index if rng.random() < RIGHT_SHARE else rng.randrange(len(CLASSES))
    at = prediction.time + timedelta(hours=rng.uniform(1, 48))
    vote = Vote(annotations.CLASS, truth, "3", at, cancelled=False, origin="manual", lead_time=3.2)
    label = Label(str(prediction)).with_vote("1", vote, at)
    yield Object(keys.dataset(queue, truth, prediction), filling.JPEG)
    yield Object(keys.label(queue, prediction), dump(label.to_document()))


def _id(day: str, line: ListedPrediction) -> PredictionId:
    return PredictionId(day, line.predicted, line.per_mille, line.model, line.sample_key, int(line.second))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filed", type=int, default=FILED, help="in thirty days' files (%(default)s)")
    parser.add_argument("--listed", type=int, default=LISTED, help="in production (%(default)s)")
    parser.add_argument("--turns", type=int, default=TURNS, help="of every report (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
