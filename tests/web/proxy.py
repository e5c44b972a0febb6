"""A reverse proxy before the gateway, as operators have one, that can be told to misbehave."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Event

import requests

from tests.support.fake_servers import listening

HOP = {"connection", "content-encoding", "content-length", "date", "host", "server", "transfer-encoding"}


@dataclass(frozen=True)
class Call:
    """One request that arrived, preflights aside."""

    function: str
    key: str | None
    body: bytes


class Proxy:
    """Forwards everything; the next calls meet the `faults` instead, in their order."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.faults: deque[Fault] = deque()
        self.calls: list[Call] = []
        self.url = ""

    def of(self, function: str) -> list[Call]:
        """The calls of one function, of those that send something."""
        return [call for call in self.calls if call.function == function and call.body]


class Handler(BaseHTTPRequestHandler):
    """One exchange; HTTP/1.0, so that no browser repeats it by itself."""

    proxy: Proxy

    def do_OPTIONS(self) -> None:
        self.body = b""
        self.forward()

    def do_GET(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        function = self.path.rpartition("/")[2]
        self.proxy.calls.append(Call(function, self.headers.get("Idempotency-Key"), self.body))
        with suppress(ConnectionError):
            (self.proxy.faults.popleft() if self.proxy.faults else Handler.forward)(self)

    do_POST = do_GET  # noqa: N815 - the library's name

    def fetch(self) -> requests.Response:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        url = f"{self.proxy.target}{self.path}"
        return requests.request(self.command, url, data=self.body, headers=headers, timeout=60)

    def forward(self) -> None:
        answer = self.fetch()
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        self.answer(answer.status_code, headers, answer.content)

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


Fault = Callable[[Handler], None]


def refuse(status: int, **headers: str) -> Fault:
    """The proxy's own page, which knows nothing of CORS unless told so."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, named, b"<h1>error finding function</h1>")


def readable(handler: Handler) -> dict[str, str]:
    """Headers that let the page read an answer."""
    return {"Access-Control-Allow-Origin": handler.headers["Origin"], "Access-Control-Expose-Headers": "Retry-After"}


def tell(status: int, **headers: str) -> Fault:
    """The same in a way that the page can read."""
    return lambda handler: refuse(status, **headers, **readable(handler))(handler)


def drop(_: Handler) -> None:
    """The connection closes without a word, and nobody hears of the call."""


def lose_answer(handler: Handler) -> None:
    """The function did its work, and the connection breaks before its answer arrives."""
    handler.fetch()


class Hold:
    """Keeps a call until it is released, and then does what follows."""

    def __init__(self, then: Fault = Handler.forward) -> None:
        self.released = Event()
        self.then = then

    def __call__(self, handler: Handler) -> None:
        self.released.wait(60)
        self.then(handler)


@contextmanager
def before(target: str) -> Iterator[Proxy]:
    """The proxy, from start to stop."""
    proxy = Proxy(target)
    with listening(type("Bound", (Handler,), {"proxy": proxy})) as proxy.url:
        yield proxy
