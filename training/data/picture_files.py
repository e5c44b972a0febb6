"""Which files of a folder are pictures: one rule for whoever reads one.

Operating systems, archives and notebooks leave files of their own behind. What is no picture
is left out, and one line says how many of which kind.
"""

import os
import stat
import sys
from collections import Counter
from pathlib import Path

from feedloop.adapters import pictures as adapter
from feedloop.domain.errors import Refused, TooLarge
from feedloop.domain.upload_limits import LEAST_SIDE, MOST_BYTES

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"}
_FOREIGN = {
    *("__macosx", "thumbs.db", "desktop.ini", "@eadir", "#recycle", "$recycle.bin", "lost+found", "__pycache__"),
    *("system volume information", "icon\r"),
}

FOREIGN, NO_FILE, NO_PICTURE = "hidden or an operating system's", "links to nowhere or no files", "no pictures"
EMPTY, TOO_LARGE, TOO_SMALL, UNREADABLE = "empty", "too large", "too small", "not readable"
LOOSE, WITHOUT = "pictures in no class's folder", "folders without pictures"

Left = Counter[str]
"""How many files were left out, by reason."""


def is_foreign(name: str) -> bool:
    """Whether a file or folder of this name is somebody else's: hidden, or left by a system, an archive, a notebook."""
    return name.startswith(".") or name.lower() in _FOREIGN


def class_folders(folder: Path, left: Left, named: frozenset[str] = frozenset()) -> list[Path]:
    """The sub-folders that may be classes, in the order of their names; those `named` in any case."""
    folders = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.name
        if not path.is_dir():
            left[LOOSE] += path.suffix.lower() in SUFFIXES and not is_foreign(name)
        elif name in named or not is_foreign(name):
            folders.append(path)
        else:
            left[FOREIGN] += 1
    return folders


def list_pictures(folder: Path, left: Left) -> list[Path]:
    """Every picture below a folder, in the order of their paths. No link to a folder is followed inside of it."""
    files = []
    for where, inside, names in os.walk(folder):
        left[FOREIGN] += sum(map(is_foreign, inside))
        inside[:] = [name for name in inside if not is_foreign(name)]
        files += [Path(where, name) for name in names]
    return sorted(path for path in files if _is_picture(path, left))


def report_left_out(folder: Path, left: Left) -> None:
    """Say on the error stream what was left out, if anything was."""
    if counts := ", ".join(f"{count} {reason}" for reason, count in sorted(left.items()) if count):
        sys.stderr.write(f"{folder}: left out what is no picture of a class: {counts}\n")


def _is_picture(path: Path, left: Left) -> bool:
    reason = FOREIGN if is_foreign(path.name) else _fault(path)
    left[reason] += bool(reason)
    return not reason


def _fault(path: Path) -> str:
    """Why predict would not take it, as far as that shows before pixels are decoded, or "". A pipe is not opened."""
    if path.suffix.lower() not in SUFFIXES:
        return NO_PICTURE
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return NO_FILE
        return _fault_of_file(path, status.st_size)
    except OSError:
        return UNREADABLE if os.path.lexists(path) and path.exists() else NO_FILE


def _fault_of_file(path: Path, size: int) -> str:
    if not size:
        return EMPTY
    if size > MOST_BYTES:
        return TOO_LARGE
    try:
        return TOO_SMALL if min(adapter.measure(path.read_bytes())) < LEAST_SIDE else ""
    except TooLarge:
        return TOO_LARGE
    except Refused:
        return NO_PICTURE
