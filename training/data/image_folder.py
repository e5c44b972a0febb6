"""An image folder: one sub-folder per class, and the order of the classes.

The order is that of `classes.txt` (one name per line) when the folder has one. Sub-folders
called `class_00`, `class_01`, ... carry their index, as in the dataset buckets; with
eleven of them and no other names given they are Food-11's. Any other sub-folders are
classes by their own names, sorted. What is no picture of a class is left out and
counted: training/data/picture_files.py.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unicodedata import normalize

from feedloop.adapters import pictures
from feedloop.domain.class_names import check_names, parse_names, same_form
from feedloop.domain.errors import BadRequest, Malformed, Refused
from feedloop.ports import Picture
from training.data import manifests, picture_files

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
_NUMBERED = re.compile(r"class_(\d{2,4})")


@dataclass(frozen=True, slots=True)
class Example:
    """A picture on disk and the index of its class; None for an outlier, which shows none of them."""

    path: Path
    index: int | None

    def picture(self) -> Picture:
        """As predict decodes it; every file is opened by this. Raises BadRequest."""
        try:
            return pictures.normalise(self.path.read_bytes())
        except (OSError, Refused) as error:
            raise BadRequest(f"{self.path} cannot be used: {error}") from error


@dataclass(frozen=True, slots=True)
class Pictures:
    """The classes by index, and every picture of them in a fixed order."""

    classes: tuple[str, ...]
    examples: tuple[Example, ...]
    folder: Path | None = None

    def split(self, share: float, *, seed: int) -> tuple[list[Example], list[Example]]:
        """Without and with a `share` of every class, at least one picture of each."""
        training: list[Example] = []
        validation: list[Example] = []
        for index in range(len(self.classes)):
            own = [one for one in self.examples if one.index == index]
            Random(f"{seed} {index}").shuffle(own)
            cut = max(1, round(len(own) * share))
            validation += own[:cut]
            training += own[cut:]
        return training, validation

    def version(self) -> str:
        """The dataset's version: its manifest's when it has one, else a fingerprint of all pictures and classes.

        Raises BadRequest when pictures and manifest differ.
        """
        if self.folder is None or not (self.folder / manifests.FILE).exists():
            return fingerprint(self.examples)
        files = {
            (self.classes[one.index], one.path.name, sha256_of(one.path))
            for one in self.examples
            if one.index is not None
        }
        return manifests.checked_version(self.folder, files)


def class_folder(index: int, classes: int) -> str:
    """The name of a class's folder: sorted by name, the folders of all `classes` come in the order of their indices."""
    return f"class_{index:0{max(2, len(str(classes - 1)))}d}"


def load_pictures(folder: Path, names: Iterable[str] = (), *, complete: bool = True) -> Pictures:
    """The pictures of an image folder, of every class when it must be `complete`. Raises BadRequest."""
    left, named = picture_files.Left(), tuple(names) or _listed(folder)
    class_folders = picture_files.class_folders(folder, left, frozenset(named))
    files = {path: picture_files.list_pictures(path, left) for path in class_folders}
    if not files:
        raise BadRequest(f"{folder} has no sub-folders: give a folder with one sub-folder of pictures per class.")
    kept = [  # a class is one also without a picture
        path
        for path, inside in files.items()
        if inside or _NUMBERED.fullmatch(path.name) or any(same_form(name, path.name) for name in named)
    ] or list(files)
    left[picture_files.WITHOUT] += len(files) - len(kept)
    classes = named or _classes(folder, kept)
    examples = [Example(path, _index(at.name, classes)) for at in kept for path in files[at]]
    picture_files.report_left_out(folder, left)
    missing = [name for index, name in enumerate(classes) if all(one.index != index for one in examples)]
    if not examples or (missing and complete):
        raise BadRequest(f"{folder} has no JPEG, PNG or WebP picture of {', '.join(missing)}.")
    return Pictures(classes, tuple(examples), folder)


def has_classes(folder: Path, classes: Iterable[str]) -> bool:
    """Whether any sub-folder is called as one of these classes, or by an index (class_00)."""
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return any(_NUMBERED.fullmatch(name) or any(same_form(one, name) for one in classes) for name in names)


def load_outliers(folder: Path) -> list[Example]:
    """All pictures below a folder as pictures of none of the classes. Raises BadRequest when there is none."""
    left = picture_files.Left()
    outliers = [Example(path, None) for path in picture_files.list_pictures(folder, left)]
    picture_files.report_left_out(folder, left)
    if not outliers:
        raise BadRequest(f"{folder} has no JPEG, PNG or WebP pictures.")
    return outliers


def fingerprint(examples: Iterable[Example]) -> str:
    """A fingerprint of pictures and their classes, in their order."""
    whole = hashlib.sha256()
    for one in examples:
        whole.update(f"{one.index} {sha256_of(one.path)}\n".encode())
    return whole.hexdigest()


def sha256_of(path: Path) -> str:
    """The fingerprint of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _classes(folder: Path, kept: list[Path]) -> tuple[str, ...]:
    """As the folders say; two that have the same name in other signs are one class."""
    numbered = [_NUMBERED.fullmatch(path.name) for path in kept]
    if not all(numbered):
        return _checked(
            folder, tuple({normalize("NFC", path.name): path.name for path in reversed(kept)}.values())[::-1]
        )
    count = 1 + max(int(match[1]) for match in numbered if match)
    food = FOOD_11 if count == len(FOOD_11) else ()
    return food or tuple(f"class_{index:02d}" for index in range(count))


def _listed(folder: Path) -> tuple[str, ...]:
    file = folder / NAMES_FILE
    return load_names(file) if file.exists() else ()


def load_names(file: Path) -> tuple[str, ...]:
    """Class names, one per line. Raises BadRequest when they cannot be read, or one cannot be a class's."""
    try:
        return parse_names(file.read_bytes())
    except (Malformed, OSError) as error:
        raise BadRequest(f"{file}: {error}.") from error


def _checked(folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        check_names(names)
    except Malformed as error:
        raise BadRequest(f"{folder}: {error}.") from error
    return names


def _index(folder: str, classes: tuple[str, ...]) -> int:
    match = _NUMBERED.fullmatch(folder)
    named = (index for index, name in enumerate(classes) if same_form(name, folder))
    index = int(match[1]) if match else next(named, len(classes))
    if index >= len(classes):
        raise BadRequest(f"The folder {folder!r} is none of the {len(classes)} classes: {', '.join(classes)}.")
    return index
