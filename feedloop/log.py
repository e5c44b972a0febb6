"""One JSON line per past event on standard output; facts, never secrets or file names."""

import json
import sys
from contextlib import suppress
from contextvars import ContextVar

from feedloop.domain.clock import iso, utc_now

call_id: ContextVar[str] = ContextVar("call_id", default="")
"""Which call this thread works on; every line that it writes says so."""


_MOST = 10_000  # signs of one fact: what is longer was chosen by a caller, or says itself again and again


def event(name: str, **facts: object) -> None:
    """Write what happened, for example `event("predict.answered", status=200)`."""
    line = {"at": iso(utc_now()), "event": name, **{fact: _bounded(value) for fact, value in facts.items()}}
    if call := call_id.get():
        line["call"] = call
    with suppress(BrokenPipeError):  # nobody listens any more; the call goes on
        sys.stdout.write(json.dumps(line, default=lambda value: _bounded(str(value))) + "\n")
        sys.stdout.flush()


def _bounded(value: object) -> object:
    """A long text keeps its beginning and its end: the last line of a traceback says most."""
    if not isinstance(value, str) or len(value) <= _MOST:
        return value
    return f"{value[: _MOST // 2]} … {len(value) - _MOST} more … {value[-_MOST // 2 :]}"
