"""A server in front of another one that answers 500 to some calls: some of them are done all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests

DONE, UNDONE = "done", "not done"


@contextmanager
def failing(address: str, *imports: str) -> Iterator[tuple[str, list[str]]]:
    """Its address, and which of the imports are still to fail: DONE all the same, or UNDONE."""
    left = list(imports)

    class Caller(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on("")

        def do_POST(self) -> None:
            self._pass_on(left.pop(0) if left and "/import" in self.path else "")

        def _pass_on(self, failure: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            if failure != UNDONE:
                answer = requests.request(self.command, address + self.path, data=body, headers=told, timeout=60)
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
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", left
    server.shutdown()
    server.server_close()
