import pytest
from hypothesis import given

from feedloop.domain import keys
from feedloop.domain.documents import dump
from feedloop.domain.errors import Malformed
from feedloop.domain.review import COMMON_MODEL_VERSION, as_imported, blind_task, informed_task, parse_task
from tests.support import world
from tests.support.strategies import predictions

PICTURE = "s3://labelstudio/images/" + "0" * 32 + ".jpg"


def test_a_blind_task_tells_the_picture_and_nothing_else():
    assert blind_task(PICTURE) == {"data": {"v": 1, "image": PICTURE, "source": "random_sample"}}


@pytest.mark.parametrize(
    ("queue", "feedback", "source"),
    [(keys.LOW_CONFIDENCE, "low_confidence", "low_confidence"), (keys.USER_FEEDBACK, "incorrect", "user_feedback")],
)
@given(predictions())
def test_an_informed_task_tells_why_it_is_there(queue, feedback, source, prediction):
    data = informed_task(prediction, queue, PICTURE)["data"]
    assert (data["image"], data["user_feedback"], data["source"]) == (PICTURE, feedback, source)
    assert (data["ml_prediction"], data["confidence"]) == (prediction.class_name, prediction.confidence)


@given(predictions())
def test_an_informed_task_begins_with_the_models_answer(prediction):
    (answer,) = informed_task(prediction, keys.USER_FEEDBACK, PICTURE)["predictions"]
    assert answer["result"][0]["value"]["choices"] == [prediction.class_name]
    assert answer["score"] == prediction.confidence
    assert answer["model_version"] == f"{prediction.model_name}-{prediction.model_sha256[:8]}"


@given(predictions())
def test_no_task_names_its_prediction(prediction):
    task = str(informed_task(prediction, keys.LOW_CONFIDENCE, PICTURE)["data"])
    assert str(prediction.id) not in task


@given(predictions())
def test_label_studio_shows_every_models_answer_as_that_of_the_model(prediction):
    task = informed_task(prediction, keys.LOW_CONFIDENCE, PICTURE)
    imported = as_imported(task)
    assert [answer["model_version"] for answer in imported["predictions"]] == [COMMON_MODEL_VERSION]
    assert imported["data"] == {**task["data"], "model_version": task["predictions"][0]["model_version"]}


def test_a_blind_task_is_imported_as_it_is():
    assert as_imported(blind_task(PICTURE)) == {**blind_task(PICTURE), "predictions": []}


@pytest.mark.parametrize("task", [{}, {"data": 3}, {"data": {}, "predictions": [{}]}, {"data": {}, "predictions": 3}])
def test_what_is_no_task_is_not_imported(task):
    with pytest.raises(Malformed):
        as_imported(task)


@pytest.mark.parametrize(
    "damage",
    [
        {},
        "",
        3,
        [{}],
        ["x"],
        [{"model_version": "m", "score": 0.5, "result": []}],
        [{"model_version": "m", "score": 2, "result": [{"value": {"choices": ["Egg"]}}]}],
    ],
)
def test_a_task_whose_pre_annotation_is_damaged_is_malformed(damage):
    task = informed_task(world.prediction(), keys.LOW_CONFIDENCE, PICTURE)
    assert parse_task(dump(task), keys.LOW_CONFIDENCE, PICTURE) == task
    with pytest.raises(Malformed, match="pre-annotation"):
        parse_task(dump({**task, "predictions": damage}), keys.LOW_CONFIDENCE, PICTURE)


@pytest.mark.parametrize("score", [1.001, -0.001, True, "0.5", None])
def test_a_pre_annotation_is_as_sure_as_a_share_can_be(score):
    task = informed_task(world.prediction(), keys.LOW_CONFIDENCE, PICTURE)
    (guess,) = task["predictions"]
    with pytest.raises(Malformed, match="pre-annotation"):
        parse_task(dump({**task, "predictions": [{**guess, "score": score}]}), keys.LOW_CONFIDENCE, PICTURE)
