"""How long does each function take from the start of its process to its first answer? Time, CPU, memory, size.

Each function is laid out as in its image (the template's index.py, the handler and the package beside it, no compiled
files) and started by the command line of the template's Dockerfile, without the watchdog, its files in the cache.
It is asked every two milliseconds until it answers: predict with a drawing (so the model is loaded), flag and
relabel about a prediction, sample and curate with the event token and nothing to do. The store runs already. Functions
take turns; medians. `CPU s` is of the server and its worker up to the answer, `worker MB` the worker's peak, `both MB`
that of the two together, `import s` the time of importing index.py in a fresh interpreter, `compiled` the same with
compiled files, `installed MB` all that the image's requirements bring. Takes about a minute.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib import metadata
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from feedloop import settings  # noqa: E402 - the path comes first
from feedloop.domain import keys, receipts  # noqa: E402
from feedloop.domain.clock import iso, utc_now  # noqa: E402
from tests.support import demo, servers, uploads  # noqa: E402
from tests.support.servers import Server  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "start.json"
TEMPLATE = ROOT / "template" / "python3-feedloop"
FUNCTIONS = ("predict", "flag", "relabel", "sample", "curate")
STARTS, PATIENCE, PAUSE = 7, 30.0, 0.002
PORT = "5000"
IMPORT = "import time; began = time.perf_counter(); import index; print(time.perf_counter() - began)"

Call = tuple[bytes, dict[str, str]]


def main() -> None:
    """Measure, print a table, and write the result beside this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=STARTS, help="of every function (%(default)s)")
    asked = parser.parse_args()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder, servers.seaweedfs(Path(folder) / "store") as server:
        found = measure(Path(folder), server, asked.starts)
    for name, row in found.items():
        print(f"{name:8} " + "  ".join(f"{what} {value}" for what, value in row.items()))
    about = {"method": " ".join((__doc__ or "").split()), "cores": os.cpu_count(), "at": iso(utc_now())}
    before = {"load average before": [round(one, 1) for one in load], "starts": asked.starts}
    RESULT.write_text(json.dumps({**about, **before, "functions": found}, indent=1) + "\n")


def measure(folder: Path, server: Server, starts: int) -> dict[str, dict[str, float]]:
    """The medians of every function."""
    environment, calls = _deployed(folder, server)
    places = {name: _laid_out(name, folder) for name in FUNCTIONS}
    met: dict[str, list[dict[str, float]]] = {name: [] for name in FUNCTIONS}
    for name in FUNCTIONS * starts:
        met[name].append({**_started(places[name], environment, calls[name]), **_imported(places[name], environment)})
    rows = {name: {what: round(median(one[what] for one in all_), 3) for what in all_[0]} for name, all_ in met.items()}
    return {name: {**row, "installed MB": _installed(name)} for name, row in rows.items()}


def _started(place: Path, environment: dict[str, str], call: Call) -> dict[str, float]:
    port, began = servers.free_ports(1)[0], time.perf_counter()
    with _running(place, environment, port) as process:
        _until_it_answers(port, call)
        took, parts = time.perf_counter() - began, [process, *process.children(recursive=True)]
        peaks = [_peak(part) for part in parts]
        spent = sum(sum(part.cpu_times()[:2]) for part in parts)
    return {"first answer s": took, "CPU s": spent, "worker MB": max(peaks), "both MB": sum(peaks)}


@contextmanager
def _running(place: Path, environment: dict[str, str], port: int) -> Iterator[psutil.Popen]:
    told = re.search(r'fprocess="granian (.*)"', (TEMPLATE / "Dockerfile").read_text())
    arguments = told[1].replace(PORT, str(port)).split() if told else []
    command = [sys.executable, "-m", "granian", *arguments]
    process = psutil.Popen(command, cwd=place, env=_paths(place, environment), stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _until_it_answers(port: int, call: Call) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", "/", *call)
            answer = connection.getresponse()
            told = answer.read()
        except ConnectionError:
            time.sleep(PAUSE)
            continue
        finally:
            connection.close()
        if answer.status not in (200, 202):
            raise RuntimeError(f"{answer.status}: {told[:500]!r}")
        return
    raise TimeoutError(f"nobody answers at port {port}")


def _imported(place: Path, environment: dict[str, str]) -> dict[str, float]:
    times = []
    for compiled in (False, True):
        env = _paths(place, environment)
        if compiled:
            env |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(place / "compiled")}
            _import(place, env)
        times.append(_import(place, env))
    return {"import s": times[0], "compiled": times[1]}


def _import(place: Path, environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", IMPORT]
    return float(subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=True).stdout)


def _paths(place: Path, environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "PYTHONPATH": f"{place}{os.pathsep}{place / 'function'}", "FUNCTION_NAME": place.name}


def _laid_out(name: str, folder: Path) -> Path:
    """What the image of a function holds."""
    place, without = folder / name, shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions" / name, place / "function", ignore=without)
    shutil.copytree(ROOT / "feedloop", place / "feedloop", ignore=without)
    shutil.copy(TEMPLATE / "index.py", place)
    return place


def _deployed(folder: Path, server: Server) -> tuple[dict[str, str], dict[str, Call]]:
    """The environment of every function, and a call that each can answer."""
    store, signing, token = servers.fresh_store(server), secrets.token_hex(16), secrets.token_hex(16)
    values = (server.access_key, server.secret_key, token, signing, secrets.token_hex(16))
    for name, value in zip(settings.SECRETS, values, strict=True):
        (folder / name).write_text(value)
    demo.release(store)
    prediction = demo.upload(store, utc_now).prediction.id
    about = {"prediction_id": receipts.sign(prediction, signing.encode()), "class": "Rice"}
    visitor: Call = (json.dumps(about).encode(), {"Content-Type": "application/json"})
    operator: Call = (b"", {"Authorization": f"Bearer {token}"})
    picture: Call = (uploads.clear_upload(), {"Content-Type": "image/jpeg"})
    calls = dict(zip(FUNCTIONS, (picture, visitor, visitor, operator, operator), strict=True))
    prefix = store.url(keys.current_model()).removeprefix("s3://").partition("models")[0]
    ours = {"S3_ENDPOINT": server.endpoint, "BUCKET_PREFIX": prefix, "SECRETS_DIR": str(folder)}
    image = {"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}
    return {**os.environ, **ours, **image}, calls


def _peak(process: psutil.Process) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _installed(name: str) -> int:
    texts = (
        path.read_text() for path in (TEMPLATE / "requirements.txt", ROOT / "functions" / name / "requirements.txt")
    )
    packages = {package for text in texts for package in re.findall(r"^([\w-]+)==", text, re.MULTILINE)}
    return round(sum(_bytes(package) for package in packages) / 1e6)


def _bytes(package: str) -> int:
    try:
        files = metadata.distribution(package).files or ()
    except metadata.PackageNotFoundError:  # for another machine
        return 0
    paths = (Path(str(file.locate())) for file in files)
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    main()
