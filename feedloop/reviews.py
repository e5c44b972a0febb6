"""Putting a prediction before people: the review picture first, then the task, each written once."""

from contextlib import suppress

from feedloop.domain import keys
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import AlreadyExists, Missing, UnknownPrediction
from feedloop.domain.prediction import Prediction, PredictionId
from feedloop.domain.review import blind_task, informed_task
from feedloop.ports import ObjectStore


def committed(store: ObjectStore, prediction: PredictionId) -> Prediction:
    """The record of a prediction. Raises UnknownPrediction when it was never committed."""
    try:
        return Prediction.from_metadata(store.head(keys.production(prediction)).metadata)
    except Missing as error:
        raise UnknownPrediction("There is no such prediction.") from error


def show_picture(store: ObjectStore, prediction: PredictionId) -> None:
    """Copy a committed picture to where annotators may see it, once. Raises Missing."""
    target = keys.image(prediction.random)
    try:
        store.head(target)
    except Missing:
        store.copy(keys.production(prediction), target)


def queue_informed(store: ObjectStore, prediction: Prediction, queue: str) -> bool:
    """Add a task that shows the model's answer; False when the queue has it already."""
    url = store.url(keys.image(prediction.id.random))
    return _create_task(store, queue, prediction.id, informed_task(prediction, queue, url))


def queue_blind(store: ObjectStore, prediction: PredictionId) -> bool:
    """Add a task of the random sample; False when it is there already."""
    url = store.url(keys.image(prediction.random))
    return _create_task(store, keys.RANDOM_SAMPLED, prediction, blind_task(url))


def _create_task(store: ObjectStore, queue: str, prediction: PredictionId, task: Document) -> bool:
    with suppress(AlreadyExists):
        store.create(keys.task(queue, prediction.random), dump(task))
        return True
    return False
