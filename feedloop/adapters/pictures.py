"""Pictures by Pillow: an upload becomes an upright JPEG without private metadata, or is refused."""

import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from io import BytesIO
from threading import RLock
from typing import Final

from PIL import Image, UnidentifiedImageError

from feedloop.domain import jpeg
from feedloop.domain.errors import BrokenPicture, TooLarge, UnsupportedPicture
from feedloop.domain.limits import LEAST_SIDE, MOST_BYTES, MOST_PIXELS, MOST_PIXELS_IN_FOUR_INKS, MOST_SIDE
from feedloop.ports import Picture, View

Image.MAX_IMAGE_PIXELS = None  # our limits are lower, depend on the type, and are checked before decoding
# Blocks so large that glibc gives them back; of 16 MB, Pillow's default, every thread kept what it once had.
Image.core.set_block_size(64 * 1024**2)  # type: ignore[attr-defined] # documented in Pillow's "Block allocator"

QUALITY = 92
"""Of the JPEG that we write when the upload cannot be kept as it is."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_MAGIC = (jpeg.MAGIC, b"\x89PNG\r\n\x1a\n", b"RIFF")
_UNREADABLE = (OSError, SyntaxError, ValueError, AssertionError, struct.error)
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

_LARGE = 1_000_000  # a decode takes up to 24 bytes per pixel, and a replica has several threads
_VIEW = 448  # twice what the largest usual classifier looks at
_LARGEST_VIEW = 2_000_000
_EMPTY = {127, 128}
"""The levels that libjpeg fills in where pixels are missing."""
_one_large_decode = RLock()


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
        if orientation == jpeg.UPRIGHT:
            picture = Picture(clean, *image.size, view=_view(_small(image, _VIEW)))
        else:
            picture = _written(image, orientation)
        if _ends_empty(image) and _coarse(clean) != _coarse(jpeg.prolonged(clean)):
            raise BrokenPicture("The JPEG has an end, but pixels before it are missing.")
        return picture


def shrink(picture: Picture, size: int) -> bytes:
    """The picture stretched to a square, as rows of RGB bytes.

    The JPEG is decoded at the smallest scale that leaves at least twice the size, so that
    the bilinear filter (which averages when it shrinks) still sees enough.
    """
    view = picture.view
    if view and 2 * size <= _VIEW:
        return _squared(Image.frombuffer("RGB", (view.width, view.height), view.rgb), size)
    with _opened(picture.jpeg) as image:
        return _squared(_small(image, 2 * size), size)


def _small(image: Image.Image, side: int) -> Image.Image:
    """The whole picture in RGB, scaled down while both sides stay as long; what is cut short is found here."""
    image.draft("RGB", (side, side))
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def _view(small: Image.Image) -> View | None:
    """What a classifier will look at; a long and narrow picture stays large, and is better decoded again."""
    pixels = small.width * small.height
    return View(small.tobytes(), small.width, small.height) if pixels <= _LARGEST_VIEW else None


def _squared(small: Image.Image, size: int) -> bytes:
    return small.resize((size, size), Image.Resampling.BILINEAR).tobytes()


def _ends_empty(image: Image.Image) -> bool:
    """Whether the last pixel may not have been there: libjpeg fills in and warns, and Pillow does not pass it on."""
    last = image.crop((image.width - 1, image.height - 1, *image.size))
    return set(last.tobytes()) <= _EMPTY


def _coarse(body: bytes) -> bytes:
    """A JPEG at an eighth of its scale: enough to see that some of it changed."""
    with _opened(body) as image:
        image.draft(None, (image.width // 8, image.height // 8))
        return image.tobytes()


@contextmanager
def _opened(body: bytes) -> Iterator[Image.Image]:
    """The picture, its header checked and its pixels not yet read; a large one waits for its turn."""
    try:
        with Image.open(BytesIO(body), formats=_FORMATS) as image:
            _check(image)
            turn = _one_large_decode if image.width * image.height > _LARGE else nullcontext()
            with turn, closing(image):  # its memory is free before the next one starts
                yield image
    except UnidentifiedImageError as error:
        if body.startswith(_MAGIC):
            raise BrokenPicture("The picture's header is damaged.") from error
        raise UnsupportedPicture("Send a JPEG, PNG or WebP picture.") from error
    except _UNREADABLE as error:
        raise BrokenPicture("The picture is damaged or cut short.") from error


def _check(image: Image.Image) -> None:
    pixels, limit = image.width * image.height, MOST_PIXELS[f"image/{image.format}".lower()]
    if image.mode == "CMYK":
        limit = MOST_PIXELS_IN_FOUR_INKS
    if pixels > limit:
        raise _too_large(pixels, limit, "megapixels")
    if max(image.size) > MOST_SIDE:
        raise TooLarge(f"{max(image.size)} pixels a side, the limit is {MOST_SIDE}. Send a smaller picture.", MOST_SIDE)
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
    return Picture(file.getvalue(), *turned.size, view=_reduced(turned))


def _reduced(image: Image.Image) -> View | None:
    """The view of a picture that is large and decoded already; a small one is soon decoded again, and exactly."""
    fits = [scale for scale in (8, 4, 2) if min(image.size) >= scale * _VIEW]
    return _view(image.reduce(fits[0]).convert("RGB")) if fits else None
