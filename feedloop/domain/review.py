"""Review tasks, in the form that Label Studio imports."""

from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import Malformed, UnknownClass
from feedloop.domain.prediction import Prediction

CHOICES, IMAGE = "choice", "image"
"""Names of the two controls of the label config."""

TITLES = {
    keys.RANDOM_SAMPLED: "Random Sampling Review",
    keys.LOW_CONFIDENCE: "Low Confidence Review",
    keys.USER_FEEDBACK: "User Feedback Review",
}
"""Review queue to the title of its project: how sync and the set-up find it."""

COMMON_MODEL_VERSION = "the model"
"""The model version of every pre-annotation inside Label Studio.

It preselects only what has the version of the project, and a project holds the answers of several models.
"""

_WHY = {
    keys.LOW_CONFIDENCE: {"user_feedback": "low_confidence", "source": "low_confidence"},
    keys.USER_FEEDBACK: {"user_feedback": "incorrect", "source": "user_feedback"},
}

_DATA = {"v", "image", "ml_prediction", "confidence", "user_feedback", "source", "timestamp"}


def blind_task(image_url: str) -> Document:
    """A task of the random sample: the picture and nothing about the model's answer."""
    return {"data": {"v": 1, "image": image_url, "source": "random_sample"}}


def informed_task(prediction: Prediction, queue: str, image_url: str) -> Document:
    """A task that shows the model's answer, as data and as pre-annotation."""
    answer = {"ml_prediction": prediction.class_name, "confidence": prediction.confidence}
    data = {"v": 1, "image": image_url, "timestamp": iso(prediction.time), **answer, **_WHY[queue]}
    return {"data": data, "predictions": [_pre_annotation(prediction)]}


def as_imported(task: Document, classes: ClassList | None = None) -> Document:
    """A task as Label Studio gets it: the version of its model among the data, the class by its present name.

    Raises Malformed.
    """
    try:
        predictions = task.get("predictions", [])
        imported = [{**prediction, "model_version": COMMON_MODEL_VERSION} for prediction in predictions]
        if classes:
            imported = [{**prediction, "result": renamed(prediction["result"], classes)} for prediction in imported]
        version = {"model_version": predictions[0]["model_version"]} if predictions else {}
        return {"data": {**task["data"], **version}, "predictions": imported}
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"not a review task: {error!r}") from error


def renamed(result: list[Document], classes: ClassList) -> list[Document]:
    """A pre-annotation's parts with the present name of the class that they choose, where that had another one."""
    return [_renamed(part, classes) for part in result]


def _renamed(part: Document, classes: ClassList) -> Document:
    try:
        (choice,) = _choices(part)
        present = classes.name(classes.index(choice))
    except (ValueError, TypeError, UnknownClass):
        return part  # somebody else's
    return {**part, "value": {**part["value"], "choices": [present]}}


def is_chosen(choice: str, result: list[Document]) -> bool:
    """Whether a result answers our question so."""
    return any(choice in _choices(part) for part in result)


def _choices(part: Document) -> list[str]:
    """What a part of a result answers to our question; nothing when it is another's."""
    try:
        chosen = part["value"]["choices"] if part.get("from_name", CHOICES) == CHOICES else []
    except (KeyError, TypeError, AttributeError):
        return []
    return chosen if isinstance(chosen, list) else []


def parse_task(body: bytes, queue: str, image_url: str) -> Document:
    """A task file, if it is one that we would write for this picture. Raises Malformed with the reason.

    What it carries goes before annotators: a blind one may say nothing but its picture.
    """
    task = load(body)
    if queue == keys.RANDOM_SAMPLED:
        if task != blind_task(image_url):
            raise Malformed("a blind task carries its picture and nothing else")
        return task
    if task.keys() != {"data", "predictions"} or not _is_informed(task["data"]):
        raise Malformed("it is not a task of version 1")
    if task["data"]["image"] != image_url:
        raise Malformed("its picture is not the one that its name says")
    if not isinstance(task["predictions"], list) or not all(map(_is_pre_annotation, task["predictions"])):
        raise Malformed("its pre-annotation is not one choice with a score")
    return task


def _pre_annotation(prediction: Prediction) -> Document:
    version = f"{prediction.model_name}-{prediction.id.model}"
    return _guess(version, prediction.confidence, prediction.class_name)


def _guess(version: str, score: float, choice: str) -> Document:
    result = {"from_name": CHOICES, "to_name": IMAGE, "type": "choices", "value": {"choices": [choice]}}
    return {"model_version": version, "score": score, "result": [result]}


def _is_informed(data: object) -> bool:
    return (
        isinstance(data, dict)
        and data.keys() == _DATA
        and data["v"] == 1
        and _is_share(data["confidence"])
        and all(_is_text(value) for name, value in data.items() if name not in {"v", "confidence"})
    )


def _is_pre_annotation(prediction: object) -> bool:
    try:
        version, score = prediction["model_version"], prediction["score"]  # type: ignore[index]
        choice = prediction["result"][0]["value"]["choices"][0]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return False
    return _is_text(version) and _is_share(score) and _is_text(choice) and prediction == _guess(version, score, choice)


def _is_text(value: object) -> bool:
    """Text that every database takes: PostgreSQL refuses NUL, and half of a pair is no character."""
    return isinstance(value, str) and not any(ord(sign) < ord(" ") or "\ud800" <= sign <= "\udfff" for sign in value)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
