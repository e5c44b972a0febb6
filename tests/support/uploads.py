"""Pictures as visitors send them, drawn on the spot."""

from functools import cache
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image

from training.data.drawings import draw
from training.data.outliers import clouds

ORIENTATION, DESCRIPTION, GPS = 0x0112, 0x010E, 0x8825
SECRET = b"Rue de la Paix 7"


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A picture with four different corners: turning it shows."""
    corners = Image.frombytes("RGB", (2, 2), bytes((220, 30, 30, 30, 200, 30, 30, 30, 220, 240, 240, 240)))
    return corners.resize((width, height), Image.Resampling.BILINEAR)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def private_exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: how it was held, and where."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = orientation, SECRET.decode()
    exif[GPS] = {1: "N", 2: (48.0, 51.0, 24.0)}
    return exif


def pixels(body: bytes) -> Image.Image:
    """The decoded picture."""
    image = Image.open(BytesIO(body))
    image.load()
    return image


@cache
def clear_upload() -> bytes:
    """A drawing that the demonstration model is sure about."""
    return encoded(draw("Rice", Random(2)))


@cache
def unclear_upload() -> bytes:
    """A picture of nothing: the demonstration model does not know what to say."""
    return encoded(clouds(Random(1)))
