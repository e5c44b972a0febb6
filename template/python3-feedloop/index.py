"""What runs in a function's container: the handler beside it, as the same application that `make run` serves."""

import os
import sys
from contextlib import suppress
from urllib.parse import urlsplit

from feedloop import http_server, wiring
from feedloop.app import create_app
from feedloop.domain.errors import Unavailable, WrongSetting
from feedloop.http_server import ServerOptions
from feedloop.receiving import Receiver
from function import handler

GRACE_SECONDS = 2.0
"""The watchdog sends calls for `healthcheck_interval` after both were signalled to end."""
DRAIN_SECONDS = 25
"""No less than the longest exec_timeout of a function that visitors call."""


def application() -> Receiver:
    """One worker's application; what takes long has been done before its first call."""
    ready = getattr(handler, "ready", wiring.store)
    with suppress(Unavailable):  # it may start before its store, and before a model is released
        ready()
    name, origins = os.environ["FUNCTION_NAME"], wiring.configured().allowed_origins
    app = create_app(handler.handle, name, origins=origins, calls=_calls(), ready=ready)
    # Twice as many threads as calls: the others refuse.
    return Receiver(app, threads=2 * _calls(), waits={"": wiring.wait_of(name)})


def main() -> None:
    """Serve where the watchdog expects it."""
    try:
        wiring.configured().require_secrets(os.environ["FUNCTION_NAME"])
    except WrongSetting as error:
        sys.exit(f"Feedloop: {error}")
    where = urlsplit(os.environ["upstream_url"])
    workers = int(os.environ.get("workers") or len(os.sched_getaffinity(0)))
    options = ServerOptions(workers, GRACE_SECONDS, DRAIN_SECONDS)
    http_server.serve("index:application", str(where.hostname), int(where.port or 5000), options)


def _calls() -> int:
    return int(os.environ["calls_per_worker"])


if __name__ == "__main__":
    main()
