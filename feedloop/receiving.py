"""Requests as they come in: what a thread works on has arrived whole, in time, and within the limits.

An ASGI application before a WSGI one. No slow sender holds a thread, so that a replica whose callers all pause goes on
answering, and says that it is ready: docs/decisions/0016-receiving.md.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.wrappers import Response

from feedloop.domain.errors import BadRequest, Busy, FeedloopError, TooLarge, TooOften, TooSlow
from feedloop.domain.upload_limits import MOST_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

FORM_BYTES = 100_000
"""Room for the form around a picture."""
HEAD_BYTES = 64_000
"""Room for path, query and headers; the server's own limit is larger, and not exact."""
BODY_SECONDS = 20.0
"""From a request's head to the end of its body: no more than the watchdog gives to a whole call."""
READY = "/_/ready"
"""Where a platform asks whether calls may come."""
HEALTH = "/healthz"
"""Where `make run` is asked whether it answers."""
REFUSED = "feedloop.refused"
"""In a WSGI environment: the error to answer with, where the body was not taken."""

Wait = Callable[[str, str], float]
"""Seconds that a caller has to wait, from the peer's address and X-Forwarded-For; asking counts as a call."""
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MOST_BYTES_SENT = MOST_BYTES + FORM_BYTES
_MEMORY = 8 * _MOST_BYTES_SENT  # bytes of bodies that a process holds at the same time
SAFE_METHODS = ("GET", "HEAD")
_PROBE_THREADS = 2


class Receiver:
    """Takes each request in, and then has one of `threads` threads answer it by `app`.

    `waits` says for the functions below each path how long a caller has to wait; a call counts before its body is read.
    `seconds` is for a body to arrive, `memory` the bytes of bodies that are held at the same time. Readiness and health
    have threads of their own.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        threads: int,
        waits: Mapping[str, Wait | None],
        seconds: float = BODY_SECONDS,
        memory: int = _MEMORY,
    ) -> None:
        self._app, self._waits, self._seconds, self._free = app, waits, seconds, memory
        self._probes = {HEALTH, *(f"{path}{READY}" for path in waits)}
        self._threads, self._probe_threads = ThreadPoolExecutor(threads), ThreadPoolExecutor(_PROBE_THREADS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request (ASGI 3.0, HTTP)."""
        environ, body = _environ(scope), _Body()
        is_probe = environ["PATH_INFO"] in self._probes and environ["REQUEST_METHOD"] in SAFE_METHODS
        try:
            if not is_probe:
                await self._read_body(environ, receive, body)
        except FeedloopError as error:
            environ[REFUSED] = error
            self._release(body)
        try:
            environ |= {"wsgi.input": BytesIO(body.take()), "CONTENT_LENGTH": str(body.size)}
            pool = self._probe_threads if is_probe else self._threads
            respond = partial(Response.from_app, self._app, environ, buffered=True)
            response = await asyncio.get_running_loop().run_in_executor(pool, respond)
        finally:
            self._release(body)
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
        ]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.get_data()})

    async def _read_body(self, environ: "WSGIEnvironment", receive: Receive, body: "_Body") -> None:
        """Read all that is sent into `body`. Raises the FeedloopError to respond with.

        What is refused is read to its end as well, and forgotten: a browser that still sends sees no answer, but a
        broken connection. Only a body that is announced as too large is not waited for.
        """
        refusal, size, more = self._refusal(environ), 0, True
        if int(environ.get("CONTENT_LENGTH") or 0) > _MOST_BYTES_SENT:
            raise refusal or _too_large()
        try:
            async with asyncio.timeout(self._seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise BadRequest("The body ended before its end.")
                    chunk, more = message.get("body", b""), message.get("more_body", False)
                    size += len(chunk)
                    if size > _MOST_BYTES_SENT:
                        raise _too_large()
                    refusal = refusal or self._buffer(chunk, body)
        except TimeoutError as error:
            raise TooSlow(f"The body did not arrive within {self._seconds:.0f} s.") from error
        if refusal:
            raise refusal

    def _refusal(self, environ: "WSGIEnvironment") -> FeedloopError | None:
        """What can be said before anything is read. The call counts."""
        if sum(len(value) for value in environ.values() if isinstance(value, str)) > HEAD_BYTES:
            return BadRequest(f"Path and headers may take {HEAD_BYTES // 1000} kB together.")
        if environ.pop("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
            return BadRequest("Send a body with Content-Length, or in chunks, and not encoded otherwise.")
        if environ["REQUEST_METHOD"] in (*SAFE_METHODS, "OPTIONS"):
            return None
        path = environ["PATH_INFO"]
        wait = next((wait for prefix, wait in self._waits.items() if f"{path}/".startswith(f"{prefix}/")), None)
        seconds = ceil(wait(environ["REMOTE_ADDR"], environ.get("HTTP_X_FORWARDED_FOR", ""))) if wait else 0
        if seconds:
            return TooOften(f"Too many calls came from your address. Try again in {seconds} s.", seconds)
        return None

    def _buffer(self, chunk: bytes, body: "_Body") -> FeedloopError | None:
        if len(chunk) > self._free:
            self._release(body)
            return Busy("Too much is arriving here at the same time. Try again in some seconds.")
        self._free -= len(chunk)
        body.add(chunk)
        return None

    def _release(self, body: "_Body") -> None:
        self._free += body.size
        body.clear()


class _Body:
    """What of a body has arrived; `size` is what it takes of the process's memory."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.size += len(chunk)

    def clear(self) -> None:
        self._chunks, self.size = [], 0

    def take(self) -> bytes:
        whole, self._chunks = b"".join(self._chunks), []
        return whole


def _too_large() -> TooLarge:
    return TooLarge(f"More than {MOST_BYTES // 1_000_000} MB were sent.", MOST_BYTES)


def _environ(scope: Message) -> "WSGIEnvironment":
    """The request's head as WSGI tells it (PEP 3333).

    WSGI writes `X_Forwarded_For` and `X-Forwarded-For` alike, so that a caller could write before a proxy: names with
    underscores are left out, as nginx does.
    """
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(scope["server"][0]),
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": str(scope["client"][0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        if "_" not in name:
            name = name.replace("-", "_")
            name = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            environ[name] = f"{environ[name]},{value}" if name in environ and name != "CONTENT_LENGTH" else value
    return environ
