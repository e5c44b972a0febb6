"""Every port that `make run` opens asks who comes: pages that its owner visits, and other users of the machine."""

import socket
from contextlib import suppress

import pytest

from local import data_directory, ports, seaweedfs
from tests.local.conftest import SITE, SYSTEM
from tests.local.stranger import PAGE, REBOUND, require_nothing_is_given_or_taken, say
from tests.local.system import System

pytestmark = pytest.mark.store

HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS = 4


def test_no_port_gives_or_takes_a_picture_without_keys(any_system: System) -> None:
    require_nothing_is_given_or_taken(any_system)


@SYSTEM
def test_the_inner_ports_of_the_store_answer_only_who_has_its_certificate(system: System) -> None:
    known = data_directory.load_json(system.data_dir / data_directory.PORTS)
    outer = [known[name] for name in seaweedfs.PORTS]
    shadows = [port + ports.SHADOW for port in outer]
    for port in (*(known[name] for name in seaweedfs.PORTS if name not in ("s3.port", "volume.port")), *shadows):
        assert not say(port, "GET", "/status", PAGE, tls=True), port
        assert b"200" not in say(port, "GET", "/status", PAGE)[:20], port
    for path in ("/", "/ui/index.html", "/1,01", "/stats/disk"):
        assert say(known["volume.port"], "GET", path, PAGE)[:3] == b"401", path
    for port in shadows:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as caller, suppress(ConnectionError):
            caller.sendall(HTTP2)
            frame = caller.recv(9)
            assert frame[3:4] != bytes([SETTINGS]), f"{port} speaks gRPC with everybody"


@SYSTEM
def test_a_function_is_not_called_by_a_strangers_name(system: System) -> None:
    assert b"urn:feedloop:problem:unknown-host" in say(system.port, "GET", "/function/predict", REBOUND)
    for name in ("evil.example.", "127.0.0.1.evil.example", "[bad"):
        assert say(system.port, "GET", "/function/predict", {"Host": name})[:3] in (b"421", b"400"), name
    own = (f"127.0.0.1:{system.port}", "localhost:1", "[::1]:8080", "my-machine", SITE.removeprefix("https://"))
    for name in own:
        assert say(system.port, "GET", "/function/predict", {"Host": name})[:3] == b"200", name
