"""One Flask application per function: the same in a container, on a laptop and in tests."""

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from socket import gethostname
from threading import BoundedSemaphore

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from feedloop import http, log
from feedloop.domain.errors import Busy, FeedloopError, Unavailable
from feedloop.receiving import READY, REFUSED

ANY_ORIGIN = "*"
_MOST_OF_A_CALLER = 100  # signs; a platform's ids have 36

ReadinessCheck = Callable[[], object]


def create_app(
    handle: http.Handle,
    name: str,
    *,
    origins: tuple[str, ...] = (),
    calls: int = 0,
    ready: ReadinessCheck = bool,
) -> Flask:
    """Serve `handle` at every path; browsers of the listed `origins` may call it (`*` for any).

    At most `calls` are in work at the same time (0: no limit), the others get 429.
    `ready` raises what keeps this replica from serving.
    """
    app = Flask(name, static_folder=None)
    app.url_map.strict_slashes = False  # of rules that come after it: /function/predict is not sent on to predict/
    context = http.Context(gethostname())
    limit = _concurrency_limit(calls)

    def call(path: str = "") -> Response:
        if request.method == "OPTIONS":
            return Response(status=204)
        if refusal := request.environ.get(REFUSED):
            raise refusal
        event = http.Event(request.get_data(), request.headers, request.method, request.args, f"/{path}")
        with limit(), _panics_as_errors():
            return _response(handle(event, context))

    for rule in ("/", "/<path:path>"):
        app.url_map.add(Rule(rule, endpoint=call.__name__))  # of any method: the handler says which it answers
    app.view_functions[call.__name__] = call
    app.add_url_rule(READY, "ready", lambda: _readiness(ready))
    app.before_request(_start_clock)
    app.after_request(lambda response: _with_cors(response, origins))
    app.after_request(lambda response: _logged(response, name))
    app.register_error_handler(Exception, _failed)
    return app


def _readiness(ready: ReadinessCheck) -> Response:
    try:
        with _panics_as_errors():
            ready()
    except Unavailable as error:
        return _response(http.problem_response(error, log_it=False))  # who starts is asked again and again
    return _response(http.json_response({"status": "ready"}))


def _concurrency_limit(calls: int) -> Callable[[], AbstractContextManager[None]]:
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
    response = Response(body) if isinstance(body, str) else jsonify(body)
    response.status_code = returned["statusCode"]
    response.headers.update(returned["headers"])
    return response


def _with_cors(response: Response, origins: tuple[str, ...]) -> Response:
    """Let browsers of an allowed origin read the response (Fetch standard, CORS protocol)."""
    origin = request.headers.get("Origin", "")
    response.headers.add("Vary", "Origin")
    if origin and (origin in origins or ANY_ORIGIN in origins):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Idempotency-Key, Content-Type"
        response.headers["Access-Control-Max-Age"] = "7200"
    return response


def _start_clock() -> None:
    g.started = time.perf_counter()
    log.call_id.set(_clean(request.headers.get("X-Call-Id", "")))


def _clean(text: str) -> str:
    """What a caller chose, as a log may hold it: the beginning, and only what can be printed."""
    return "".join(sign for sign in text[:_MOST_OF_A_CALLER] if "!" <= sign <= "~")


def _logged(response: Response, name: str) -> Response:
    if request.method != "OPTIONS" and request.path != READY:
        ms = round((time.perf_counter() - g.started) * 1000, 1)
        log.event(f"{name}.answered", method=_clean(request.method), status=response.status_code, ms=ms)
    return response


def _failed(error: Exception) -> Response:
    """What no handler foresaw: the log learns all, the caller nothing."""
    if isinstance(error, HTTPException):
        return Response(status=error.code)
    if isinstance(error, FeedloopError):
        return _response(http.problem_response(error))
    log.event("failed", traceback="".join(traceback.format_exception(error)))
    return _response(http.problem_response(FeedloopError()))
