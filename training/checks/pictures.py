"""The pictures that a model is checked with when nobody gives any, and those where arithmetic fails."""

from functools import cache
from io import BytesIO
from random import Random

from PIL import Image

from feedloop.adapters import pictures
from feedloop.ports import Picture
from training.data import drawings
from training.data.outliers import outlier

PLAIN = ("a black picture", "a white picture", "noise")
"""What `plain_pictures` are."""
_SIDE = 256


@cache
def drawn_pictures() -> tuple[bytes, ...]:
    """Sixteen drawings: one of each class of ours, and five of nothing in particular."""
    drawn = [drawings.draw(name, Random(f"check {name}")) for name in drawings.CLASSES]
    return tuple(_jpeg(one) for one in (*drawn, *(outlier(Random(f"check {number}")) for number in range(5))))


@cache
def plain_pictures() -> tuple[Picture, ...]:
    """Black, white and noise: where a square root or a division fails."""
    noise = Image.frombytes("RGB", (_SIDE, _SIDE), Random("noise").randbytes(3 * _SIDE * _SIDE))
    black, white = (Image.new("RGB", (_SIDE, _SIDE), colour) for colour in ("black", "white"))
    return tuple(pictures.normalise(_jpeg(one)) for one in (black, white, noise))


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()
