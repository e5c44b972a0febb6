"""Pictures by Pillow: an upload becomes an upright JPEG without private metadata, or is refused."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from threading import Lock
from typing import Final

from PIL import Image, UnidentifiedImageError

from feedloop.domain import jpeg
from feedloop.domain.errors import BrokenPicture, TooLarge, UnsupportedPicture
from feedloop.domain.limits import LEAST_SIDE, MOST_BYTES, MOST_PIXELS
from feedloop.ports import Picture

Image.MAX_IMAGE_PIXELS = None  # our limits are lower, depend on the type, and are checked before decoding

QUALITY = 92
"""Of the JPEG that we write when the upload cannot be kept as it is."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_MAGIC = (jpeg.MAGIC, b"\x89PNG\r\n\x1a\n", b"RIFF")
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error)
"""What Pillow raises for a file that is not what it claims to be."""

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Exif's orientations, and what makes each upright."""

_PROFILE_OF = {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}
"""The colour space that an ICC profile names (ICC.1, 7.2.6) by Pillow's mode."""

_LARGE = 12_000_000
_SCALED = 8  # libjpeg decodes at 1/8 nearly for free, and still reads every scan
_one_large_decode = Lock()


def normalise(body: bytes) -> Picture:
    """The upload as an upright JPEG; one that is upright already keeps its pixels bit for bit.

    Raises TooLarge, UnsupportedPicture and BrokenPicture.
    """
    if len(body) > MOST_BYTES:
        raise _too_large(len(body), MOST_BYTES, "MB")
    if not body.startswith(jpeg.MAGIC):
        with _opened(body) as image:
            return _written(_flattened(image), jpeg.orientation(image.info.get("exif", b"")))
    clean, orientation = jpeg.split(body)  # Pillow never sees the rest
    with _opened(clean) as image:
        if orientation != jpeg.UPRIGHT:
            return _written(image, orientation)
        picture = Picture(clean, image.width, image.height)
        image.draft(None, (image.width // _SCALED, image.height // _SCALED))
        image.load()  # a file that is cut short is found here
        return picture


def shrink(picture: Picture, size: int) -> bytes:
    """The picture stretched to a square, as rows of RGB bytes.

    The JPEG is decoded at the smallest scale that leaves at least twice the size, so that
    the bilinear filter (which averages when it shrinks) still sees enough.
    """
    with _opened(picture.jpeg) as image:
        image.draft("RGB", (2 * size, 2 * size))
        return image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR).tobytes()


@contextmanager
def _opened(body: bytes) -> Iterator[Image.Image]:
    """The picture, its header checked and its pixels not yet read; a large one waits for its turn."""
    try:
        with Image.open(BytesIO(body), formats=_FORMATS) as image:
            _check(image)
            with _one_large_decode if image.width * image.height > _LARGE else nullcontext():
                yield image
    except UnidentifiedImageError as error:
        if body.startswith(_MAGIC):
            raise BrokenPicture("The picture's header is damaged.") from error
        raise UnsupportedPicture("Send a JPEG, PNG or WebP picture.") from error
    except _UNREADABLE as error:
        raise BrokenPicture("The picture is damaged or cut short.") from error


def _check(image: Image.Image) -> None:
    pixels, limit = image.width * image.height, MOST_PIXELS[f"image/{image.format}".lower()]
    if pixels > limit:
        raise _too_large(pixels, limit, "megapixels")
    if min(image.size) < LEAST_SIDE:
        raise BrokenPicture(f"{image.width} x {image.height} pixels; each side needs {LEAST_SIDE} or more.")


def _too_large(found: int, limit: int, unit: str) -> TooLarge:
    return TooLarge(f"{found / 1e6:.1f} {unit}, the limit is {limit / 1e6:.0f} {unit}. Send a smaller picture.", limit)


def _flattened(image: Image.Image) -> Image.Image:
    """The first frame as RGB: what is transparent becomes white."""
    if image.mode.startswith("I"):  # 16-bit grey
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    white.info = dict(image.info)
    return white.convert("RGB")


def _written(image: Image.Image, orientation: int) -> Picture:
    """A new JPEG, turned upright, with the ICC profile where it fits the colours."""
    profile = image.info.get("icc_profile") or b""
    turned = image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
    fits = profile[16:20] == _PROFILE_OF[turned.mode]
    file = BytesIO()
    turned.save(file, "JPEG", quality=QUALITY, icc_profile=profile if fits else None, comment="")
    return Picture(file.getvalue(), turned.width, turned.height)
