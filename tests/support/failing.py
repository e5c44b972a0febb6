"""A server in front of Label Studio that answers 500 to some imports: some of them are done all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import requests

DONE, UNDONE = "done", "not done"


class Front:
    """What it has seen: `left` are the imports that are still to fail, DONE all the same or UNDONE."""

    def __init__(self, *failures: str) -> None:
        self.left, self.address, self.most_at_once = list(failures), "", 0
        self._now, self._lock = 0, Lock()

    def begin(self) -> str:
        """An import comes in; how it is to fail."""
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            return self.left.pop(0) if self.left else ""

    def end(self) -> None:
        """An import is answered."""
        with self._lock:
            self._now -= 1


@contextmanager
def failing(address: str, *failures: str) -> Iterator[Front]:
    """Before the server at that address."""
    front = Front(*failures)

    class Caller(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on("")

        def do_POST(self) -> None:
            failure = front.begin()
            self._pass_on(failure)

        def _pass_on(self, failure: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            if failure != UNDONE:
                answer = requests.request(self.command, address + self.path, data=body, headers=headers, timeout=60)
            if self.command == "POST":
                front.end()
            if failure:
                self._answer(500, b'{"detail": "database is locked"}')
            else:
                self._answer(answer.status_code, answer.content)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Caller)
    front.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield front
    server.shutdown()
    server.server_close()
