"""granian as every deployment of ours starts it; its messages become log lines like all others."""

import logging
from dataclasses import dataclass
from threading import Timer
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from feedloop import log

_HEAD_MS = 10_000
_HEAD_BYTES = 262_144  # smaller cuts bodies into more pieces


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How many processes serve, and how they end."""

    workers: int
    grace_seconds: float = 0.0  # after the signal to end it takes calls for so long: who sends them may not know yet
    drain_seconds: int = 4  # then it finishes what it has begun, and no longer than this


class LogLines(logging.Handler):
    """Turns the server's messages into events."""

    def emit(self, record: logging.LogRecord) -> None:
        """One message, one line."""
        log.event("server", level=record.levelname.lower(), says=self.format(record))


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": LogLines}},
    "loggers": {"_granian": {"handlers": ["lines"], "propagate": False}},
}


def serve(factory: str, host: str, port: int, options: ServerOptions) -> None:
    """Serve the ASGI application that `module:function` makes, until the process is signalled to end.

    A dead worker is replaced.
    """
    server = Granian(
        factory,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_MS, max_buffer_size=_HEAD_BYTES),
        websockets=False,
        workers=options.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=options.drain_seconds,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    if options.grace_seconds:
        _delay_shutdown(server, options.grace_seconds)
    server.serve()


def _delay_shutdown(server: Any, seconds: float) -> None:  # noqa: ANN401 - granian's class has no name of its own
    """Let the shutdown that a signal asks for begin later."""
    end = server.signal_handler_interrupt

    def later(*_signal: object) -> None:
        timer = Timer(seconds, end)
        timer.daemon = True
        timer.start()

    server.signal_handler_interrupt = later
