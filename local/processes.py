"""Processes of an earlier run that was killed: each carries its data directory in its environment."""

import os
from contextlib import suppress
from pathlib import Path

import psutil

MARKER = "FEEDLOOP_RUN_OF"
SERVICE = "SUPERVISOR_PROCESS_NAME"
_PATIENCE = 6.0


def end(folder: Path, service: str = "") -> int:
    """End every other process of this data directory, or only those of one service; say how many there were."""
    others = running(folder, service)
    for process in others:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(others, timeout=_PATIENCE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_PATIENCE)
    return len(others)


def end_predecessors() -> None:
    """End the workers that outlived a killed main process of this service: they would keep answering at its port."""
    end(Path(os.environ[MARKER]), os.environ[SERVICE])


def running(folder: Path, service: str = "") -> list[psutil.Process]:
    """The processes of this data directory, apart from the one that asks."""
    psutil.process_iter.cache_clear()  # else it may show the one that had this number before, whom no signal reaches
    others = (process for process in psutil.process_iter() if process.pid != os.getpid())
    return [process for process in others if _belongs(process, folder, service)]


def _belongs(process: psutil.Process, folder: Path, service: str) -> bool:
    try:
        environment = process.environ()
    except psutil.Error:  # gone, or somebody else's
        return False
    return environment.get(MARKER) == str(folder) and service in ("", environment.get(SERVICE))
