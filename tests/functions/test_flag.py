import pytest

from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import UnknownPrediction
from functions.flag.handler import flag
from tests.support.interleaving import Worker
from tests.support.world import commit, everything, prediction

FOLDER = "tasks/userfeedback/"


@pytest.fixture
def made(store):
    return commit(store, prediction(1), shown=False)


def test_a_flag_puts_the_picture_and_a_task_before_annotators(store, made):
    assert flag(made.id, store=store)
    assert store.get(keys.image(made.id.sample_key)).body == b"jpeg"
    assert store.get(keys.task(keys.USER_FEEDBACK, made.id.sample_key))


def test_the_task_shows_what_the_model_said(store, made):
    flag(made.id, store=store)
    task = load(store.get(keys.task(keys.USER_FEEDBACK, made.id.sample_key)).body)
    assert task == {
        "data": {
            "v": 1,
            "image": f"s3://labelstudio/images/{made.id.sample_key}.jpg",
            "ml_prediction": "Dairy product",
            "confidence": 0.4,
            "user_feedback": "incorrect",
            "source": "user_feedback",
            "timestamp": "2026-11-22T12:00:00Z",
        },
        "predictions": [
            {
                "model_version": "food11-9f2c11aa",
                "score": 0.4,
                "result": [
                    {
                        "from_name": "choice",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["Dairy product"]},
                    }
                ],
            }
        ],
    }


def test_flagging_twice_queues_one_task(store, made):
    assert [flag(made.id, store=store) for _ in range(3)] == [True, False, False]
    assert len(everything(store, keys.LABELSTUDIO, FOLDER)) == 1


def test_no_task_ever_waits_for_its_picture(store, made):
    worker = Worker(store, lambda stepped: flag(made.id, store=stepped))
    while worker.alive:
        worker.step()
        assert len(everything(store, keys.LABELSTUDIO, FOLDER)) <= len(everything(store, keys.LABELSTUDIO, "images/"))


def test_an_unknown_prediction_leaves_nothing_behind(store):
    with pytest.raises(UnknownPrediction):
        flag(prediction(1).id, store=store)
    assert everything(store, keys.LABELSTUDIO, FOLDER) == everything(store, keys.LABELSTUDIO, "images/") == {}


def test_the_review_picture_tells_curate_whose_it_is(store, made):
    flag(made.id, store=store)
    assert store.head(keys.image(made.id.sample_key)).metadata["prediction-id"] == str(made.id)
