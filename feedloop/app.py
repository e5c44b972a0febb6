"""One WSGI application per function: the same in a container, on a laptop and in tests."""

import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from socket import gethostname
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from feedloop import http, log
from feedloop.domain.errors import Busy, FeedloopError, Unavailable
from feedloop.receiving import READY, REFUSED, SAFE_METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANY_ORIGIN = "*"
_MOST_OF_A_CALLER = 100  # signs; a platform's ids have 36

ReadinessCheck = Callable[[], object]
Limit = Callable[[], AbstractContextManager[None]]


def create_app(
    handle: http.Handle,
    name: str,
    *,
    origins: tuple[str, ...] = (),
    calls: int = 0,
    ready: ReadinessCheck = bool,
) -> "FunctionApp":
    """Serve `handle` at every path; browsers of the listed `origins` may call it (`*` for any).

    At most `calls` are in work at the same time (0: no limit), the others get 429.
    `ready` raises what keeps this replica from serving.
    """
    return FunctionApp(handle, name, origins, _concurrency_limit(calls), ready)


@dataclass(frozen=True, slots=True)
class FunctionApp:
    """One function as a WSGI application (PEP 3333)."""

    handle: http.Handle
    name: str
    origins: tuple[str, ...]
    limit: Limit
    ready: ReadinessCheck
    context: http.Context = field(default_factory=lambda: http.Context(gethostname()))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """One call: whatever becomes of it is a response and, unless a browser or a platform only asks, a log line."""
        request, started = Request(environ), time.perf_counter()
        log.call_id.set(_clean(request.headers.get("X-Call-Id", "")))
        try:
            response = self._response_to(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a response and the log the rest
            response = _failed(error)
        _with_cors(request, response, self.origins)
        if request.method != "OPTIONS" and request.path != READY:
            ms = round((time.perf_counter() - started) * 1000, 1)
            log.event(f"{self.name}.answered", method=_clean(request.method), status=response.status_code, ms=ms)
        return response(environ, start_response)

    def test_client(self) -> Client:
        """What calls it without a server."""
        return Client(self)

    def _response_to(self, request: Request) -> Response:
        if request.path == READY and request.method in SAFE_METHODS:
            return _readiness(self.ready)
        if request.method == "OPTIONS":
            return Response(status=HTTPStatus.NO_CONTENT)
        if refusal := request.environ.get(REFUSED):
            raise refusal
        body = request.get_data(cache=False)
        event = http.Event(body, request.headers, request.method, request.args, request.path)
        with self.limit(), _panics_as_errors():
            return _response(self.handle(event, self.context))


def _readiness(ready: ReadinessCheck) -> Response:
    try:
        with _panics_as_errors():
            ready()
    except Unavailable as error:
        return _response(http.problem_response(error, log_it=False))  # who starts is asked again and again
    return _response(http.json_response({"status": "ready"}))


def _concurrency_limit(calls: int) -> Limit:
    """What a call holds while it is in work; entering it raises Busy when `calls` others do."""
    if not calls:
        return nullcontext
    free = BoundedSemaphore(calls)

    @contextmanager
    def limited() -> Iterator[None]:
        if not free.acquire(blocking=False):
            raise Busy(f"{calls} calls are in work here already. Try again in some seconds.")
        try:
            yield
        finally:
            free.release()

    return limited


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """What a library in Rust did not foresee is no Exception (PyO3's PanicException), and would end in silence."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise RuntimeError("A library failed.") from error


def _response(returned: http.Response) -> Response:
    body = returned["body"]
    text = body if isinstance(body, str) else json.dumps(body, sort_keys=True, separators=(",", ":")) + "\n"
    response = Response(text, returned["statusCode"])
    response.headers.update(returned["headers"])
    return response


def _with_cors(request: Request, response: Response, origins: tuple[str, ...]) -> None:
    """Let browsers of an allowed origin read the response (Fetch standard, CORS protocol)."""
    origin = request.headers.get("Origin", "")
    response.headers.add("Vary", "Origin")
    if origin and (origin in origins or ANY_ORIGIN in origins):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Idempotency-Key, Content-Type"
        response.headers["Access-Control-Max-Age"] = "7200"


def _clean(text: str) -> str:
    """What a caller chose, as a log may hold it: the beginning, and only what can be printed."""
    return "".join(sign for sign in text[:_MOST_OF_A_CALLER] if "!" <= sign <= "~")


def _failed(error: Exception) -> Response:
    """What no handler foresaw: the log learns all, the caller nothing."""
    if isinstance(error, HTTPException):
        return Response(status=error.code)
    if isinstance(error, FeedloopError):
        return _response(http.problem_response(error))
    log.event("failed", traceback="".join(traceback.format_exception(error)))
    return _response(http.problem_response(FeedloopError()))
