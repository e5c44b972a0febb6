"""Pictures by Pillow: an upload becomes an upright JPEG without private metadata, or is refused.

Every model gets its pixels from this module: in predict, training, comparison and the benchmarks they are the same.
"""

from functools import partial
from io import BytesIO
from itertools import chain
from typing import Final

from PIL import Image

from feedloop.adapters.pictures import scans
from feedloop.adapters.pictures.colours import SPACES, on_white, png_on_white, to_srgb
from feedloop.adapters.pictures.opening import open_picture, too_large
from feedloop.domain import exif, icc, jpeg, png, webp
from feedloop.domain.cards import GRAY, INTERPOLATIONS, Preprocessing
from feedloop.domain.errors import BrokenPicture, UnsupportedPicture
from feedloop.domain.jpeg import Jpeg
from feedloop.domain.png import Png
from feedloop.domain.stripped_picture import StrippedPicture
from feedloop.domain.upload_limits import MOST_BYTES
from feedloop.ports import Picture, View

QUALITY = 92
"""Of the JPEG that we write when the upload cannot be kept as it is."""

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

_FILTERS = {name: Image.Resampling[name.upper()] for name in INTERPOLATIONS}
_SPACES = {1: icc.GREY, 3: icc.RGB, 4: icc.CMYK}
"""The colours that an ICC profile explains, by the number of a JPEG's components."""
_REDUCED = 448  # pixels a side, at least: twice the input of the largest usual classifier
_MOST_WALKED = 1_000_000_000  # pixels of all scans: each costs a walk over the whole picture, however short it is
_MOST_WORK = 200_000_000  # pixels of all scans that are decoded once more for what stands behind them
_EMPTY = {127, 128}
"""The levels that libjpeg fills in where pixels are missing."""


def normalise(body: bytes, *, preprocessing: Preprocessing | None = None) -> Picture:
    """The upload as an upright JPEG; one that is upright already keeps its pixels bit for bit.

    Of what is decoded to check it the picture's view is made, for a classifier with this preprocessing: what prepare()
    would give. Raises TooLarge, UnsupportedPicture and BrokenPicture.
    """
    parts = _split(body)
    if isinstance(parts, Jpeg):
        return _normalise_jpeg(parts, preprocessing)
    if isinstance(parts, Png):
        with open_picture(parts.body) as image:
            return _normalise_other(png_on_white(image, parts), parts.stripped, preprocessing)
    with open_picture(parts.body) as image:
        return _normalise_other(on_white(image), parts, preprocessing)


def measure(body: bytes) -> tuple[int, int]:
    """Width and height, also of too small a picture, before pixels are decoded. Otherwise raises as normalise()."""
    with open_picture(_split(body).body, least=1) as image:
        return image.size


def decode(picture: Picture, side: int) -> Image.Image:
    """The picture in sRGB, as models get it; decoded smaller where both sides stay at least this long.

    Raises BrokenPicture.
    """
    with open_picture(picture.jpeg) as image:
        return _small(image, side).copy()  # its file is closed


def prepare(picture: Picture, preprocessing: Preprocessing) -> bytes:
    """What a model gets to see: the picture resized and cropped, as size * size * 3 bytes, rows of RGB.

    The JPEG is decoded at the smallest scale that leaves both sides at least `preprocessing.decode_side`, so that
    filters, which average when they shrink, still get enough pixels. Only what stays is resized: the filter still sees
    what is cut off, so the pixels are those of resizing all and cropping. Raises BrokenPicture.
    """
    view = picture.view
    if view and view.preprocessing == preprocessing:
        return view.rgb
    image = decode(picture, preprocessing.decode_side)
    return _prepared(image, (picture.width, picture.height), preprocessing).rgb


def _prepared(image: Image.Image, full: tuple[int, int], preprocessing: Preprocessing) -> View:
    """The same of a picture that is decoded; `full` is its size as it came."""
    if preprocessing.channels == GRAY:
        image = image.convert("L").convert("RGB")
    x, y = image.width / full[0], image.height / full[1]
    left, top, right, bottom = preprocessing.box(*full)
    size = (preprocessing.size, preprocessing.size)
    box = (left * x, top * y, min(right * x, image.width), min(bottom * y, image.height))
    return View(image.resize(size, _FILTERS[preprocessing.interpolation], box).tobytes(), preprocessing)


def _split(body: bytes) -> Jpeg | Png | StrippedPicture:
    if len(body) > MOST_BYTES:
        raise too_large(len(body), MOST_BYTES, "MB")
    if body.startswith(jpeg.MAGIC):
        return jpeg.split(body)
    if body.startswith(png.MAGIC):
        return png.split(body)
    if webp.is_webp(body):
        return webp.split(body)
    raise UnsupportedPicture("Send a JPEG, PNG or WebP picture.")


def _normalise_jpeg(parts: Jpeg, preprocessing: Preprocessing | None) -> Picture:
    """Kept as it is where that is upright, decoded by every browser, and its colours need no table to be understood."""
    profile = icc.parse_profile(parts.profile, _SPACES.get(parts.colours, b""))
    kept = profile.clean if profile else b""
    pieces = jpeg.pieces(parts.segments, kept)  # Pillow never sees the rest
    clean = b"".join(chain.from_iterable(pieces))
    stays = parts.orientation == exif.UPRIGHT and parts.decodes_everywhere and (kept or not profile)
    with open_picture(clean) as image:
        size, tight = image.size, b""
        if size[0] * size[1] * len(pieces) > _MOST_WALKED:
            raise BrokenPicture(f"The JPEG has {len(pieces) - 1} scans, too many for a picture so large.")
        if stays:
            side = preprocessing.decode_side if preprocessing else 1
            image.draft("RGB", (side, side))
            tight = _trimmed(clean, pieces, scans.load(image, pieces), size)
        if _ends_empty(image) or not parts.ended:
            _check_end(clean, coarse=parts.ended and parts.decodes_everywhere)
        if tight:
            return Picture(
                tight, *size, _prepared(to_srgb(image, kept), size, preprocessing) if preprocessing else None
            )
        if not stays:
            return _encode(image, parts.orientation, parts.profile, preprocessing)
    with open_picture(clean) as image:
        return _encode(image, parts.orientation, kept, preprocessing)


def _trimmed(clean: bytes, pieces: scans.Pieces, needed: list[int], size: tuple[int, int]) -> bytes:
    """The file without what stands behind the last pixel of a scan, which is nothing in all but a few files.

    Empty when that cannot be found out soon, or pixels would change.
    """
    if all(count >= len(scan) for count, (_, scan) in zip(needed, pieces, strict=True)):
        return clean
    if size[0] * size[1] * len(pieces) > _MOST_WORK:
        return b""
    counts = scans.lengths(partial(open_picture, clean), pieces, needed)
    tight = b"".join(head + scan[:count] for (head, scan), count in zip(pieces, counts, strict=True))
    return tight if _decoded(tight, coarse=False) == _decoded(clean, coarse=False) else b""


def _normalise_other(image: Image.Image, stripped: StrippedPicture, preprocessing: Preprocessing | None) -> Picture:
    """A PNG or WebP; grey becomes colour, whose profile is another kind than grey's."""
    grey = image.mode == "L" and icc.parse_profile(stripped.profile, icc.GREY)
    coloured = to_srgb(image, stripped.profile) if grey else image.convert("RGB")
    return _encode(coloured, stripped.orientation, b"" if grey else stripped.profile, preprocessing)


def _small(image: Image.Image, side: int) -> Image.Image:
    """The whole picture in sRGB, scaled down while both sides stay as long; what is cut short is found here."""
    image.draft("RGB", (side, side))
    image.load()
    return to_srgb(image, image.info.get("icc_profile") or b"")


def _ends_empty(image: Image.Image) -> bool:
    """Whether the last pixel may not have been there: libjpeg fills in and warns, and Pillow does not pass it on."""
    last = image.crop((image.width - 1, image.height - 1, *image.size))
    return set(last.tobytes()) <= _EMPTY


def _check_end(clean: bytes, *, coarse: bool) -> None:
    """Raises BrokenPicture when more bytes would be more pixels; coarse: only where whole pixels are missing."""
    pixels = _decoded(clean, coarse=coarse)
    if any(_decoded(more, coarse=coarse) != pixels for more in jpeg.prolonged(clean)):
        raise BrokenPicture("Pixels are missing at the end of the JPEG.")


def _decoded(body: bytes, *, coarse: bool) -> bytes:
    """The pixels of a JPEG; coarse at an eighth of its scale, which is enough to see that some of them changed."""
    with open_picture(body) as image:
        if coarse:
            image.draft(None, (image.width // 8, image.height // 8))
        return image.tobytes()


def _encode(image: Image.Image, orientation: int, profile: bytes, preprocessing: Preprocessing | None) -> Picture:
    """A new JPEG, turned upright, with the profile that explains its colours; one that needs tables is applied."""
    parsed = icc.parse_profile(profile, SPACES[image.mode])
    kept = parsed.clean if parsed else b""
    meant = to_srgb(image, profile) if parsed and not kept else image
    turned = meant.transpose(_TURNS[orientation]) if orientation in _TURNS else meant
    file = BytesIO()
    turned.save(file, "JPEG", quality=QUALITY, icc_profile=kept or None, comment="")
    return Picture(file.getvalue(), *turned.size, _reduced(turned, kept, preprocessing) if preprocessing else None)


def _reduced(image: Image.Image, profile: bytes, preprocessing: Preprocessing) -> View | None:
    """The view of a picture that is large and decoded already; a small one is soon decoded again, and exactly."""
    side = max(preprocessing.decode_side, _REDUCED)
    fits = [scale for scale in (8, 4, 2) if min(image.size) >= scale * side]
    return _prepared(to_srgb(image.reduce(fits[0]), profile), image.size, preprocessing) if fits else None
