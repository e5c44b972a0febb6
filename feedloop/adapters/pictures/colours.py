"""Colours as a screen shows them: transparent ones on white, those with a profile in sRGB."""

from functools import reduce
from io import BytesIO

from PIL import Image, ImageChops, ImageCms

from feedloop.adapters.pictures.opening import UNREADABLE, open_picture
from feedloop.domain import icc
from feedloop.domain.png import Png

SPACES = {"L": icc.GREY, "RGB": icc.RGB, "CMYK": icc.CMYK}
"""The colours that an ICC profile explains, by Pillow's mode."""

_DEEP = 16


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture as a screen shows it: in sRGB."""
    parsed = icc.parse_profile(profile, SPACES[image.mode])
    if not parsed or parsed.is_srgb:
        return image if image.mode == "RGB" else image.convert("RGB")
    try:
        meant = ImageCms.ImageCmsProfile(BytesIO(parsed.clean or profile))
        return ImageCms.buildTransform(meant, ImageCms.createProfile("sRGB"), image.mode, "RGB").apply(image)
    except (ImageCms.PyCMSError, *UNREADABLE):  # broken in a way that only a conversion finds
        return image.convert("RGB")


def on_white(image: Image.Image) -> Image.Image:
    """The first frame in grey or RGB: what is transparent becomes white."""
    if not image.has_transparency_data:
        return image.convert("L" if image.mode in ("1", "L") else "RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("L" if image.mode == "LA" else "RGB")


def png_on_white(image: Image.Image, parts: Png) -> Image.Image:
    """The same of a PNG, whose one transparent colour counts to its last bit: 8 of 16 bits would be many colours."""
    deep = parts.depth == _DEEP
    if image.mode == "I;16":
        pairs = image.tobytes()
        low, high = (Image.frombytes("L", image.size, pairs[at::2]) for at in (0, 1))
    else:
        high = on_white(image)
        low = _low_bytes(parts) if deep and parts.key else high
    if parts.key:
        scale = 1 if deep else 255 // ((1 << parts.depth) - 1)
        high_levels = [level >> 8 if deep else level * scale for level in parts.key]
        low_levels = [level & 255 for level in parts.key] if deep else high_levels
        bands = zip((*high.split(), *low.split()), high_levels + low_levels, strict=True)
        masks = [band.point([255 * (level == key) for level in range(256)]) for band, key in bands]
        high.paste("white", mask=reduce(ImageChops.darker, masks))
    return high


def _low_bytes(parts: Png) -> Image.Image:
    """The lower bytes of 16-bit colours, which Pillow leaves out."""
    with open_picture(parts.body) as image:
        image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
        return image.convert("RGB")
