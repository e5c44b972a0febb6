import threading
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat
from PIL.PngImagePlugin import PngInfo

from feedloop.adapters import pictures
from feedloop.adapters.pictures import decode, normalise, prepare
from feedloop.adapters.pictures.colours import SPACES
from feedloop.domain.errors import BrokenPicture, TooLarge, UnsupportedPicture
from feedloop.domain.upload_limits import MOST_BYTES
from feedloop.ports import Picture
from tests.support import profiles
from tests.support.stretching import stretched
from tests.support.uploads import SECRET, encoded, pixels, private_exif, scene

KINDS = ["JPEG", "PNG", "WEBP"]


def same(one, other, tolerance=0):
    """Whether two pictures look alike: the mean difference per colour."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean) <= tolerance


def in_srgb(image):
    """How a screen shows it, by its profile."""
    meant = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    return ImageCms.profileToProfile(image, meant, ImageCms.createProfile("sRGB"), outputMode="RGB")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"quality": 30}])
def test_an_upright_jpeg_keeps_its_pixels_bit_for_bit(options):
    body = encoded(scene(), exif=private_exif(), comment=b"hello", **options)
    assert pixels(normalise(body).jpeg).tobytes() == pixels(body).tobytes()


@pytest.mark.parametrize("size", [(96, 64), (1000, 2000)])
@pytest.mark.parametrize("kind", KINDS)
def test_how_large_it_is_is_told(kind, size):
    picture = normalise(encoded(scene(*size), kind))
    assert pictures.measure(encoded(scene(*size), kind)) == size
    assert (picture.width, picture.height) == pixels(picture.jpeg).size == size


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_large_file_with_words_behind_its_pixels_is_written_anew(monkeypatch, options):
    body = encoded(scene(), **options)[:-2] + SECRET * 9 + b"\xff\xd9"
    assert pixels(normalise(body).jpeg).tobytes() == pixels(body).tobytes()
    monkeypatch.setattr(pictures, "_MOST_WORK", 0)
    written = normalise(body).jpeg
    assert SECRET not in written
    assert written != encoded(scene(), **options)
    assert same(pixels(written), pixels(body), 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", [1, 6])
def test_where_and_by_whom_it_was_taken_is_gone(kind, orientation):
    body = encoded(scene(), kind, exif=private_exif(orientation))
    assert SECRET in body
    assert SECRET not in normalise(body).jpeg
    assert dict(pixels(normalise(body).jpeg).getexif()) == {}


@pytest.mark.parametrize("extra", [{"comment": SECRET}, {"xmp": SECRET}])
def test_comments_and_xmp_are_gone(extra):
    body = encoded(scene(), **extra)
    assert SECRET in body
    assert SECRET not in normalise(body).jpeg


def test_the_comment_of_a_png_is_gone():
    words = PngInfo()
    words.add_text("comment", SECRET.decode())
    assert SECRET not in normalise(encoded(scene(), "PNG", pnginfo=words)).jpeg


def test_nothing_follows_the_end_of_the_picture():
    body = encoded(scene())
    assert normalise(body + SECRET + encoded(scene(32, 32))).jpeg == normalise(body).jpeg
    assert normalise(body).jpeg.endswith(b"\xff\xd9")


def test_a_preview_inside_the_header_is_gone():
    body = encoded(scene())
    thumbnail = bytes((2, 2)) + bytes(range(12))
    assert body[2:4] == b"\xff\xe0"
    with_preview = body[:4] + (28).to_bytes(2, "big") + body[6:18] + thumbnail + body[20:]
    assert normalise(with_preview).jpeg == body


def test_a_second_picture_of_a_phone_is_gone():
    two = encoded(scene(), "MPO", save_all=True, append_images=[scene().rotate(180)])
    assert pixels(normalise(two).jpeg).format == "JPEG"
    assert len(normalise(two).jpeg) < len(two) * 0.7


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_a_turned_picture_becomes_upright(kind, orientation):
    body = encoded(scene(), kind, exif=private_exif(orientation))
    picture, upright = normalise(body), ImageOps.exif_transpose(pixels(body))
    assert (picture.width, picture.height) == upright.size == ((96, 64) if orientation < 5 else (64, 96))
    assert same(pixels(picture.jpeg), upright, 3)


@pytest.mark.parametrize("orientation", [1, 8])
@pytest.mark.parametrize(("mode", "profile"), [("RGB", profiles.coloured()), ("L", profiles.grey())])
def test_a_jpeg_keeps_its_colours_and_their_profile_without_its_texts(mode, profile, orientation):
    body = encoded(scene().convert(mode), exif=private_exif(orientation), icc_profile=profile)
    kept = pixels(normalise(body).jpeg)
    expected = pixels(body).rotate(90, expand=True) if orientation == 8 else pixels(body)
    assert (SECRET in body, SECRET in normalise(body).jpeg) == (True, False)
    assert (kept.mode, kept.info["icc_profile"]) == (mode, profiles.clean(profile, SPACES[mode]))
    assert same(kept, expected, 0 if orientation == 1 else 3)
    assert same(in_srgb(kept), in_srgb(expected), 0 if orientation == 1 else 3)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(64, 64), (1600, 900)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_sees_the_colours_that_a_profile_means(kind, size, orientation):
    body = encoded(scene(*size), kind, icc_profile=profiles.coloured(), exif=private_exif(orientation), quality=95)
    seen = Image.frombytes("RGB", (32, 32), prepare(normalise(body), stretched(32)))
    meant = ImageOps.exif_transpose(pixels(body))
    meant.info["icc_profile"] = profiles.coloured()
    exact = in_srgb(meant).resize((32, 32), Image.Resampling.BILINEAR)
    assert same(seen, exact, 3)
    assert not same(seen, meant.resize((32, 32), Image.Resampling.BILINEAR), 5)


def test_a_model_sees_the_light_that_a_profile_of_grey_means():
    body = encoded(scene(64, 64).convert("L"), icc_profile=profiles.grey())
    assert same(decode(normalise(body), 64), in_srgb(pixels(body)))


@pytest.mark.parametrize("profile", [b"", profiles.coloured(profiles.SRGB), profiles.grey(), SECRET * 200])
def test_without_another_profile_than_srgb_nothing_is_converted(profile):
    body = encoded(scene(), icc_profile=profile)
    assert decode(normalise(body), 96).tobytes() == pixels(body).tobytes()
    assert SECRET not in normalise(body).jpeg


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(("mode", "inks"), [("RGB", (0, 255, 0)), ("CMYK", (255, 0, 0, 0))])
def test_colours_that_need_tables_are_written_anew(mode, inks, orientation):
    profile = profiles.by_tables(SPACES[mode], profiles.PRINTED)
    body = encoded(Image.new(mode, (64, 48), inks), icc_profile=profile, exif=private_exif(orientation))
    picture = normalise(body)
    kept = pixels(picture.jpeg)
    assert (kept.mode, kept.info.get("icc_profile"), SECRET in picture.jpeg) == ("RGB", None, False)
    assert kept.getpixel((9, 9)) == pytest.approx((254, 0, 0), abs=9)
    assert decode(picture, 32).getpixel((9, 9)) == pytest.approx((254, 0, 0), abs=9)


def test_how_four_inks_are_meant_is_kept():
    body = encoded(scene().convert("CMYK"), exif=private_exif())
    assert pixels(normalise(body).jpeg).info["adobe_transform"] == pixels(body).info["adobe_transform"]


def test_a_profile_that_no_longer_fits_is_dropped():
    body = encoded(scene(), "PNG", icc_profile=profiles.grey())
    assert "icc_profile" not in pixels(normalise(body).jpeg).info


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_a_png_or_webp_becomes_a_jpeg_that_looks_alike(kind, mode):
    image = scene().quantize(64) if mode == "P" else scene().convert(mode)
    expected = pixels(normalise(encoded(image, kind, lossless=True)).jpeg)
    assert (expected.format, expected.mode) == ("JPEG", "RGB")
    assert same(expected, image, 14)  # the JPEG of a dithered picture is not exact


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_becomes_white(kind):
    body = encoded(Image.new("RGBA", (40, 40), (200, 0, 0, 0)), kind, lossless=True)
    assert min(pixels(normalise(body).jpeg).tobytes()) > 250


def test_a_transparent_colour_becomes_white():
    body = encoded(Image.new("RGB", (40, 40), (200, 0, 0)), "PNG", transparency=(200, 0, 0))
    assert min(pixels(normalise(body).jpeg).tobytes()) > 250


def test_sixteen_bits_of_grey_keep_their_light():
    body = encoded(Image.new("I;16", (40, 40), 0x8000), "PNG")
    assert pixels(normalise(body).jpeg).getpixel((20, 20)) == (128, 128, 128)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_counts(kind):
    body = encoded(scene(), kind, save_all=True, append_images=[scene().rotate(180)], duration=100, lossless=True)
    assert same(pixels(normalise(body).jpeg), scene(), 3)


def test_the_same_upload_gives_the_same_bytes():
    body = encoded(scene(), exif=private_exif(5))
    assert normalise(body) == normalise(body)


def test_more_than_ten_megabytes_are_too_large():
    with pytest.raises(TooLarge, match=r"10\.0 MB") as refusal:
        normalise(encoded(scene()) + bytes(MOST_BYTES))
    assert refusal.value.limit == MOST_BYTES


@pytest.mark.parametrize(("kind", "megapixels"), [("JPEG", 40), ("PNG", 12), ("WEBP", 12)])
def test_too_many_pixels_are_refused_before_they_are_decoded(kind, megapixels):
    body = encoded(Image.new("1", (8000, megapixels * 125 + 1)).convert("L"), kind)
    with pytest.raises(TooLarge) as refusal:
        normalise(body)
    assert refusal.value.limit == megapixels * 1_000_000


def test_four_inks_may_have_fewer_pixels():
    with pytest.raises(TooLarge) as refusal:
        normalise(encoded(Image.new("CMYK", (8000, 3751))))
    assert refusal.value.limit == 30_000_000


def test_a_side_that_no_jpeg_can_hold_is_too_large():
    with pytest.raises(TooLarge, match="65501 pixels a side"):
        normalise(encoded(Image.new("1", (65_501, 20)), "PNG"))


def test_a_header_that_asks_for_the_moon_is_too_large():
    body = bytearray(encoded(scene()))
    at = body.index(b"\xff\xc0") + 5
    body[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(TooLarge):
        normalise(bytes(body))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_picture_that_is_cut_short_is_broken(kind, tenths):
    body = encoded(scene(200, 150), kind)
    with pytest.raises(BrokenPicture):
        normalise(body[: len(body) * tenths // 10])


SHAPES = [{}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 3}, {"subsampling": 0}, {"exif": private_exif(6)}]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", SHAPES)
@pytest.mark.parametrize("tenths", range(5, 10))
def test_an_end_marker_does_not_make_half_a_picture_whole(mode, options, tenths):
    body = encoded(scene(200, 150).convert(mode), **options)
    start = body.index(b"\xff\xda") + 14
    with pytest.raises(BrokenPicture, match="missing"):
        normalise(body[: start + (len(body) - start) * tenths // 10] + b"\xff\xd9")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [*SHAPES, {"progressive": True}])
def test_a_grey_picture_is_not_taken_for_a_missing_one(mode, options):
    grey = Image.new(mode, (97, 61), (127 if mode == "CMYK" else 128,) * len(mode))
    assert normalise(encoded(grey, **options)).jpeg


def test_a_palette_picture_without_its_palette_is_broken():
    body = encoded(scene().quantize(4), "PNG")
    start = body.index(b"PLTE") - 4
    end = start + 12 + int.from_bytes(body[start : start + 4], "big")
    with pytest.raises(BrokenPicture):
        normalise(body[:start] + body[end:])


def test_a_jpeg_without_its_tables_is_broken():
    body = encoded(scene())
    start, end = body.index(b"\xff\xdb"), body.index(b"\xff\xc0")
    with pytest.raises(BrokenPicture):
        normalise(body[:start] + body[end:])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(15, 64), (64, 15), (1, 1)])
def test_less_than_sixteen_pixels_mean_nothing(kind, size):
    with pytest.raises(BrokenPicture, match="16 or more"):
        normalise(encoded(scene(*size), kind))
    assert pictures.measure(encoded(scene(*size), kind)) == size


@pytest.mark.parametrize("body", [b"hello", b"<svg/>", b"%PDF-1.7", b"\xff\xd8", b"RIFF....WAVEfmt "])
def test_what_is_no_picture_of_ours_is_not_supported(body):
    with pytest.raises((UnsupportedPicture, BrokenPicture)):
        normalise(body)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO"])
def test_other_pictures_are_not_supported(kind):
    with pytest.raises(UnsupportedPicture):
        normalise(encoded(scene(), kind))


@pytest.mark.parametrize("orientation", [1, 6])
def test_large_pictures_take_turns(orientation):
    body = encoded(Image.new("L", (4001, 3000)), exif=private_exif(orientation))
    found: list[Picture] = []
    threads = [threading.Thread(target=lambda: found.append(normalise(body))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 3


@pytest.mark.parametrize("size", [(64, 64), (1600, 900), (33, 900), (3000, 900)])
def test_a_second_decode_shows_what_the_first_showed(size):
    picture = normalise(encoded(scene(*size), exif=private_exif()), preprocessing=stretched(224))
    assert picture.view is not None
    assert prepare(picture, stretched(224)) == prepare(replace(picture, view=None), stretched(224))


def test_what_was_kept_for_one_model_is_not_shown_to_another():
    picture = normalise(encoded(scene(), exif=private_exif()), preprocessing=stretched(32))
    other = replace(stretched(32), channels="GRAY")
    assert prepare(picture, other) == prepare(replace(picture, view=None), other) != prepare(picture, stretched(32))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(1600, 900), (900, 3000), (4000, 2000)])
def test_a_turned_picture_is_looked_at_before_it_is_written(size, mode):
    picture = normalise(encoded(scene(*size).convert(mode), exif=private_exif(6)), preprocessing=stretched(224))
    assert picture.view is not None
    rows = [prepare(one, stretched(224)) for one in (picture, replace(picture, view=None))]
    first, second = (Image.frombytes("RGB", (224, 224), one) for one in rows)
    assert same(first, second, 1)


@pytest.mark.parametrize("size", [(64, 64), (895, 4000)])
def test_a_small_turned_picture_is_looked_at_as_it_was_written(size):
    turned = encoded(scene(*size), exif=private_exif(6))
    assert normalise(turned, preprocessing=stretched(224)).view is None


@pytest.mark.parametrize("size", [(64, 64), (1600, 900), (33, 900)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_shrunk_picture_looks_like_one_that_was_decoded_whole(size, mode):
    picture = normalise(encoded(scene(*size).convert(mode), quality=95))
    small = Image.frombytes("RGB", (32, 32), prepare(picture, stretched(32)))
    assert same(small, pixels(picture.jpeg).convert("RGB").resize((32, 32), Image.Resampling.BILINEAR), 2)
