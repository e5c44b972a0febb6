"""The gate of design section 4: what the model sees is decoded at a smaller scale, and its answers stay the same."""

import os
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.adapters.pictures import normalise, prepare
from feedloop.domain.cards import Preprocessing
from feedloop.ports import Picture
from tests.support.demo import CARD, MODEL
from tests.support.seeds import seeds
from tests.support.uploads import encoded, pixels, private_exif
from training.data.drawings import draw
from training.data.outliers import outlier

SIZES = [(800, 600), (1600, 1200), (3000, 2000), (1200, 3000)]
MOST_DIFFERENCE = 0.01
PHOTOS = "FEEDLOOP_PHOTOS"


def whole(picture: Picture, preprocessing: Preprocessing) -> bytes:
    """What a classifier would see without any short cut."""
    full = pixels(picture.jpeg).convert("RGB")
    return full.resize((preprocessing.size, preprocessing.size), Image.Resampling.BILINEAR).tobytes()


def differences(bodies: list[bytes]) -> tuple[int, float]:
    """How many answers name another class that was no tie, and how far probabilities are apart in the mean."""
    quick, exact = (OnnxClassifier(MODEL, CARD, prepare=how) for how in (prepare, whole))
    pairs = [(quick.probabilities(picture), exact.probabilities(picture)) for picture in map(normalise, bodies)]
    apart = [abs(one - other) for pair in pairs for one, other in zip(*pair, strict=True)]
    others = [max(other) - other[one.index(max(one))] > MOST_DIFFERENCE for one, other in pairs]
    return sum(others), sum(apart) / len(apart)


def drawn(seed: int, size: tuple[int, int], orientation: int) -> bytes:
    rng = Random(seed)
    image = outlier(rng) if seed % 3 == 0 else draw(rng.choice(CARD["classes"]), rng)
    photo = image.resize(size, Image.Resampling.BICUBIC)
    return encoded(photo, quality=rng.randrange(60, 96), exif=private_exif(orientation))


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", SIZES)
def test_drawings_get_the_answer_that_a_full_decode_gives(size, orientation):
    others, apart = differences([drawn(seed, size, orientation) for seed in seeds(3, soak=60)])
    assert (others, apart <= MOST_DIFFERENCE) == (0, True)


def test_photos_get_the_answer_that_a_full_decode_gives():
    found = sorted(Path(os.environ.get(PHOTOS, "no photos")).glob("*.jpg"))
    if not found:
        pytest.skip(f"no *.jpg in the folder that {PHOTOS} names")
    others, apart = differences([path.read_bytes() for path in found])
    print(f"{len(found)} photos, {others} with another class, mean difference {apart:.5f}")
    assert (others, apart <= MOST_DIFFERENCE) == (0, True)
