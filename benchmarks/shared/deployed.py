"""Functions laid out and started as in their images, one process each."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil

from benchmarks.shared.report import ROOT
from feedloop import settings
from feedloop.domain import receipts
from feedloop.domain.clock import utc_now
from tests.support import demo, servers, uploads
from tests.support.servers import Server, prefix_of

TEMPLATE = ROOT / "template" / "python3-feedloop"
DOCKERFILE = (TEMPLATE / "Dockerfile").read_text()
FUNCTIONS = ("predict", "flag", "relabel", "sample", "curate", "report")
PATIENCE, PAUSE = 60.0, 0.002
_IN_IMAGE = re.compile(r"^ +(PYTHONDONT\w+|MALLOC_\w+|workers|calls_per_worker)=(\S+)", re.MULTILINE)

Call = tuple[bytes, dict[str, str]]


def environment(folder: Path, server: Server) -> tuple[dict[str, str], dict[str, Call]]:
    """The environment of every function, and a call that each can answer."""
    store = servers.fresh_store(server)
    server.write_secrets(folder)
    authorization = {name: {"Authorization": f"Bearer {(folder / name).read_text()}"} for name in settings.SECRETS}
    signing = (folder / settings.SIGNING_KEY).read_text()
    demo.release(store)
    prediction = demo.upload(store, utc_now).prediction.id
    about = {"prediction_id": receipts.sign(prediction, signing.encode()), "class": "Rice"}
    visitor: Call = (json.dumps(about).encode(), {"Content-Type": "application/json"})
    operator, reader = (b"", authorization[settings.OPERATOR_TOKEN]), (b"", authorization[settings.REPORT_TOKEN])
    picture: Call = (uploads.clear_upload(), {"Content-Type": "image/jpeg"})
    calls = dict(zip(FUNCTIONS, (picture, visitor, visitor, operator, operator, reader), strict=True))
    prefix = prefix_of(store)
    ours = {"S3_ENDPOINT": server.endpoint, "BUCKET_PREFIX": prefix, "SECRETS_DIR": str(folder)}
    return {**os.environ, **dict(_IN_IMAGE.findall(DOCKERFILE)), **ours}, calls


def laid_out(name: str, folder: Path) -> Path:
    """What the image of a function holds."""
    root, without = folder / name, shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions" / name, root / "function", ignore=without)
    shutil.copytree(ROOT / "feedloop", root / "feedloop", ignore=without)
    shutil.copy(TEMPLATE / "index.py", root)
    subprocess.run([sys.executable, "-m", "compileall", "-q", root], check=True)
    return root


@contextmanager
def running(root: Path, environment: dict[str, str], port: int) -> Iterator[psutil.Popen]:
    """The server of one function, started as its image starts it."""
    env = {**paths(root, environment), "upstream_url": f"http://127.0.0.1:{port}"}
    process = psutil.Popen([sys.executable, "index.py"], cwd=root, env=env, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def until_it_answers(port: int, call: Call, method: str = "POST", path: str = "/") -> None:
    """Ask again and again until it has answered once."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request(method, path, *call)
            answer = connection.getresponse()
            body = answer.read()
        except ConnectionError:
            time.sleep(PAUSE)
            continue
        finally:
            connection.close()
        if answer.status not in (200, 202):
            raise RuntimeError(f"{answer.status}: {body[:500]!r}")
        return
    raise TimeoutError(f"nobody answers at port {port}")


def paths(root: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment of one function."""
    return {**environment, "PYTHONPATH": f"{root}{os.pathsep}{root / 'function'}", "FUNCTION_NAME": root.name}


def held(process: psutil.Process, what: str = "VmRSS") -> float:
    """Megabytes that a process holds now, or (VmHWM) the most it ever held."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))
