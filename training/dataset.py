"""An image folder: one sub-folder per class, and the order of the classes.

The order is that of `classes.txt` (one name per line) when the folder has one. Sub-folders
called `class_00`, `class_01`, ... carry their index, as in the dataset buckets; with
eleven of them and no other names given they are Food-11's. Any other sub-folders are
classes by their own names, sorted.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from feedloop.domain.classes import check_names, parse_names, same_name
from feedloop.domain.errors import BadRequest, Malformed
from training import manifests

FOOD_11 = (
    "Bread",
    "Dairy product",
    "Dessert",
    "Egg",
    "Fried food",
    "Meat",
    "Noodles/Pasta",
    "Rice",
    "Seafood",
    "Soup",
    "Vegetable/Fruit",
)
"""The classes of GourmetGram, in the order of their indices."""

NAMES_FILE = "classes.txt"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_NUMBERED = re.compile(r"class_(\d{2,4})")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on disk and the index of its class; None when it shows none of them."""

    path: Path
    index: int | None


@dataclass(frozen=True, slots=True)
class Pictures:
    """The classes by index, and every picture in a fixed order."""

    classes: tuple[str, ...]
    shown: tuple[Shown, ...]
    folder: Path | None = None

    def split(self, share: float, *, seed: int) -> tuple[list[Shown], list[Shown]]:
        """Without and with a `share` of every class, at least one picture of each."""
        kept: list[Shown] = []
        held: list[Shown] = []
        for index in range(len(self.classes)):
            own = [one for one in self.shown if one.index == index]
            Random(f"{seed} {index}").shuffle(own)
            cut = max(1, round(len(own) * share))
            held += own[:cut]
            kept += own[cut:]
        return kept, held

    def manifest(self) -> str:
        """The dataset's version: its manifest's when it has one, else a fingerprint of all pictures and classes.

        Raises BadRequest when pictures and manifest differ.
        """
        if self.folder is None or not (self.folder / manifests.FILE).exists():
            return manifest(self.shown)
        found = {str(one.path.relative_to(self.folder)): (one.index, sha256_of(one.path)) for one in self.shown}
        return manifests.checked(self.folder, found)


def read(folder: Path, names: Iterable[str] = (), *, complete: bool = True) -> Pictures:
    """The pictures of an image folder, of every class when it must be `complete`. Raises BadRequest."""
    folders = sorted(path for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    if not folders:
        raise BadRequest(f"{folder} has no sub-folders: give a folder with one sub-folder of pictures per class.")
    classes = _classes(folder, folders, tuple(names))
    shown = [Shown(path, _index(at.name, classes)) for at in folders for path in _files(at)]
    missing = [name for index, name in enumerate(classes) if all(one.index != index for one in shown)]
    if not shown or (missing and complete):
        raise BadRequest(f"{folder} has no JPEG, PNG or WebP picture of {', '.join(missing)}.")
    return Pictures(classes, tuple(shown), folder)


def read_outliers(folder: Path) -> list[Shown]:
    """All pictures below a folder as pictures of none of the classes. Raises BadRequest when there is none."""
    found = [Shown(path, None) for path in _files(folder)]
    if not found:
        raise BadRequest(f"{folder} has no JPEG, PNG or WebP pictures.")
    return found


def manifest(shown: Iterable[Shown]) -> str:
    """A fingerprint of pictures and their classes, in their order."""
    whole = hashlib.sha256()
    for one in shown:
        whole.update(f"{one.index} {sha256_of(one.path)}\n".encode())
    return whole.hexdigest()


def sha256_of(path: Path) -> str:
    """The fingerprint of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def _classes(folder: Path, folders: list[Path], names: tuple[str, ...]) -> tuple[str, ...]:
    numbered = [_NUMBERED.fullmatch(path.name) for path in folders]
    if not all(numbered):
        return names or _listed(folder) or _checked(folder, tuple(path.name for path in folders))
    count = 1 + max(int(match[1]) for match in numbered if match)
    food = FOOD_11 if count == len(FOOD_11) else ()
    return names or _listed(folder) or food or tuple(f"class_{index:02d}" for index in range(count))


def _listed(folder: Path) -> tuple[str, ...]:
    file = folder / NAMES_FILE
    return read_names(file) if file.exists() else ()


def read_names(file: Path) -> tuple[str, ...]:
    """Class names, one per line. Raises BadRequest when they cannot be read, or one cannot be a class's."""
    try:
        return parse_names(file.read_bytes())
    except Malformed as error:
        raise BadRequest(f"{file}: {error}.") from error


def _checked(folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        check_names(names)
    except Malformed as error:
        raise BadRequest(f"{folder}: {error}.") from error
    return names


def _index(folder: str, classes: tuple[str, ...]) -> int:
    match = _NUMBERED.fullmatch(folder)
    named = (index for index, name in enumerate(classes) if same_name(name, folder))
    index = int(match[1]) if match else next(named, len(classes))
    if index >= len(classes):
        raise BadRequest(f"The folder {folder!r} is none of the {len(classes)} classes: {', '.join(classes)}.")
    return index
