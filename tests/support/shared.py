"""Stores that all workers of a test run share: whoever needs one first starts it, the end of the run ends it.

The worker that needs a store first may not be the last, so each has a keeper, a process of its own
(`python -m tests.support.shared seaweedfs`). The first process of a run holds a lock that keepers wait for:
they end with it, even if it is killed.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from local.locks import exclusive
from tests.support import logs, servers
from tests.support.servers import Server

ROOT = Path(__file__).parents[2]
STORES = {"seaweedfs": servers.seaweedfs, "minio": servers.minio}
RUN = "FEEDLOOP_TEST_RUN"
"""Names the folder of the run for its workers and keepers."""
_PATIENCE = 180.0


@contextmanager
def run() -> Iterator[None]:
    """A run of tests, around all that its first process does."""
    with TemporaryDirectory(prefix="feedloop-tests-", ignore_cleanup_errors=True) as name:
        os.environ[RUN] = name
        with exclusive(_running(Path(name))):
            yield
        for keeping in Path(name).glob("*.keeping"):  # held until the store has stopped
            with exclusive(keeping):
                pass


def store(name: str) -> Server:
    """The store of this name that all workers of the run share."""
    folder = Path(os.environ[RUN])
    address = folder / f"{name}.json"
    with exclusive(folder / f"{name}.lock"):
        if not address.exists():
            _start_keeper(folder, name)
    logs.watch(next((folder / name).glob("*/log")))
    return Server(**json.loads(address.read_text()))


def keep(name: str) -> None:
    """Run the store until the run has ended."""
    folder = Path(os.environ[RUN])
    with exclusive(folder / f"{name}.keeping"), STORES[name](folder / name) as server:
        part = folder / f"{name}.part"
        part.write_text(json.dumps(asdict(server)))
        part.rename(folder / f"{name}.json")
        with exclusive(_running(folder)):
            return


def _start_keeper(folder: Path, name: str) -> None:
    """Behind a shell that ends at once, so that it is no worker's child."""
    log, end = folder / f"{name}.keeper", time.monotonic() + _PATIENCE
    command = (sys.executable, "-m", "tests.support.shared", name)
    detached = ("/bin/sh", "-c", 'exec "$@" </dev/null >"$0" 2>&1 &', str(log), *command)
    subprocess.run(detached, cwd=ROOT, check=True, start_new_session=True)
    while not (folder / f"{name}.json").exists():
        assert time.monotonic() < end, f"{name} did not start: {log.read_text()}"
        time.sleep(0.05)


def _running(folder: Path) -> Path:
    return folder / "running"


if __name__ == "__main__":
    keep(sys.argv[1])
