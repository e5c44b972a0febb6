"""All functions of the stack under /function/<name>, and the website at /: what a gateway shows, in one process."""

import gzip
import ipaddress
import json
import mimetypes
import os
from collections.abc import Iterable
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from feedloop import wiring
from feedloop.app import ANY_ORIGIN, FunctionApp, create_app
from feedloop.receiving import HEALTH, Receiver
from local import loopback, processes, stack

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_MOST_WORKERS = 8
_WORDY = ("text/html", "text/css", "text/javascript", "image/svg+xml")
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}
"""What a page of the site may do; README.md has the same for a host of your own."""


def application() -> "WSGIApplication":
    """The website, with every function mounted below it."""
    mounted: dict[str, WSGIApplication] | None = {
        f"/function/{function.name}": _app(function) for function in stack.load_functions()
    }
    return DispatcherMiddleware(site(), mounted)


def receiver() -> Receiver:
    """What takes in the requests of all of them."""
    return loopback.receiver(
        application(), {f"/function/{one.name}": wiring.wait_of(one.name) for one in stack.load_functions()}
    )


def _app(function: stack.Function) -> "WSGIApplication":
    """A function, with the keys to the store that it would have in a container of its own."""
    app = _plain_app(function)

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not _is_ours(environ.get("HTTP_HOST", "")):
            return _misled()(environ, start_response)
        wiring.function_keys.set(function.keys)
        return app(environ, start_response)

    return call


def _is_ours(host: str) -> bool:
    """Whether a page at that address may be ours: no name that a stranger's DNS could lead to this machine.

    That is an address in digits, a name without a dot, localhost, or the name of an allowed origin.
    """
    origins = wiring.configured().allowed_origins
    try:
        name = (urlsplit(f"//{host}").hostname or "localhost").rstrip(".")
    except ValueError:
        return False
    known = {urlsplit(origin).hostname for origin in origins}
    if "." not in name or name.endswith(".localhost") or name in known or ANY_ORIGIN in origins:
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _plain_app(function: stack.Function) -> FunctionApp:
    handler = import_module(function.module)
    origins = wiring.configured().allowed_origins
    return create_app(handler.handle, function.name, origins=origins, ready=getattr(handler, "ready", wiring.store))


def site() -> Flask:
    """The static website, /healthz, and an answer for functions that do not exist."""
    mimetypes.add_type("text/javascript", ".js")  # a browser runs no module of another type
    app = Flask("site", static_folder=str(stack.ROOT / "web"), static_url_path="")
    app.add_url_rule("/", "index", lambda: app.send_static_file("index.html"))
    app.add_url_rule(HEALTH, "healthz", lambda: {"status": "ok"})
    app.add_url_rule("/function/<path:name>", "unknown", _unknown, methods=_METHODS)
    app.after_request(_guarded)
    app.after_request(_packed)
    return app


def _guarded(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        response.headers.update(PAGE_HEADERS)
    return response


def _packed(response: Response) -> Response:
    """The site's texts, compressed for whoever understands it."""
    if response.mimetype not in _WORDY or response.status_code != HTTPStatus.OK:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.direct_passthrough = False
        response.set_data(gzip.compress(response.get_data()))
        response.content_encoding = "gzip"
        response.set_etag(response.get_etag()[0] or "", weak=True)
    return response


def _unknown(name: str) -> Response:
    detail = f"{name.partition('/')[0]} is not in {stack.FILE}."
    return _problem("unknown-function", "There is no such function", HTTPStatus.NOT_FOUND, detail)


def _misled() -> Response:
    detail = "Call 127.0.0.1 or localhost, or name this address in ALLOWED_ORIGINS."
    return _problem("unknown-host", "No function is called by this name", HTTPStatus.MISDIRECTED_REQUEST, detail)


def _problem(kind: str, title: str, status: HTTPStatus, detail: str) -> Response:
    problem = {"type": f"urn:feedloop:problem:{kind}", "title": title, "status": status, "detail": detail}
    return Response(json.dumps(problem), status, content_type="application/problem+json")


def main() -> None:
    """Serve, with a worker for each core."""
    processes.end_predecessors()
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    loopback.serve("local.gateway:receiver", int(os.environ["PORT"]), workers=workers)


if __name__ == "__main__":
    main()
