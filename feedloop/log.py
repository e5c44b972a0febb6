"""One JSON line per past event on standard output; facts, never secrets or file names."""

import json
import sys
from contextlib import suppress
from contextvars import ContextVar

from feedloop.domain.clock import iso, utc_now

call_id: ContextVar[str] = ContextVar("call_id", default="")
"""Which call this thread works on; every line that it writes says so."""


def event(name: str, **facts: object) -> None:
    """Write what happened, for example `event("predict.answered", status=200)`."""
    line = {"at": iso(utc_now()), "event": name, **facts}
    if call := call_id.get():
        line["call"] = call
    with suppress(BrokenPipeError):  # nobody listens any more; the call goes on
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        sys.stdout.flush()
