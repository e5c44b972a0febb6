"""One Flask application per function: the same in a container, on a laptop and in tests."""

import time
import traceback
from socket import gethostname

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from feedloop import http, log
from feedloop.domain.errors import BadRequest, FeedloopError, TooLarge
from feedloop.domain.limits import MOST_BYTES

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ANY_ORIGIN = "*"
FORM_BYTES = 100_000
"""Room for the form around a picture."""


def create_app(handle: http.Handle, name: str, *, origins: tuple[str, ...] = ()) -> Flask:
    """Serve `handle` at every path; browsers of the listed `origins` may call it (`*` for any)."""
    app = Flask(name, static_folder=None)
    app.url_map.strict_slashes = False  # of rules that come after it: /function/predict is not sent on to predict/
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES + FORM_BYTES
    context = http.Context(gethostname())

    def call(path: str = "") -> Response:
        event = http.Event(_body(), request.headers, request.method, request.args, f"/{path}")
        return _response(handle(event, context))

    def preflight(path: str = "") -> Response:  # noqa: ARG001 - one answer for every path
        return Response(status=204)

    for rule in ("/", "/<path:path>"):
        app.add_url_rule(rule, "call", call, methods=METHODS, provide_automatic_options=False)
        app.add_url_rule(rule, "preflight", preflight, methods=["OPTIONS"])
    app.before_request(_start_clock)
    app.after_request(lambda response: _with_cors(response, origins))
    app.after_request(lambda response: _logged(response, name))
    app.register_error_handler(Exception, _failed)
    return app


def _body() -> bytes:
    """All that was sent; reading stops at the limit, or where the caller left, without a word."""
    body = request.get_data()
    if len(body) >= MOST_BYTES + FORM_BYTES:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise ClientDisconnected
    return body


def _response(answer: http.Answer) -> Response:
    response = jsonify(answer["body"])
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
        response.headers["Access-Control-Allow-Headers"] = "Idempotency-Key, Content-Type"
        response.headers["Access-Control-Max-Age"] = "7200"
    return response


def _start_clock() -> None:
    g.started = time.perf_counter()


def _logged(response: Response, name: str) -> Response:
    if request.method != "OPTIONS":
        ms = round((time.perf_counter() - g.started) * 1000, 1)
        call = request.headers.get("X-Call-Id", "")
        log.event(f"{name}.answered", method=request.method, status=response.status_code, ms=ms, call=call)
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
    log.event("failed", traceback="".join(traceback.format_exception(error)))
    return _response(http.problem(FeedloopError()))
