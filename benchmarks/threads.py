"""How many threads and processes should serve predict on this machine? Answers per second, and how long they take.

Serves the gateway as `make run` does, in every combination of threads of ONNX Runtime, worker processes and threads
per worker, all on one SeaweedFS. Visitors upload over loopback, each on a connection of its own, and send the next
picture when the answer is there. The combinations take turns second by second. The visitors share the cores with
what they measure: compare the rows, and take no row for a capacity. Takes about two minutes.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from statistics import median
from threading import Thread

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from feedloop import releases  # noqa: E402 - the path comes first
from feedloop.adapters import onnx_model  # noqa: E402
from feedloop.domain.clock import utc_now  # noqa: E402
from local import gateway, loopback  # noqa: E402
from tests.support import servers  # noqa: E402
from tests.support.servers import Server, deployment_settings  # noqa: E402
from tests.support.uploads import clear_upload  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "threads.json"
DEMO = ROOT / "models" / "demo"
ONNX_THREADS, WORKERS, SERVER_THREADS, CLIENTS = (1, 2), (1, 2), (2, 8), (1, 2, 4, 8)
REPETITIONS, SECONDS = 3, 1.0


@dataclass(slots=True)
class Served:
    """One way to serve, and what its visitors met: milliseconds by number of visitors."""

    onnx_threads: int
    workers: int
    threads: int
    port: int
    met: dict[int, list[float]] = field(default_factory=lambda: {clients: [] for clients in CLIENTS})


def application() -> object:
    """The gateway with the threads that the environment asks for; every worker calls it."""
    onnx_model.INTRA_OP_THREADS = int(os.environ["ONNX_THREADS"])
    return gateway.receiver()


def main() -> None:
    """Measure, print a table, and write the result beside this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="an ONNX file for 224 px; by default the demonstration model")
    parser.add_argument("--serve", nargs=3, type=int, help="used by the script itself")
    options = parser.parse_args()
    if options.serve:
        port, workers, loopback._THREADS = options.serve  # noqa: SLF001 - the question is which number belongs there
        loopback.serve("benchmarks.threads:application", port, workers=workers)
        return
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        ways = list(_ways(stack, Path(folder), options.model))
        for _, clients, way in product(range(REPETITIONS), CLIENTS, ways):
            way.met[clients] += _visited(way.port, clients)
    _report(ways, options.model)


def _report(ways: list[Served], model: Path | None) -> None:
    rows = [_row(way) for way in ways]
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    kept = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    method = {"method": " ".join((__doc__ or "").split()), "cores": os.cpu_count()}
    RESULT.write_text(json.dumps({**kept, **method, "224 px" if model else "demonstration": rows}, indent=1) + "\n")


def _row(way: Served) -> dict[str, object]:
    row: dict[str, object] = {
        "onnx threads": way.onnx_threads,
        "workers": way.workers,
        "threads per worker": way.threads,
    }
    for clients, met in way.met.items():
        row[f"{clients} visitors"] = f"{len(met) / (REPETITIONS * SECONDS):.0f}/s, p50 {median(met):.0f} ms"
    return row


def _ways(stack: ExitStack, folder: Path, model: Path | None) -> Iterator[Served]:
    server = stack.enter_context(servers.seaweedfs(folder / "store"))
    environment = _deployed(server, folder, model)
    numbers = list(product(ONNX_THREADS, WORKERS, SERVER_THREADS))
    for numbered, port in zip(numbers, servers.free_ports(len(numbers)), strict=True):
        way = Served(*numbered, port=port)
        stack.enter_context(_gateway(way, environment))
        yield way


@contextmanager
def _gateway(way: Served, environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, __file__, "--serve", *map(str, (way.port, way.workers, way.threads))]
    threads = {"ONNX_THREADS": str(way.onnx_threads)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment | threads, stdout=subprocess.DEVNULL)
    try:
        _until_it_answers(way.port)
        yield
    finally:
        process.terminate()
        process.wait()


def _deployed(server: Server, folder: Path, model: Path | None) -> dict[str, str]:
    """Release the model; the environment and secrets that a platform would give."""
    store = servers.fresh_store(server)
    card = json.loads((DEMO / "card.json").read_text())
    body = (model or DEMO / "model.onnx").read_bytes()
    if model:
        card |= {"sha256": hashlib.sha256(body).hexdigest(), "input": {**card["input"], "size": 224}}
    releases.publish(store, body, card, now=utc_now())
    return {**os.environ, **deployment_settings(server, store, folder), "PYTHONPATH": str(ROOT)}


def _until_it_answers(port: int) -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        try:
            for _ in range(4):  # every worker loads its model
                _upload(HTTPConnection("127.0.0.1", port, timeout=30))
        except ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody answers at port {port}")


def _visited(port: int, clients: int) -> list[float]:
    met: list[float] = []
    visitors = [Thread(target=_visit, args=(port, met)) for _ in range(clients)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return met


def _visit(port: int, met: list[float]) -> None:
    connection, end = HTTPConnection("127.0.0.1", port, timeout=30), time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.perf_counter()
        _upload(connection)
        met.append(1000 * (time.perf_counter() - began))
    connection.close()


def _upload(connection: HTTPConnection) -> None:
    connection.request("POST", "/function/predict", clear_upload(), {"Content-Type": "image/jpeg"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:  # noqa: PLR2004 - the whole page knows it
        raise RuntimeError(f"{answer.status}: {body[:500]!r}")


if __name__ == "__main__":
    main()
