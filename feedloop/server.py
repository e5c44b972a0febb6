"""One Flask application per function: the same in a container, on a laptop and in tests."""

import math
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from socket import gethostname
from threading import BoundedSemaphore

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.routing import Rule

from feedloop import http, log
from feedloop.domain.errors import BadRequest, Busy, FeedloopError, TooLarge, TooOften
from feedloop.domain.limits import MOST_BYTES

ANY_ORIGIN = "*"
FORM_BYTES = 100_000
"""Room for the form around a picture."""
READY = "/_/ready"
"""Where a platform asks whether calls may come."""

Check = Callable[[], object]
Wait = Callable[[str, str], float]
"""Seconds that a caller has to wait, from the peer's address and X-Forwarded-For; asking counts as a call."""

_READING = ("GET", "HEAD")


def create_app(
    handle: http.Handle,
    name: str,
    *,
    origins: tuple[str, ...] = (),
    calls: int = 0,
    ready: Check = bool,
    wait: Wait | None = None,
) -> Flask:
    """Serve `handle` at every path; browsers of the listed `origins` may call it (`*` for any).

    At most `calls` are in work at the same time (0: no limit), the others are told to come again, as are
    callers who have to `wait`. `ready` raises what keeps this replica from serving.
    """
    app = Flask(name, static_folder=None)
    app.url_map.strict_slashes = False  # of rules that come after it: /function/predict is not sent on to predict/
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES + FORM_BYTES
    context = http.Context(gethostname())
    places = _places(calls)

    def call(path: str = "") -> Response:
        if request.method == "OPTIONS":
            return Response(status=204)
        # Read also for who is refused: a browser that still sends sees no answer, but a broken connection.
        event = http.Event(_body(), request.headers, request.method, request.args, f"/{path}")
        if wait and event.method not in _READING:
            _require_patience(wait)
        with places():
            return _response(handle(event, context))

    def readiness() -> Response:
        ready()
        return _response(http.answer({"status": "ready"}))

    for rule in ("/", "/<path:path>"):
        app.url_map.add(Rule(rule, endpoint=call.__name__))  # of any method: the handler says which it answers
    app.view_functions[call.__name__] = call
    app.add_url_rule(READY, "ready", readiness)
    app.before_request(_start_clock)
    app.after_request(lambda response: _with_cors(response, origins))
    app.after_request(lambda response: _logged(response, name))
    app.register_error_handler(Exception, _failed)
    return app


def _places(calls: int) -> Callable[[], AbstractContextManager[None]]:
    """What a call holds while it is in work. A body that is still arriving holds none."""
    if not calls:
        return nullcontext
    free = BoundedSemaphore(calls)

    @contextmanager
    def place() -> Iterator[None]:
        if not free.acquire(blocking=False):
            raise Busy(f"{calls} calls are in work here already. Try again in some seconds.")
        try:
            yield
        finally:
            free.release()

    return place


def _require_patience(wait: Wait) -> None:
    """Raises TooOften."""
    seconds = math.ceil(wait(request.remote_addr or "", request.headers.get("X-Forwarded-For", "")))
    if seconds:
        raise TooOften(f"Too many calls came from your address. Try again in {seconds} s.", seconds)


def _body() -> bytes:
    """All that was sent; reading stops at the limit, or where the caller left, without a word."""
    body = request.get_data()
    if len(body) >= MOST_BYTES + FORM_BYTES:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise ClientDisconnected
    return body


def _response(answer: http.Answer) -> Response:
    body = answer["body"]
    response = Response(body) if isinstance(body, str) else jsonify(body)
    response.status_code = answer["statusCode"]
    response.headers.update(answer["headers"])
    return response


def _with_cors(response: Response, origins: tuple[str, ...]) -> Response:
    """Let browsers of an allowed origin read the answer (Fetch standard, CORS protocol)."""
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
    log.call_id.set(request.headers.get("X-Call-Id", ""))


def _logged(response: Response, name: str) -> Response:
    if request.method != "OPTIONS" and request.path != READY:
        ms = round((time.perf_counter() - g.started) * 1000, 1)
        log.event(f"{name}.answered", method=request.method, status=response.status_code, ms=ms)
    return response


def _failed(error: Exception) -> Response:
    """What no handler foresaw: the log learns all, the caller nothing."""
    if isinstance(error, RequestEntityTooLarge):
        limit = MOST_BYTES
        return _response(http.problem(TooLarge(f"More than {limit // 1_000_000} MB were sent.", limit)))
    if isinstance(error, ClientDisconnected):
        return _response(http.problem(BadRequest("The body ended before its length.")))
    if isinstance(error, HTTPException):
        return Response(status=error.code)
    if isinstance(error, FeedloopError):
        return _response(http.problem(error))
    log.event("failed", traceback="".join(traceback.format_exception(error)))
    return _response(http.problem(FeedloopError()))
