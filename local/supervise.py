"""Keeps the services running, by supervisord: a service that dies is started again, and the log says so."""

import os
import re
import shlex
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from feedloop import log
from feedloop.domain.errors import WrongSetting
from local import data_directory, processes

_STOP_SECONDS = 20
_PAUSE = 1.0

_SUPERVISORD = """\
[supervisord]
nodaemon = true
logfile = /dev/null
logfile_maxbytes = 0
pidfile = supervisord.pid
{user}
"""
_PROGRAM = """
[program:{name}]
command = {command}
directory = {directory}
priority = {order}
autorestart = true
startretries = 1000
stopwaitsecs = 5
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = {log_bytes}
stdout_logfile_backups = 2
"""
_LINE = re.compile(r"[\d-]{10} [\d:,]{12} (?P<level>\w+) (?P<says>.*)")
_EXITED = re.compile(r"(?:exited|gave up): (\S+) (.*)")
_SPAWNED = re.compile(r"spawned: '(\S+)' with pid (\d+)")


@dataclass(frozen=True, slots=True)
class Service:
    """One process to keep running. Lower orders start first and stop last; a quiet one logs to a file."""

    name: str
    command: tuple[str, ...]
    home: Path
    order: int
    quiet: bool = False


class Supervisor:
    """Starts all services when entered and ends every one of them when left."""

    def __init__(self, data_dir: Path, services: list[Service], environment: dict[str, str]) -> None:
        self._data_dir = data_dir
        self._environment = {**os.environ, **environment, processes.MARKER: str(data_dir)}
        self._config = data_dir / "supervisord.conf"
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._keeper = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        (data_dir / data_directory.LOGS).mkdir(exist_ok=True)
        data_directory.write(self._config, configuration(services))

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._process:
            self._process.terminate()
        self._keeper.join(_STOP_SECONDS)
        processes.end(self._data_dir)

    def _keep(self) -> None:
        """One supervisord after the other: what a killed one leaves behind is ended first."""
        while not self._stopping.is_set():
            self._run_one()
            if not self._stopping.is_set():
                log.event("supervisor.ended", then="all parts are started again")
                processes.end(self._data_dir)
                self._stopping.wait(_PAUSE)

    def _run_one(self) -> None:
        command = (sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(self._config))
        with subprocess.Popen(
            command,
            cwd=self._data_dir,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
        ) as self._process:
            for line in self._process.stdout or ():
                with suppress(BrokenPipeError):  # nobody listens any more; the services go on
                    forward_line(line.rstrip("\n"))


def configuration(services: list[Service]) -> str:
    """What supervisord reads. Raises WrongSetting for a path that its format cannot carry."""
    head = _SUPERVISORD.format(user="user = root" if os.getuid() == 0 else "")
    return head + "".join(
        _PROGRAM.format(
            name=service.name,
            command=" ".join(_plain(shlex.quote(word)) for word in service.command),
            directory=_plain(str(service.home)),
            order=service.order,
            log=f"{data_directory.LOGS}/{service.name}.log" if service.quiet else "/dev/stdout",
            log_bytes="5MB" if service.quiet else 0,
        )
        for service in services
    )


def forward_line(line: str) -> None:
    """Print a service's own JSON line as it is, and make one of anything else."""
    if line.startswith("{"):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return
    match = _LINE.fullmatch(line)
    if not match:
        log.event("output", line=line)
    elif ended := _EXITED.fullmatch(match["says"]):
        log.event("part.ended", part=ended[1], how=ended[2].strip("()"))
    elif started := _SPAWNED.fullmatch(match["says"]):
        log.event("part.started", part=started[1], pid=int(started[2]))
    elif match["level"] != "INFO" and not match["says"].startswith(("stopped: ", "received SIG")):
        log.event("supervisor", says=match["says"])


def _plain(text: str) -> str:
    if re.search(r"\s[;#]|\n", text):
        raise WrongSetting(f"A path with a line break, ' ;' or ' #' cannot be used: {text!r}.")
    return text.replace("%", "%%")
