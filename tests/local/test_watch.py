"""Who runs but does not answer is ended; the supervisor does the rest."""

import os
import socket
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from feedloop.domain import keys
from feedloop.ports import ObjectStore
from local import processes
from local.store import Access
from local.watch import gateway_responds, store_probe, watched
from tests.local.system import until
from tests.support.fake_servers import listening
from tests.support.servers import Server, fresh_store, prefix_of

SOON = 0.3  # seconds
NO_ROOM = Path("/proc")
"""A file system without a free byte."""


class Full(BaseHTTPRequestHandler):
    """A store with one object, and no room for another."""

    def do_GET(self) -> None:
        self.say(200)

    def do_PUT(self) -> None:
        self.say(500)

    def say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", self.date_time_string())
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


class Refusing(Full):
    """A store that takes nothing in one folder: its index of that folder's names met a full disk."""

    folder = ""

    def do_PUT(self) -> None:
        if "If-Match" in self.headers:
            self.say(412)
            return
        Refusing.folder = Refusing.folder or self.path
        self.say(400 if self.path == Refusing.folder else 200)  # not 500, which the client would try again

    def do_DELETE(self) -> None:
        self.say(204)


class Stuck(Full):
    """A store whose writers wait for a lock that nobody gives back."""

    def do_PUT(self) -> None:
        self.rfile.read()  # more than is sent, so until the caller leaves


@pytest.fixture
def part(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    marked = {**os.environ, processes.MARKER: str(tmp_path), processes.SERVICE: "store"}
    with subprocess.Popen(["sleep", "600"], env=marked) as process:
        yield process
        process.kill()


def test_who_is_silent_is_ended(
    tmp_path: Path, part: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    with watched(tmp_path, {"store": lambda: False}, SOON):
        until(lambda: part.poll() is not None, "the silent part is ended")
    assert '"event": "part.silent", "part": "store"' in capsys.readouterr().out


def test_who_answers_now_and_then_stays(tmp_path: Path, part: subprocess.Popen[bytes]) -> None:
    asked = []

    def answers() -> bool:
        asked.append(part)
        return len(asked) % 2 == 0

    with watched(tmp_path, {"store": answers}, SOON):
        until(lambda: len(asked) > 18, "it was asked for three times the longest silence")
    assert part.poll() is None


def test_a_store_answers_when_it_can_be_read_or_says_why_not(seaweedfs: Server, tmp_path: Path) -> None:
    store: ObjectStore = fresh_store(seaweedfs)
    prefix = prefix_of(store)
    access = Access(seaweedfs.access_key, seaweedfs.secret_key, "us-east-1", prefix, "token")
    answers = store_probe(seaweedfs.endpoint, access, 5, tmp_path)
    assert answers()  # there is no model
    store.create(keys.current_model(), b"{}")
    assert answers()


def test_a_store_that_can_only_be_read_does_not_answer_but_a_full_one_does(tmp_path: Path) -> None:
    access = Access("a", "b", "us-east-1", "", "token")
    with listening(Full) as url:
        assert store_probe(url, access, 30, NO_ROOM)()
    with listening(Stuck) as url:
        assert not store_probe(url, access, 0.5, tmp_path)()


def test_a_store_that_refuses_in_one_folder_does_not_answer_until_a_restart_has_not_helped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    access = Access("a", "b", "us-east-1", "", "token")
    with listening(Refusing) as url:
        answers = store_probe(url, access, 5, tmp_path)
        assert [answers() for _ in range(14)] == [False] * 12 + [True] * 2
        Refusing.folder = "another"
        assert [answers() for _ in range(3)] == [True] * 3
    said = capsys.readouterr().out
    assert said.count('"event": "store.refuses", "folder": "probe/') == 2


def test_who_takes_calls_and_says_nothing_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert not gateway_responds(url, within=0.2)
        assert not store_probe(url, Access("a", "b", "us-east-1", "", "token"), 0.2, tmp_path)()
