"""The one-machine system under a simulation: started with a clock of its own, ended with the one who started it.

As a program it runs the system until its standard input ends: whoever is killed takes it along.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedloop.adapters.clock_file import ClockFile
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import Unavailable
from local import data_directory
from local.settings import Choices
from local.watch import gateway_responds

LOG = "system.log"
_START, _STOP, _PAUSE = 240.0, 60.0, 0.1  # seconds


@dataclass(frozen=True, slots=True)
class System:
    """What runs, and how to reach it."""

    data_dir: Path
    clock: ClockFile
    process: subprocess.Popen[bytes]

    def connection(self) -> dict[str, Any]:
        """connection.json; with `label_studio` as soon as annotators may come. Raises Unavailable."""
        if self.process.poll() is not None:
            raise Unavailable(f"The system has ended: {_last_words(self.data_dir)}")
        return data_directory.load_json(self.data_dir / data_directory.CONNECTION)

    def end(self) -> None:
        """As Ctrl-C ends it, in order."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()


@contextmanager
def running(choices: Choices, home: Path, environment: Mapping[str, str]) -> Iterator[System]:
    """A system from start to stop, its clock set to now in `home`. Raises Unavailable when it does not start."""
    clock = ClockFile(home / "clock")
    clock.set(utc_now())
    system = System(choices.data_dir, clock, _start(choices.data_dir, {**environment, "CLOCK_FILE": str(clock.path)}))
    try:
        _wait(system, choices.gateway)
        yield system
    finally:
        system.end()


def _start(data_dir: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    (data_dir / data_directory.LOGS).mkdir(exist_ok=True)
    (data_dir / data_directory.CONNECTION).unlink(missing_ok=True)
    command = (sys.executable, "-m", "simulation.system")
    with (data_dir / data_directory.LOGS / LOG).open("ab") as log:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the simulation alone
        )


def _wait(system: System, gateway: str) -> None:
    deadline = time.monotonic() + _START
    while not (system.connection() and gateway_responds(gateway)):
        if time.monotonic() > deadline:
            raise Unavailable(f"The system does not start: {_last_words(system.data_dir)}")
        time.sleep(_PAUSE)


def _last_words(data_dir: Path) -> str:
    """The last line of the log that is meant for people."""
    lines = (data_dir / data_directory.LOGS / LOG).read_text(errors="replace").splitlines()
    messages = [line for line in lines if line.startswith("Feedloop: ")] or lines
    return messages[-1].removeprefix("Feedloop: ") if messages else "it says nothing"


def _end_with(parent: int) -> None:
    while os.read(parent, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Run the system; its exit code."""
    from local.__main__ import main as run  # noqa: PLC0415 - who only starts it needs none of it

    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    return run([])


if __name__ == "__main__":
    sys.exit(main())
