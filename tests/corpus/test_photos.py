"""What a visitor may rely on: colours and pixels stay, and what the file tells about him never reaches the store."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from feedloop.adapters.pictures import normalise
from tests.support import profiles
from tests.support.hostile import archive
from tests.support.mutants import PNG, chunk, segment
from tests.support.uploads import SECRET, encoded, pixels, private_exif, scene

MODES = ["RGB", "L", "CMYK", "YCCK"]
WAYS = [
    {},
    {"progressive": True},
    {"restart_marker_rows": 1},
    {"restart_marker_blocks": 2},
    {"subsampling": "4:4:4"},
    {"subsampling": "4:2:2"},
    {"subsampling": "4:2:0"},
    {"quality": 100, "optimize": True},
]
PROFILE = profiles.coloured()


def jpeg(mode, **options):
    """A JPEG with odd sides; Pillow writes no YCCK, but reads what is marked as such."""
    image = scene(131, 93).convert("CMYK" if mode == "YCCK" else mode)
    image.paste(ImageChops.offset(image, 7, 5).crop((30, 30, 60, 60)), (40, 40))
    body = encoded(image, **options)
    at = body.find(b"Adobe") + 11
    return body[:at] + b"\2" + body[at + 1 :] if mode == "YCCK" else body


def apart(one, other):
    assert (one.size, one.mode) == (other.size, other.mode)
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def phone_photo(orientation=6):
    """All that phones put into one file: camera, place, note of the maker, preview, XMP, second picture, video."""
    exif = private_exif(orientation)
    exif.get_ifd(0x8769).update({0x927C: SECRET * 9, 0x9003: SECRET.decode(), 0xA420: SECRET.decode()})
    photo = encoded(scene(200, 150), exif=exif, xmp=SECRET, comment=SECRET, icc_profile=PROFILE)
    preview = segment(0xE1, b"Exif\0\0" + encoded(scene(32, 32), comment=SECRET))
    extended = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET * 99)
    second = segment(0xE2, b"MPF\0MM\0*" + SECRET)
    maker = segment(0xE5, SECRET) + segment(0xED, b"Photoshop 3.0\0" + SECRET) + segment(0xE0, b"JFXX\0" + SECRET)
    return photo[:2] + maker + preview + extended + second + photo[2:] + encoded(scene(), comment=SECRET) + archive()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_nothing_that_a_phone_tells_is_kept(orientation):
    photo = phone_photo(orientation)
    kept = normalise(photo).jpeg
    assert (photo.count(SECRET) > 100, SECRET in kept) == (True, False)
    assert pixels(kept).info["icc_profile"] == profiles.clean(PROFILE)
    assert not {"exif", "xmp", "comment", "mp", "photoshop"} & set(pixels(kept).info)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", WAYS, ids=str)
def test_an_upright_jpeg_keeps_every_pixel(mode, options):
    body = jpeg(mode, **options)
    expected, kept = pixels(body), pixels(normalise(body).jpeg)
    assert (kept.mode, kept.tobytes()) == (expected.mode, expected.tobytes())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_jpeg_keeps_its_colours(mode, orientation):
    body = jpeg(mode, exif=private_exif(orientation), quality=95)
    assert apart(pixels(normalise(body).jpeg), ImageOps.exif_transpose(pixels(body))) < 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_colours_keep_the_profile_that_says_how_they_are_meant(kind):
    body = encoded(scene(), kind, icc_profile=PROFILE)
    assert pixels(normalise(body).jpeg).info["icc_profile"] == profiles.clean(PROFILE)


def over_white(body):
    """How any viewer shows it on paper."""
    image = Image.open(BytesIO(body)).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def faded(mode):
    """A picture that gets more transparent to the right."""
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").rotate(90).resize(image.size))
    return image.convert(mode)


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA")])
def test_what_is_half_transparent_lies_on_white(kind, mode):
    body = encoded(faded(mode), kind, lossless=True)
    assert apart(pixels(normalise(body).jpeg), over_white(body)) < 3


def test_a_palette_with_transparent_colours_lies_on_white():
    body = encoded(scene().quantize(16), "PNG", transparency=bytes(range(0, 256, 16)))
    assert apart(pixels(normalise(body).jpeg), over_white(body)) < 4


@pytest.mark.parametrize(
    ("colour", "levels", "expected"),
    [
        (0, (90,), (90, 90, 90)),
        (2, (200, 90, 30), (200, 90, 30)),
        (4, (90, 255), (90, 90, 90)),
        (6, (200, 90, 30, 255), (200, 90, 30)),
        (6, (200, 90, 30, 0), (255, 255, 255)),
    ],
)
def test_sixteen_bits_look_like_eight(colour, levels, expected):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 16, colour, 0, 0, 0))
    row = b"\0" + b"".join(bytes((level, 7)) for level in levels) * 32
    body = PNG + head + chunk(b"IDAT", zlib.compress(row * 32)) + chunk(b"IEND", b"")
    assert pixels(normalise(body).jpeg).getpixel((9, 9)) == pytest.approx(expected, abs=2)
