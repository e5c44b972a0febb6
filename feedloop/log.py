"""One JSON line per past event on standard output; facts, never secrets or file names."""

import json
import sys

from feedloop.domain.clock import iso, utc_now


def event(name: str, **facts: object) -> None:
    """Write what happened, for example `event("predict.answered", status=200)`."""
    line = {"at": iso(utc_now()), "event": name, **facts}
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()
