"""The hostile corpus through the real server on a real store, and bodies that lie about their length."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat
from pathlib import Path

import psutil
import pytest
import requests

from local import stack
from local.settings import THRIFT
from tests.e2e.conftest import one_store
from tests.local.system import until
from tests.support.demo import committed
from tests.support.hostile import TAKEN, Hostile, files, photo
from tests.support.hostile_forms import forms
from tests.support.servers import free_ports

pytestmark = [pytest.mark.usefixtures("deployed"), one_store]
GATEWAY = "from local.loopback import serve; serve('local.gateway:receiver', {port}, workers=1)"
MOST_MEMORY = 512_000_000


@pytest.fixture
def gateway(deployed: None) -> Iterator[tuple[int, psutil.Process]]:
    """The port of a gateway like `make run`'s, and its one worker."""
    (port,) = free_ports(1)
    with _process([sys.executable, "-c", GATEWAY.format(port=port)]) as main:
        until(lambda: _answers(port), "the gateway answers")
        yield port, psutil.Process(main.pid).children()[-1]


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, cwd=stack.ROOT, env={**os.environ, **THRIFT}, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}/function/predict", timeout=30).ok
    return False


def most_memory(process: psutil.Process) -> int:
    """The most that the process ever held, in bytes; only Linux tells."""
    if not sys.platform.startswith("linux"):
        return 0
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def send(port: int, sent: Hostile) -> int:
    url = f"http://127.0.0.1:{port}/function/predict"
    answer = requests.post(url, data=sent.make(), headers=sent.headers(), timeout=60)
    assert answer.status_code in sent.statuses, f"{sent.name}: {answer.status_code} {answer.text}"
    return answer.status_code


@pytest.mark.slow("five hundred hostile uploads")
def test_the_corpus_passes_through_the_real_server_in_little_memory(gateway, store):
    port, worker = gateway
    before = most_memory(worker)
    statuses = [send(port, sent) for sent in [*files(), *forms()]]
    assert len(committed(store)) == statuses.count(TAKEN)
    assert most_memory(worker) - before < MOST_MEMORY


def exchange(port: int, head: str, body: Iterable[bytes]) -> bytes:
    """Send bytes as they are, and read what comes back, even when nobody listens to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(f"POST /function/predict HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        with suppress(ConnectionError):
            for piece in body:
                caller.sendall(piece)
        return caller.recv(12)


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


MEGA = bytes(1_000_000)
CHUNKED = "Transfer-Encoding: chunked"
LIES = {
    "small pieces": (CHUNKED, chunked([photo()[:300], photo()[300:]]), b"200"),
    "eleven megabytes in pieces": (CHUNKED, chunked([photo(), *[MEGA] * 10]), b"413"),
    "a gigabyte in pieces": (CHUNKED, chunked(repeat(MEGA, 1000)), b"413"),
    "pieces and a length": (f"{CHUNKED}\r\nContent-Length: 3", chunked([photo()]), b"200"),
    "a gigabyte announced": ("Content-Length: 1000000000", [b"x"], b"413"),
    "a gigabyte sent": ("Content-Length: 1000000000", repeat(MEGA, 1000), b"413"),
    "less announced than sent": ("Content-Length: 300", [photo()], b"422"),
    "no length and no body": ("Accept: */*", [], b"400"),
    "a negative length": ("Content-Length: -1", [photo()], b"400"),
    "two lengths": ("Content-Length: 3\r\nContent-Length: 4", [photo()], b"400"),
    "no pieces": (CHUNKED, [photo()], b"400"),
}


def test_a_body_may_lie_about_its_length(gateway, store):
    answers = {lie: exchange(gateway[0], head, body) for lie, (head, body, _) in LIES.items()}
    assert answers == {lie: b"HTTP/1.1 " + status for lie, (_, _, status) in LIES.items()}
    assert len(committed(store)) == [status for _, _, status in LIES.values()].count(b"200")
