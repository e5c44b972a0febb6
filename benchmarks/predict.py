"""How far is predict from what cannot be left out, and how many visitors does it bear? Times, rates and CPU.

Starts the system as `make run` does, in a folder of its own; its store writes through to the disk. The pictures are
drawings with the grain of a camera: some that the demonstration model is sure about, some that it is not.

One at a time: each turn sends a picture to predict, and then does by itself what no predict could leave out. `think` is
normalise and classify in a bare loop on one thread; `put` the creations of the same bytes in the same store by the same
adapter (1 when the model is sure; 3 when not: picture, task, picture; 1 more with an Idempotency-Key); `empty` the same
upload to flag, which reads it and refuses it. The floor is the sum of the three in the same turn. A ratio compares
medians.

Pictures of 512 px have a second floor, `bare`, with nothing of ours in it but the adapter that creates: `decode` is
Pillow's scaled decode (to twice the model's size or more), resize and scaling; `forward` ONNX Runtime; `put` as above,
so with CPU work before it, as in predict; `hop` the same upload to granian before an application of ten lines.
`by bare` is predict by it. `--model` measures another model likewise, at the end: its pictures are the same, and as
many creations belong to its floor as its answer costs.

Several visitors: each on a connection of its own, kept alive, opened anew for every window; sends the next picture when
the answer is there. Cases and numbers of visitors take turns; medians over the windows. CPU is that of all processes of
a part, per answer; of the load generator also as a share of one core. The visitors share the cores with what they
measure. Takes about three minutes.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from secrets import token_hex
from statistics import median

from benchmarks.shared import bare, filling, report, visitors
from benchmarks.shared.bare import BareModel, Hop
from benchmarks.shared.visitors import Case, Visitor
from feedloop.adapters import pictures
from feedloop.adapters.s3 import S3Store
from feedloop.classifiers import load_classifier
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.clock import utc_now
from feedloop.domain.keys import ObjectRef
from tests.local import system as systems
from tests.local.system import System
from tests.support import demo
from training.promotion import registry
from training.promotion.registry import ModelPackage

REPEATS = {"512 px": 5, "2 MP": 2}
"""How often a cheap case is measured in each turn."""
RECORD = {f"field-{number}": "x" * 40 for number in range(13)}
DOCUMENT = json.dumps({"task": "x" * 1000}).encode()
TURNS, CLIENTS, WINDOWS, QUICK = 20, [2, 4, 8], 3, 3
SECONDS, SECONDS_OF_LARGE = 1.0, 1.5
"""Of a window: some answers must fit in."""
REFUSED = 400
SMALL = "512 px"
"""The pictures that have a bare floor as well: of large ones the decoder's share is all."""
BARE = ("decode", "forward", "put", "hop")

Alone = dict[str, dict[str, object]]
Several = dict[str, dict[int, dict[str, float]]]


def main() -> None:
    """Measure, print the tables, and write the result beside this script."""
    options = _options()
    before = report.conditions()
    with tempfile.TemporaryDirectory() as folder, filling.system(Path(folder), options.store) as running:
        visitors.warm_up(running)
        cases = list(visitors.cases())
        alone = one_at_a_time(running, cases, options.requests)
        several = many(running, [case for case in cases if not case.keyed], options.clients, options.windows)
        if options.model:
            alone |= of_another(running, options.model, options.requests)
    _print(alone, several)
    if not options.quick:
        facts = {**report.finished(before), "turns": options.requests, "windows": options.windows}
        report.keep("predict", __doc__, options.store, {**facts, "one at a time": alone, "several visitors": several})


def one_at_a_time(running: System, cases: list[Case], turns: int, model: ModelPackage | None = None) -> Alone:
    """Milliseconds of predict and of the parts of its floor, turn by turn."""
    visitors_by_case = {case.name: Visitor(running.port) for case in cases}
    spent: dict[str, list[dict[str, float]]] = {case.name: [] for case in cases}
    with bare.server() as hop:
        parts = Parts(filling.server(running).open(), hop, model or ModelPackage(demo.MODEL, ModelCard(demo.CARD)))
        for turn in range(turns):
            report.say(f"one at a time, turn {turn + 1} of {turns}")
            for case in cases:
                for _ in range(REPEATS.get(case.size, 1)):
                    spent[case.name].append(parts.turn(case, visitors_by_case[case.name]))
    return {name: {**_alone(turns), "errors": visitors_by_case[name].errors} for name, turns in spent.items()}


class Parts:
    """What each turn does by itself beside the call of predict."""

    def __init__(self, store: S3Store, hop: Hop, package: ModelPackage) -> None:
        self._store, self._hop = store, hop
        self._classifier = load_classifier(package.model, package.card)
        self._bare = BareModel(package.model, package.card.document)

    def turn(self, case: Case, visitor: Visitor) -> dict[str, float]:
        """Milliseconds of each."""
        jpeg = _kept(case.body)
        pixels = self._bare.pixels(case.body) if case.size.startswith(SMALL) else None
        parts: dict[str, Callable[[], object]] = {
            "predict": lambda: visitor.predict(case),
            "think": lambda: self._think(case.body),
            "put": lambda: _put(case, jpeg, self._store),
            "empty": lambda: _refused(visitor, case),
        }
        if pixels is not None:
            parts |= {
                "decode": lambda: self._bare.pixels(case.body),
                "forward": lambda: self._bare.forward(pixels),
                "hop": lambda: self._hop.send(case.body, case.headers),
            }
        return {name: _milliseconds(do) for name, do in parts.items()}

    def _think(self, body: bytes) -> list[float]:
        return self._classifier.probabilities(pictures.normalise(body, preprocessing=self._classifier.preprocessing))


def of_another(running: System, folder: Path, turns: int) -> Alone:
    """The same of another model, which then serves instead."""
    package = registry.load_package(folder)
    version = registry.publish(filling.server(running).open(), package, now=utc_now(), new_classes=True).version
    systems.until(lambda: all(_served(running) == version for _ in range(visitors.WARM_UPS)), f"{version} serves")
    body = visitors.taken(visitors.SIZES[SMALL], sure=True)
    answer = running.call("predict", data=body, headers={"Content-Type": "image/jpeg"}).json()
    case = Case(f"{SMALL}, {package.card.name}", sure=not answer["low_confidence"], body=body)
    return one_at_a_time(running, [case], turns * REPEATS[SMALL], package)


def _served(running: System) -> str:
    return str(running.call("predict", "GET").json()["model"]["version"])


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
    store.create(ObjectRef(keys.PRODUCTION, f"bench/{random}.jpg"), jpeg, metadata=RECORD, content_type="image/jpeg")


def _refused(visitor: Visitor, case: Case) -> None:
    status, body = visitor.call("flag", case)
    if status != REFUSED:
        raise RuntimeError(f"{status}: {body[:500]!r}")


def _milliseconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return 1000 * (time.perf_counter() - began)


def _alone(turns: list[dict[str, float]]) -> dict[str, object]:
    typical = {name: round(median(turn[name] for turn in turns), 2) for name in turns[0]}
    floor = median(turn["think"] + turn["put"] + turn["empty"] for turn in turns)
    ratio = median(turn["predict"] for turn in turns) / floor
    floors = {"floor": round(floor, 2), "ratio": round(ratio, 2), "measured": len(turns)}
    if "hop" not in typical:
        return {**typical, **dict.fromkeys(("decode", "forward", "hop", "bare", "by bare"), "-"), **floors}
    least = median(sum(turn[part] for part in BARE) for turn in turns)
    return {**typical, "bare": round(least, 2), "by bare": round(typical["predict"] / least, 2), **floors}


def many(running: System, cases: list[Case], clients: list[int], windows: int) -> Several:
    """Answers per second and what they cost, by case and number of visitors."""
    met: dict[str, dict[int, list[dict[str, float]]]] = {case.name: {count: [] for count in clients} for case in cases}
    for turn, count in product(range(windows), clients):
        report.say(f"{count} visitors, window {turn + 1} of {windows}")
        for case in cases:
            seconds = SECONDS if case.size in REPEATS else SECONDS_OF_LARGE
            met[case.name][count].append(visitors.window(running, case, count, seconds))
    return {name: {count: _typical(turns) for count, turns in by_count.items()} for name, by_count in met.items()}


def _typical(windows: list[dict[str, float]]) -> dict[str, float]:
    typical = {name: round(median(window[name] for window in windows), 2) for name in windows[0]}
    return {**typical, "errors": sum(window["errors"] for window in windows)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=TURNS, help="turns of each case, one at a time (%(default)s)")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, help="numbers of visitors (2 4 8)")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="of every case and number (%(default)s)")
    parser.add_argument(
        "--model", type=Path, help="a folder with another model of N x 3 x size x size floats and its card"
    )
    parser.add_argument("--quick", action="store_true", help="a look: few turns, one window; keeps no result")
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    options = parser.parse_args()
    if options.quick:
        options.requests, options.windows = QUICK, 1
    return options


def _print(alone: Alone, several: Several) -> None:
    print("One at a time, p50 in ms")
    report.table([{"": name, **row} for name, row in alone.items()])
    print("\nSeveral visitors")
    report.table([{"": name, "visitors": count, **row} for name, by in several.items() for count, row in by.items()])


if __name__ == "__main__":
    main()
