"""A WSGI application behind granian on loopback; its messages become log lines like all others."""

import logging
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from feedloop import log
from local.settings import HOST

_THREADS = 8
_STOP_SECONDS = 4


class Lines(logging.Handler):
    """Turns the server's messages into events."""

    def emit(self, record: logging.LogRecord) -> None:
        """One message, one line."""
        log.event("server", level=record.levelname.lower(), says=record.getMessage())


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": Lines}},
    "loggers": {"_granian": {"handlers": ["lines"], "propagate": False}},
}


def serve(factory: str, port: int, *, workers: int) -> None:
    """Serve what `module:function` makes, until the process is told to end; a dead worker is replaced."""
    Granian(
        factory,
        factory=True,
        address=HOST,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    ).serve()
