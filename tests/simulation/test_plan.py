from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from feedloop.domain.class_names import NONE_OF_THESE
from feedloop.domain.errors import BadRequest
from simulation import visitors
from simulation.plan import Plan
from training.data.drawings import CLASSES

PLAN = Plan(days=6, days_after=3, style="palette", drift=0.6)


def test_the_style_drifts_until_the_middle_of_the_first_days_and_stays():
    assert [round(PLAN.style_of(day).palette, 2) for day in range(PLAN.whole)] == [0, 0.2, 0.4, *[0.6] * 6]


@pytest.mark.parametrize("days", [1, 2])
def test_few_days_drift_at_once(days):
    drifts = [replace(PLAN, days=days).style_of(day).palette for day in range(days)]
    assert drifts[-1] == 0.6


def test_a_week_has_the_average_traffic():
    assert sum(map(PLAN.uploads, range(7))) == pytest.approx(7 * PLAN.predictions, rel=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 0},
        {"days_after": -1},
        {"predictions": 0},
        {"sample": 0},
        {"style": "colour"},
        {"drift": 1.5},
        {"annotators": ()},
        {"annotators": (0.1, 2.0)},
        {"flags": -0.1},
        {"annotator": "by hand"},
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong):
    with pytest.raises(BadRequest):
        Plan(**wrong)


def test_a_kept_plan_is_the_same_plan():
    assert Plan.from_document(PLAN.to_document()) == PLAN


def test_a_plan_of_another_version_is_refused():
    with pytest.raises(BadRequest, match="another version"):
        Plan.from_document({**PLAN.to_document(), "weather": "fine"})


def test_an_upload_is_drawn_the_same_again():
    assert visitors.drawn(PLAN, 2, 7) == visitors.drawn(PLAN, 2, 7) != visitors.drawn(PLAN, 2, 8)


def test_uploads_are_pictures_of_the_classes_and_some_of_nothing():
    drawn = [visitors.drawn(replace(PLAN, nothing=0.2), 0, number) for number in range(60)]
    assert {truth for truth, _ in drawn} <= {*CLASSES, NONE_OF_THESE}
    assert any(truth == NONE_OF_THESE for truth, _ in drawn)
    assert {Image.open(BytesIO(picture)).format for _, picture in drawn} == {"JPEG"}
