"""An operator who sets up Label Studio, as often as tests like."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.label_studio import PROGRAMS
from local.stack import ROOT
from tests.support import label_studio as label_studios
from tests.support.label_studio import LabelStudio
from tests.support.servers import Server

_PROGRAM = Path(__file__).with_name("operating_forks.py")


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and all that it said. Killed, the code is negative."""

    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Who has the settings and secrets of a deployment."""

    label_studio: LabelStudio
    store: Server
    prefix: str
    folder: Path
    program: subprocess.Popen[str]

    def run(self, *words: str, kill_at: int = 0, hold_at: int = 0) -> Run:
        """One command, killed after its n-th write, or held before it until another one like it has ended."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        env = label_studios.settings_for(self.label_studio, self.store, self.prefix, self.folder)
        request = {"words": words, "env": env, "kill_at": kill_at, "hold_at": hold_at}
        self.program.stdin.write(json.dumps(request) + "\n")
        self.program.stdin.flush()
        return Run(**json.loads(self.program.stdout.readline()))

    def set_up(self) -> str:
        """Set up, and return what was said."""
        done = self.run("setup")
        assert done.code == 0, done.output
        return done.output

    def at(self, **other: Any) -> "Operator":
        """The same with another url or token of Label Studio."""
        return replace(self, label_studio=replace(self.label_studio, **other))


@contextmanager
def operator(label_studio: LabelStudio, store: Server, prefix: str, folder: Path) -> Iterator[Operator]:
    """An operator of this deployment."""
    command, env = (
        [str(PROGRAMS / "python"), str(_PROGRAM)],
        {**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        yield Operator(label_studio, store, prefix, folder, program)
        program.stdin.close()
