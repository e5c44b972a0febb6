"""What a model gets to see of a picture: resized, cropped, in sRGB, upright, on white."""

from itertools import product

import pytest
from PIL import Image

from feedloop.adapters.pictures import normalise, prepare
from feedloop.domain.cards import GRAY, INTERPOLATIONS, NEAREST, SHORTER_SIDE, STRETCH, Preprocessing
from tests.support import profiles
from tests.support.uploads import encoded, pixels, private_exif, scene
from tests.unit.adapters.test_pictures import in_srgb, same

SIZE, RESIZE_SIZE = 28, 32
SHAPES = [(16, 16), (96, 64), (64, 97), (28, 32), (32, 640), (640, 32)]


def cropping(resize=SHORTER_SIDE, interpolation="bicubic", **changes):
    return Preprocessing(SIZE, (0.0,) * 3, (1.0,) * 3, resize, RESIZE_SIZE, interpolation, **changes)


def prepared(body, preprocessing=None):
    return Image.frombytes("RGB", (SIZE, SIZE), prepare(normalise(body), preprocessing or cropping()))


def reference(image, resize=SHORTER_SIDE, interpolation="bicubic"):
    """The whole picture resized, then its centre: as torchvision does it with Pillow."""
    width, height = image.size
    shorter = min(width, height)
    across, down = (RESIZE_SIZE * width // shorter, RESIZE_SIZE * height // shorter)
    size = (across, down) if resize == SHORTER_SIDE else (RESIZE_SIZE, RESIZE_SIZE)
    resized = image.convert("RGB").resize(size, Image.Resampling[interpolation.upper()])
    left, top = round((size[0] - SIZE) / 2), round((size[1] - SIZE) / 2)
    return resized.crop((left, top, left + SIZE, top + SIZE))


@pytest.mark.parametrize(("resize", "interpolation"), [*product([STRETCH, SHORTER_SIDE], INTERPOLATIONS)])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_crop_is_that_of_the_whole_picture_resized(resize, interpolation, shape):
    body = encoded(scene(*shape), quality=95)
    expected = reference(pixels(body), resize, interpolation)
    assert same(prepared(body, cropping(resize, interpolation)), expected, 0.3)


def test_a_large_picture_is_decoded_smaller_and_looks_the_same():
    body = encoded(scene(3000, 2000), quality=95)
    assert same(prepared(body), reference(pixels(body)), 1)


@pytest.mark.parametrize(
    ("preprocessing", "side"),
    [
        (Preprocessing(64, (0.0,) * 3, (1.0,) * 3), 256),
        (Preprocessing(224, (0.0,) * 3, (1.0,) * 3), 448),
        (cropping(), 4 * RESIZE_SIZE),
        (cropping(STRETCH), 4 * RESIZE_SIZE),
        (cropping(interpolation=NEAREST), 65_536),
    ],
)
def test_more_is_decoded_where_a_crop_or_a_filter_would_show_it(preprocessing, side):
    assert preprocessing.decode_side == side


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_turned_picture_is_cropped_upright(orientation):
    turned = encoded(scene(96, 64), quality=95, exif=private_exif(orientation))
    upright = pixels(turned).transpose({3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270}[orientation])
    assert same(prepared(turned), reference(upright), 3)


def test_colours_of_a_profile_become_those_of_a_screen():
    body = encoded(scene(), "PNG", icc_profile=profiles.coloured())
    assert same(prepared(body), reference(in_srgb(pixels(body))), 3)
    assert not same(prepared(body), reference(scene()), 5)


def test_what_is_transparent_is_white():
    clear = scene()
    clear.putalpha(0)
    assert same(prepared(encoded(clear, "PNG")), Image.new("RGB", (SIZE, SIZE), "white"), 1)


def test_sixteen_bits_are_scaled_to_eight():
    deep = Image.new("I;16", (64, 64), 0x8040)
    assert same(prepared(encoded(deep, "PNG")), Image.new("RGB", (SIZE, SIZE), (0x80,) * 3), 1)


def test_grey_is_luma():
    expected = reference(scene().convert("L"))
    assert same(prepared(encoded(scene(), "PNG"), cropping(channels=GRAY)), expected, 2)
