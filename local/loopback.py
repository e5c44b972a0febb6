"""A WSGI application of this machine, on loopback."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from feedloop import http_server
from feedloop.http_server import ServerOptions
from feedloop.receiving import Receiver, Wait
from local.settings import HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_THREADS = 8


def receiver(app: "WSGIApplication", waits: Mapping[str, Wait | None]) -> Receiver:
    """What takes requests in for an application; `waits` as Receiver has it."""
    return Receiver(app, threads=_THREADS, waits=waits)


def serve(factory: str, port: int, *, workers: int) -> None:
    """Serve what `module:function` makes, until the process is told to end; a dead worker is replaced."""
    http_server.serve(factory, HOST, port, ServerOptions(workers))
