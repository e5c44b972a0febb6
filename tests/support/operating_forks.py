"""A program for Label Studio's environment: runs `python -m labelling` in forks of itself, which saves seconds each.

It reads a JSON line for each run and answers with one. A run may be killed at its n-th write, when Label Studio
has done it, or held before it until another run has ended.
"""

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from labelling.__main__ import main as labelling

_READS = {"GET", "HEAD"}


def start(words: list[str], env: dict[str, str], out: Path, *, kill_at: int = 0, hold_at: int = 0) -> int:
    """Fork a run; its process id."""
    if child := os.fork():
        return child
    os.environ |= env
    sys.argv = ["labelling", *words]
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
    _interrupt(kill_at, hold_at)
    code = 1
    try:
        labelling()
        code = 0
    except SystemExit as end:
        code = int(bool(end.code))
        print(end.code or "", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _interrupt(kill_at: int, hold_at: int) -> None:
    send, writes = httpx.Client.send, count(1)

    def sent(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
        write = 0 if request.method in _READS else next(writes)
        if write and write == hold_at:
            os.kill(os.getpid(), signal.SIGSTOP)
        answer = send(client, request, **how)
        if write and write == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    httpx.Client.send = sent


def run(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """One run to its end; with `hold_at`, a second one runs to its end while the first is held."""
    out = folder / "out"
    how = {name: request.get(name, 0) for name in ("kill_at", "hold_at")}
    first = start(request["words"], request["env"], out, **how)
    _, status = os.waitpid(first, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.waitpid(start(request["words"], request["env"], out), 0)
        os.kill(first, signal.SIGCONT)
        _, status = os.waitpid(first, 0)
    output = out.read_text() if out.exists() else ""
    return {"code": os.waitstatus_to_exitcode(status), "output": output}


def main() -> None:
    for line in sys.stdin:
        with TemporaryDirectory() as folder:
            print(json.dumps(run(json.loads(line), Path(folder))), flush=True)


if __name__ == "__main__":
    main()
