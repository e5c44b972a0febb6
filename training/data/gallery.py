"""Drawings and pictures of nothing as files, in the layout of an image folder."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from random import Random

from feedloop.domain.errors import BadRequest
from training.data.drawings import CLASSES, Style, draw
from training.data.image_folder import NAMES_FILE
from training.data.outliers import outlier

ASPECTS = tuple(field.name for field in fields(Style))
_EVERYTHING = "all"
STYLES = ("first-day", _EVERYTHING, *ASPECTS)
"""What may drift: nothing, everything, or one aspect."""


def drifted(style: str, drift: float) -> Style:
    """The style in which one aspect (or all) has gone a part of its way. Raises BadRequest."""
    if style not in STYLES or not 0 <= drift <= 1:
        raise BadRequest(f"A style is one of {', '.join(STYLES)}, and its drift a number from 0 to 1.")
    return Style(**{aspect: drift for aspect in ASPECTS if style in (aspect, _EVERYTHING)})


def draw_folder(folder: Path, count: int, *, style: Style, seed: int) -> Iterator[Path]:
    """Write `count` drawings, the classes in turn, and yield each; the same seed gives the same pixels."""
    for index in range(len(CLASSES)):
        (folder / f"class_{index:02d}").mkdir(parents=True, exist_ok=True)
    (folder / NAMES_FILE).write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    for number in range(count):
        index, rng = number % len(CLASSES), Random(f"drawing {seed} {number}")
        image = draw(list(CLASSES)[index], rng, style)
        path = folder / f"class_{index:02d}" / f"{seed}-{number:06d}.jpg"
        image.save(path, "JPEG", quality=rng.randint(60, 95))
        yield path


def draw_outliers(folder: Path, count: int, *, seed: int) -> Iterator[Path]:
    """Write `count` pictures of nothing into one folder, and yield each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = Random(f"outlier {seed} {number}")
        path = folder / f"{seed}-{number:06d}.jpg"
        outlier(rng).save(path, "JPEG", quality=rng.randint(60, 95))
        yield path
