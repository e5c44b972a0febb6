"""What would a team have without Feedloop? predict beside the same model behind LitServe and behind BentoML.

The peers (peer_servers/) are what one writes in an afternoon, with two workers each: ONNX Runtime on one thread,
Pillow's scaled decode, boto3's put_object of the upload as it came with three metadata fields, and below 0.7 two more,
of the picture and of a task. They check, clean, limit, sign and deduplicate nothing, and their writes are not
create-only. Feedloop is `make run`. All use one SeaweedFS that writes through to the disk, and two pictures of 512 px:
one that the demonstration model is sure about, one that it is not.

Visitors upload a form over loopback, each on a connection of its own that is kept alive, and send it again when the
answer is there. Servers take turns within seconds; medians over the windows. CPU is that of all processes of a
server, per answer. `store alone` creates the same picture by as many threads, which do nothing else. Takes about
four minutes.

The peers live in an environment of their own:

    python -m venv build/peers
    build/peers/bin/pip install --require-hashes --no-deps -r benchmarks/peer_servers/requirements.txt
    python -m benchmarks.peers
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from secrets import token_hex
from statistics import median
from threading import Thread

import psutil

from benchmarks.shared import filling, report, visitors
from benchmarks.shared.report import ROOT
from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from local import processes
from tests.local.system import System
from tests.support import demo
from tests.support.servers import REGION, Server, free_ports

BUCKET, OURS, PEERS, SURE = "peers", "Feedloop", ("LitServe", "BentoML"), "sure"
CLIENTS, WINDOWS, SECONDS, QUICK = (1, 4), 5, 2.5, 1
PATIENCE, WARM_UPS, OK = 60.0, 24, 200
BOUNDARY = "a-line-that-no-picture-holds"

Window = dict[str, float]


@dataclass(slots=True)
class Contestant:
    """One server, and what its visitors met, by picture and number of them."""

    url: tuple[int, str]
    cpu: list[psutil.Process]
    met: dict[tuple[str, int], list[Window]] = field(default_factory=dict)

    def window(self, body: bytes, clients: int, seconds: float) -> Window:
        """What so many visitors meet within a time."""
        took: list[list[float]] = [[] for _ in range(clients)]
        spent, began = _seconds(self.cpu), time.perf_counter()
        end = began + seconds
        threads = [Thread(target=_stay, args=(self.url, body, end, mine)) for mine in took]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall, answers = time.perf_counter() - began, [one for mine in took for one in mine]
        cpu = 1000 * (_seconds(self.cpu) - spent) / len(answers)
        return {"p50 ms": 1000 * median(answers), "answers/s": len(answers) / wall, "CPU ms": cpu}


def main() -> None:
    """Measure, print the table, and write the result beside this script."""
    options = _options()
    before = report.conditions()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        running = stack.enter_context(filling.system(Path(folder), options.store))
        server = filling.server(running)
        server.create([BUCKET])
        contestants = {name: stack.enter_context(_peer(name, options.python, server)) for name in PEERS}
        ours = processes.running(running.data_dir, "gateway")
        contestants[OURS] = Contestant((running.port, "/function/predict"), ours)
        alone = measure(contestants, running, options.windows, options.seconds)
    rows = [_row(case, contestants, rate) for case, rate in alone.items()]
    report.table(rows)
    if not options.quick:
        report.keep("peers", __doc__, options.store, {**report.finished(before), "rows": rows})


def measure(
    contestants: Mapping[str, Contestant], running: System, windows: int, seconds: float
) -> dict[tuple[str, int], float]:
    """Windows of everybody in turn; of the store alone it returns pictures per second."""
    bodies = {name: visitors.taken(visitors.SIZES["512 px"], sure=name == SURE) for name in (SURE, "unsure")}
    for contestant, _ in product(contestants.values(), range(WARM_UPS)):
        _upload(
            HTTPConnection("127.0.0.1", contestant.url[0], timeout=PATIENCE), contestant.url[1], _form(bodies[SURE])
        )
    alone: dict[tuple[str, int], list[float]] = {}
    for window, (name, body), clients in product(range(windows), bodies.items(), CLIENTS):
        report.say(f"window {window + 1} of {windows}, {name}, by {clients}")
        for contestant in contestants.values():
            contestant.met.setdefault((name, clients), []).append(contestant.window(_form(body), clients, seconds))
        rate = _store_alone(filling.server(running), body, clients, seconds)
        alone.setdefault((name, clients), []).append(rate)
    return {case: median(rates) for case, rates in alone.items()}


def _row(case: tuple[str, int], contestants: Mapping[str, Contestant], alone: float) -> dict[str, object]:
    of = {name: _typical(contestant.met[case]) for name, contestant in contestants.items()}
    row: dict[str, object] = {"": f"{case[0]} by {case[1]}"}
    for name, figures in of.items():
        row |= {f"{name} {what}": round(value, 2) for what, value in figures.items()}
    ours, peers = of.pop(OURS), of.values()
    return row | {
        "store alone/s": round(alone),
        "p50 by the better": round(ours["p50 ms"] / min(one["p50 ms"] for one in peers), 3),
        "answers/s by the better": round(ours["answers/s"] / max(one["answers/s"] for one in peers), 3),
    }


def _typical(windows: list[Window]) -> Window:
    return {what: median(window[what] for window in windows) for what in windows[0]}


@contextmanager
def _peer(name: str, python: Path, server: Server) -> Iterator[Contestant]:
    """A peer with two workers, once it answers."""
    (port,) = free_ports(1)
    module = f"benchmarks.peer_servers.by_{name.lower()}"
    command = [str(python), "-m", module, str(port)]
    if name == "BentoML":
        where = ("--host", "127.0.0.1", "--port", str(port))
        command = [str(python), "-m", "bentoml", "serve", f"{module}:Service", *where]
    with tempfile.TemporaryFile() as log:
        process = psutil.Popen(command, cwd=ROOT, env=_environment(server), stdout=log, stderr=log)
        try:
            _until_it_answers(port, process, name)
            yield Contestant((port, "/predict"), [process, *process.children(recursive=True)])
        except RuntimeError:
            log.seek(0)
            print(log.read().decode(errors="replace")[-2000:])
            raise
        finally:
            _end(process)


def _environment(server: Server) -> dict[str, str]:
    """What peer_servers/model.py asks for."""
    model = {"MODEL": str(demo.FOLDER / "model.onnx"), "INPUT": json.dumps(demo.CARD["input"])}
    store = {"BUCKET": BUCKET, "S3_ENDPOINT": server.endpoint, "AWS_DEFAULT_REGION": REGION}
    keys_of_store = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
    classes = {"CLASSES": json.dumps(demo.CARD["classes"]), "BENTOML_DO_NOT_TRACK": "True"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **model, **classes, **store, **keys_of_store}


def _end(process: psutil.Popen) -> None:
    """With all that it started."""
    family = [process, *process.children(recursive=True)]
    process.terminate()
    for one in psutil.wait_procs(family, timeout=10)[1]:
        one.kill()


def _until_it_answers(port: int, process: psutil.Popen, name: str) -> None:
    body, give_up = _form(visitors.taken(visitors.SIZES["512 px"], sure=True)), time.monotonic() + PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        try:
            return _upload(HTTPConnection("127.0.0.1", port, timeout=PATIENCE), "/predict", body)
        except ConnectionError:
            time.sleep(0.2)
    raise RuntimeError(f"{name} does not answer")


def _stay(url: tuple[int, str], body: bytes, end: float, took: list[float]) -> None:
    connection = HTTPConnection("127.0.0.1", url[0], timeout=PATIENCE)
    while (began := time.perf_counter()) < end:
        _upload(connection, url[1], body)
        took.append(time.perf_counter() - began)
    connection.close()


def _upload(connection: HTTPConnection, path: str, body: bytes) -> None:
    connection.request("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != OK or "prediction_id" not in json.loads(said):
        raise RuntimeError(f"{answer.status}: {said[:300]!r}")


def _form(jpeg: bytes) -> bytes:
    head = 'Content-Disposition: form-data; name="file"; filename="lunch.jpg"\r\nContent-Type: image/jpeg'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + jpeg + f"\r\n--{BOUNDARY}--\r\n".encode()


def _store_alone(server: Server, body: bytes, clients: int, seconds: float) -> float:
    """Pictures per second that threads create which do nothing else."""
    store, end = server.open(), time.perf_counter() + seconds
    done: list[int] = []

    def create() -> None:
        while time.perf_counter() < end:
            store.create(ObjectRef(keys.PRODUCTION, f"bench/{token_hex(16)}.jpg"), body, content_type="image/jpeg")
            done.append(1)

    threads = [Thread(target=create) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done) / seconds


def _seconds(processes_of_one: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes_of_one)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    python = ROOT / "build" / "peers" / "bin" / "python"
    parser.add_argument("--python", type=Path, default=python, help="of the peers' environment (build/peers)")
    parser.add_argument("--windows", type=int, default=WINDOWS, help="of every server and case (%(default)s)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a window (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a look: one window; keeps no result")
    parser.add_argument("--store", choices=report.STORES, default=report.STORES[0])
    options = parser.parse_args()
    if not options.python.exists():
        parser.error(f"{options.python} is not there: --help says how the peers are installed")
    options.windows = QUICK if options.quick else options.windows
    return options


if __name__ == "__main__":
    main()
