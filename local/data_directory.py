"""The one data directory: its lock, its secrets, and what a restart must find again."""

import errno
import fcntl
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from feedloop import files, settings
from feedloop.domain.errors import WrongSetting

SECRETS, CONNECTION, PORTS, LOGS = "secrets", "connection.json", "ports.json", "logs"
ROOM = 320_000_000
"""Bytes that must be free at the start: the store's first volumes, some pictures, Label Studio's database and log."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the data directory and hold it alone. Raises WrongSetting."""
    with _os_errors_explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WrongSetting(
                f"A Feedloop already runs on DATA_DIR={folder}: stop it, or choose another DATA_DIR and PORT."
            ) from error
        except OSError as error:  # shares and some mounted disks have none, and would let two runs write side by side
            raise WrongSetting(
                f"DATA_DIR={folder} lies on a file system without locks ({error.strerror}): set it to a disk of this"
                " machine."
            ) from error
        yield


def require_room(folder: Path, needed: int = ROOM) -> None:
    """Raises WrongSetting when the disk is nearly full."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WrongSetting(
            f"The disk is full: {free / 1e6:.0f} MB are free at {folder}, {needed / 1e6:.0f} MB are needed."
            " Make room, or set DATA_DIR to another disk."
        )


def secret(folder: Path, name: str, value: str = "") -> str:
    """The secret of that name: `value` when given, else what is kept, else a new one; kept for the next run."""
    return load_or_create_secret(folder / SECRETS / name, value)


def load_or_create_secret(path: Path, value: str = "") -> str:
    """What a secret's file says: `value` when given, else what is there, else a new one. Raises WrongSetting."""
    there = settings.secret_in(path) if path.exists() and path.stat().st_size else ""
    chosen = value or there or secrets.token_hex(20)
    if chosen != there:
        write(path, chosen)
    return chosen


def write(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it. Raises WrongSetting."""
    with _os_errors_explained(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(path, text.encode(), mode=0o600)


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Replace a JSON file in one step; only its owner may read it. Raises WrongSetting."""
    write(path, json.dumps(document, indent=2) + "\n")


def load_json(path: Path) -> dict[str, Any]:
    """What was kept; empty when there is nothing, or nothing that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


@contextmanager
def _os_errors_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WrongSetting(f"The disk is full: {path} cannot be written. Make room, then start again.") from error
        raise WrongSetting(
            f"{path} cannot be written ({error.strerror}): set DATA_DIR to a folder that you may write to."
        ) from error
