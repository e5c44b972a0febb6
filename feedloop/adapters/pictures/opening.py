"""Files as Pillow opens them, within our limits."""

import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from io import BytesIO
from threading import RLock

from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from feedloop.domain.errors import BrokenPicture, TooLarge
from feedloop.domain.upload_limits import LEAST_SIDE, MOST_PIXELS, MOST_PIXELS_IN_FOUR_INKS, MOST_SIDE

Image.MAX_IMAGE_PIXELS = None  # our limits are lower, depend on the type, and are checked before decoding
# Blocks so large that glibc gives them back; of 16 MB, Pillow's default, every thread kept what it once had.
Image.core.set_block_size(64 * 1024**2)  # type: ignore[attr-defined] # documented in Pillow's "Block allocator"

UNREADABLE = (OSError, SyntaxError, ValueError, AssertionError, struct.error)
"""What Pillow raises for a file that is not what it claims to be."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_LARGE = 1_000_000  # a decode takes up to 24 bytes per pixel, and a replica has several threads
_one_large_decode = RLock()


@contextmanager
def open_picture(body: bytes, least: int = LEAST_SIDE) -> Iterator[ImageFile]:
    """The picture, its header checked and its pixels not yet read; a large one waits for its turn."""
    try:
        with Image.open(BytesIO(body), formats=_FORMATS) as image:
            _check(image, least)
            turn = _one_large_decode if image.width * image.height > _LARGE else nullcontext()
            with turn, closing(image):  # its memory is free before the next one starts
                yield image
    except UnidentifiedImageError as error:
        raise BrokenPicture("The picture's header is damaged.") from error
    except UNREADABLE as error:
        raise BrokenPicture("The picture is damaged or cut short.") from error


def _check(image: Image.Image, least: int) -> None:
    pixels, limit = image.width * image.height, MOST_PIXELS[f"image/{image.format}".lower()]
    if image.mode == "CMYK":
        limit = MOST_PIXELS_IN_FOUR_INKS
    if pixels > limit:
        raise too_large(pixels, limit, "megapixels")
    if max(image.size) > MOST_SIDE:
        raise TooLarge(f"{max(image.size)} pixels a side, the limit is {MOST_SIDE}. Send a smaller picture.", MOST_SIDE)
    if min(image.size) < least:
        raise BrokenPicture(f"{image.width} x {image.height} pixels; each side needs {least} or more.")


def too_large(amount: int, limit: int, unit: str) -> TooLarge:
    """The error for an amount of millions of `unit`."""
    return TooLarge(f"{amount / 1e6:.1f} {unit}, the limit is {limit / 1e6:.0f} {unit}. Send a smaller picture.", limit)
