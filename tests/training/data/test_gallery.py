from random import Random

import pytest
from PIL import ImageChops, ImageStat

from feedloop.domain.errors import BadRequest
from training.data import gallery, image_folder
from training.data.drawings import CLASSES, FIRST_DAY, Style, draw


def drawn(folder, count=11, style=FIRST_DAY, seed=1):
    return [path.read_bytes() for path in gallery.draw_folder(folder, count, style=style, seed=seed)]


def test_drawings_lie_in_an_image_folder(tmp_path):
    drawn(tmp_path, 23)
    pictures = image_folder.load_pictures(tmp_path)
    assert (pictures.classes, len(pictures.examples)) == (tuple(CLASSES), 23)


def test_the_same_seed_draws_the_same_folder(tmp_path):
    assert drawn(tmp_path / "a") == drawn(tmp_path / "b") != drawn(tmp_path / "c", seed=2)


def test_another_seed_adds_to_the_folder(tmp_path):
    drawn(tmp_path)
    drawn(tmp_path, seed=2)
    assert len(image_folder.load_pictures(tmp_path).examples) == 22


@pytest.mark.parametrize("aspect", gallery.ASPECTS)
def test_every_aspect_drifts_farther_and_farther(aspect):
    first, little, far = (draw("Rice", Random(4), gallery.drifted(aspect, drift)) for drift in (0, 0.3, 1))
    assert first.tobytes() == draw("Rice", Random(4)).tobytes()
    assert difference(first, far) > difference(first, little) > 0


def difference(one, other):
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def test_everything_can_drift_at_once():
    assert gallery.drifted("all", 0.5) == Style(0.5, 0.5, 0.5, 0.5)
    assert gallery.drifted("first-day", 0.5) == FIRST_DAY


@pytest.mark.parametrize(("style", "drift"), [("cubist", 0.5), ("palette", 1.5)])
def test_a_style_that_nobody_can_draw_is_refused(style, drift):
    with pytest.raises(BadRequest, match="palette"):
        gallery.drifted(style, drift)


def test_outliers_lie_in_one_folder(tmp_path):
    written = list(gallery.draw_outliers(tmp_path, 5, seed=1))
    assert sorted(written) == sorted(tmp_path.iterdir())
