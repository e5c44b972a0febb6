import pytest
from hypothesis import given

from feedloop.domain import keys
from feedloop.domain.review import blind_task, informed_task
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
