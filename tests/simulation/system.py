"""A simulation as a person runs it, small enough for a test: `python -m simulation`."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
import requests

from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from local import data_directory, processes
from simulation.truth import Truth
from tests.local.system import environment, until
from tests.support import logs
from tests.support.servers import free_ports
from training.commands import store_connection

COMMAND = (sys.executable, "-m", "simulation", "--annotator", "direct", "--days-after", "0")
SMALL = ("--days", "2", "--predictions", "24", "--sample", "40", "--drift", "0.4")
HONEST = ("--annotators", "0,0", "--unclear", "0", "--skips", "0")
PATIENCE = 240.0


class Run:
    """One start of a simulation and what came of it."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self._port = free_ports(1)[0]
        self._output = data_dir.with_name("output")
        logs.watch(self._output)
        logs.watch(data_dir / data_directory.LOGS)
        env = {**environment(data_dir, self._port), "COLUMNS": "200"}
        with self._output.open("ab") as output:
            self.main = subprocess.Popen([*COMMAND, *options], env=env, stdout=output, stderr=output)

    def end(self) -> int:
        """Its exit code."""
        return int(self.main.wait(PATIENCE))

    def output(self) -> str:
        """All that it said at the terminal, over all its starts."""
        return self._output.read_text()

    def connection(self) -> dict[str, Any]:
        """connection.json."""
        found: dict[str, Any] = json.loads((self.data_dir / "connection.json").read_text())
        return found

    def journal(self) -> dict[str, Any]:
        """Where it stands."""
        found: dict[str, Any] = json.loads((self.data_dir / "simulation" / "journal.json").read_text())
        return found

    def truth(self) -> Truth:
        """What it knows."""
        return Truth(self.data_dir / "simulation" / "truth.jsonl")

    def told(self) -> list[float]:
        """The row of the table: true, blind and best accuracy with its interval's ends, in percent."""
        (row,) = [line for line in self.output().splitlines() if "-2 drifted" in line]
        return [float(number) for number in re.findall(r"\d+\.\d", row)]

    def reach(self, words: str) -> None:
        """Return when it has said so."""
        self._until(lambda: words in self.output(), words)

    def visited(self, least: int) -> None:
        """Return when so many visitors have come."""
        self._until(lambda: len(list(self.truth())) >= least, "visitors")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        until(lambda: condition() or self.main.poll() is not None, what, patience=PATIENCE)
        assert condition(), self.output()

    def kill(self) -> None:
        """As the system kills: nothing is said, and nothing may stay."""
        self.main.kill()
        self.main.wait()
        until(lambda: not self.processes(), "nothing is left running")

    def processes(self) -> list[psutil.Process]:
        """What still runs of it."""
        return processes.running(self.data_dir)

    def store(self) -> S3Store:
        """The store, while the system runs."""
        return store_connection.open_store({"DATA_DIR": str(self.data_dir)})


@dataclass(frozen=True, slots=True)
class Left:
    """How a start ended that was told to: its exit code, what it left running, and what had happened until then."""

    code: int
    processes: list[psutil.Process]
    output: str
    visitors: int
    beside: tuple[int, str] = (0, "")

    @classmethod
    def of(cls, run: Run, end: signal.Signals, **beside: tuple[int, str]) -> Self:
        """Tell it to end."""
        run.main.send_signal(end)
        return cls(run.end(), run.processes(), run.output(), len(list(run.truth())), **beside)


@dataclass(frozen=True, slots=True)
class Stayed:
    """What a simulation that has told its table shows: the ids in the store and in its truth, and today's report."""

    production: set[str]
    truth: list[str]
    report: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Look at it while it runs."""
        url = f"{run.connection()['gateway']}/function/report?days=7"
        report = requests.get(url, timeout=60).json()
        return cls(production(run.store()), sorted(fact.id for fact in run.truth()), report)


def production(store: S3Store) -> set[str]:
    """The ids of all predictions."""
    places_of_classes = [keys.ObjectRef(keys.PRODUCTION, f"class_{index:02d}/") for index in range(11)]
    return {str(keys.parse_production(entry.key)) for ref in places_of_classes for entry in store.list(ref)}
