"""What the running system's server makes of requests that no client of good manners sends."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests

from tests.local.conftest import SYSTEM
from tests.local.system import System

pytestmark = [pytest.mark.store, SYSTEM]

HEAD = (
    "GET /function/predict HTTP/1.1\r\nHost: here\r\n"  # where a body changes nothing, and any that is taken is a 200
)
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
BAD = {
    "a body that ends before its length": "Content-Length: 30\r\n\r\nabc",
    "a chunk that never came": f"{CHUNKED}2\r\n{{}}\r\n",
    "a chunk that is cut": f"{CHUNKED}ff\r\n{{}}",
    "a chunk without a size": f"{CHUNKED}zz\r\n{{}}\r\n0\r\n\r\n",
    "a chunk of too large a size": f"{CHUNKED}ffffffffffffffffff\r\n{{}}\r\n0\r\n\r\n",
    "a chunk of a negative size": f"{CHUNKED}-2\r\n{{}}\r\n0\r\n\r\n",
    "a negative length": "Content-Length: -2\r\n\r\n{}",
    "a length that is no number": "Content-Length: two\r\n\r\n{}",
    "a length with a sign": "Content-Length: +2\r\n\r\n{}",
    "two lengths": "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a list of lengths": "Content-Length: 2, 2\r\n\r\n{}",
    "chunks that are packed": "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "an encoding without chunks": "Transfer-Encoding: gzip\r\n\r\n{}",
    "a thousand headers": "".join(f"X-{number}: x\r\n" for number in range(1000)) + "\r\n",
    "a header of 380 kB": f"X-Call-Id: {'a' * 380_000}\r\n\r\n",
}


@contextmanager
def sent(system: System, text: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(system.url.rpartition(":")[2])), timeout=30) as connection:
        with suppress(ConnectionError):  # who is refused early is not listened to any longer
            connection.sendall(text.encode())
        yield connection


@pytest.mark.parametrize("what", BAD)
def test_a_request_whose_end_nobody_can_tell_is_refused(system: System, what: str) -> None:
    with sent(system, HEAD + BAD[what]) as connection:
        if "never" in what or "cut" in what or "ends before" in what:
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            assert connection.recv(12) in (b"", b"HTTP/1.1 400", b"HTTP/1.1 431")


@pytest.mark.parametrize(("length", "more"), [("", b"\r\n"), ("Content-Length: 200\r\n", b"\r\nconnection: close\r\n")])
def test_chunks_are_taken_and_count_whatever_length_is_told_and_then_the_connection_ends(
    system: System, length: str, more: bytes
) -> None:
    """RFC 9112, 6.1: who tells both may be smuggling a second request past a proxy."""
    with sent(system, f"{HEAD}{length}{CHUNKED}2\r\n{{}}\r\n0\r\n\r\n") as connection:
        head = connection.recv(65_536)
    assert head.startswith(b"HTTP/1.1 200")
    assert more in head


@pytest.fixture
def pausing(system: System) -> Iterator[None]:
    """More uploads than the system has threads, each of which sends three bytes and pauses."""
    upload = "POST /function/predict HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\nabc"
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(sent(system, upload))
        yield


@pytest.mark.usefixtures("pausing")
def test_uploads_that_pause_keep_nobody_from_being_answered(system: System) -> None:
    began = time.monotonic()
    asked = ("/function/predict/_/ready", "/healthz", "/function/predict", "/report.html")
    assert {requests.get(f"{system.url}{path}", timeout=30).status_code for path in asked} == {200}
    assert time.monotonic() - began < 10  # they pause for twenty seconds
