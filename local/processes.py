"""Processes of an earlier run that was killed: each carries its data directory in its environment."""

import os
from contextlib import suppress
from pathlib import Path

import psutil

MARKER = "FEEDLOOP_RUN_OF"
PART = "SUPERVISOR_PROCESS_NAME"
_PATIENCE = 6.0


def end(folder: Path, part: str = "") -> int:
    """End every other process of this data directory, or only those of one part; say how many there were."""
    found = running(folder, part)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=_PATIENCE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_PATIENCE)
    return len(found)


def end_own() -> None:
    """End the workers that outlived a killed main process of this part: they would keep answering at its port."""
    end(Path(os.environ[MARKER]), os.environ[PART])


def running(folder: Path, part: str = "") -> list[psutil.Process]:
    """The processes of this data directory, apart from the one that asks."""
    psutil.process_iter.cache_clear()  # else it may show the one that had this number before, whom no signal reaches
    others = (process for process in psutil.process_iter() if process.pid != os.getpid())
    return [process for process in others if _belongs(process, folder, part)]


def _belongs(process: psutil.Process, folder: Path, part: str) -> bool:
    try:
        environment = process.environ()
    except psutil.Error:  # gone, or somebody else's
        return False
    return environment.get(MARKER) == str(folder) and part in ("", environment.get(PART))
