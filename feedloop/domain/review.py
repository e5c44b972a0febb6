"""Review tasks, in the form that Label Studio imports."""

from feedloop.domain import keys
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed
from feedloop.domain.prediction import Prediction

CHOICES, IMAGE = "choice", "image"
"""Names of the two controls of the label config."""

TITLES = {
    keys.RANDOM_SAMPLED: "Random Sampling Review",
    keys.LOW_CONFIDENCE: "Low Confidence Review",
    keys.USER_FEEDBACK: "User Feedback Review",
}
"""Review queue to the title of its project: how sync and the set-up find it."""

SHOWN_AS = "the model"
"""The model version of every pre-annotation inside Label Studio.

It preselects only what has the version of the project, and a project holds the answers of several models.
"""

_WHY = {
    keys.LOW_CONFIDENCE: {"user_feedback": "low_confidence", "source": "low_confidence"},
    keys.USER_FEEDBACK: {"user_feedback": "incorrect", "source": "user_feedback"},
}


def blind_task(image_url: str) -> Document:
    """A task of the random sample: the picture and nothing that tells what the model thinks."""
    return {"data": {"v": 1, "image": image_url, "source": "random_sample"}}


def informed_task(prediction: Prediction, queue: str, image_url: str) -> Document:
    """A task that shows the model's answer, as data and as pre-annotation."""
    answer = {"ml_prediction": prediction.class_name, "confidence": prediction.confidence}
    data = {"v": 1, "image": image_url, "timestamp": iso(prediction.time), **answer, **_WHY[queue]}
    return {"data": data, "predictions": [_pre_annotation(prediction)]}


def as_imported(task: Document) -> Document:
    """A task as Label Studio gets it: the version of its model among the data. Raises Malformed."""
    try:
        predictions = task.get("predictions", [])
        shown = [{**prediction, "model_version": SHOWN_AS} for prediction in predictions]
        version = {"model_version": predictions[0]["model_version"]} if predictions else {}
        return {"data": {**task["data"], **version}, "predictions": shown}
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"not a review task: {error!r}") from error


def _pre_annotation(prediction: Prediction) -> Document:
    choice = {"from_name": CHOICES, "to_name": IMAGE, "type": "choices", "value": {"choices": [prediction.class_name]}}
    version = f"{prediction.model_name}-{prediction.id.model}"
    return {"model_version": version, "score": prediction.confidence, "result": [choice]}
