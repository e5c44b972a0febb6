"""A WSGI application of this machine, on loopback."""

from feedloop import serving
from feedloop.serving import Manners
from local.settings import HOST

_THREADS = 8


def serve(factory: str, port: int, *, workers: int) -> None:
    """Serve what `module:function` makes, until the process is told to end; a dead worker is replaced."""
    serving.serve(factory, HOST, port, Manners(workers, _THREADS))
