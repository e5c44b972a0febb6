"""Queueing a prediction for annotators: the review picture first, then the task, each written once.

And which of Label Studio's projects is each queue's.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from feedloop.domain import keys
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing, StoreMisconfigured, UnknownPrediction
from feedloop.domain.prediction import Prediction, PredictionId
from feedloop.domain.review import TITLES, blind_task, informed_task
from feedloop.ports import ObjectStore, Project

Births = Mapping[str, tuple[int, datetime]]
"""Review queue to the id of its project and when that was made: ids are given away again, and titles edited."""


def fetch_prediction(store: ObjectStore, prediction: PredictionId) -> Prediction:
    """The record of a prediction. Raises UnknownPrediction when it was never committed."""
    try:
        return Prediction.from_metadata(store.head(keys.production(prediction)).metadata)
    except Missing as error:
        raise UnknownPrediction("There is no such prediction.") from error


def copy_picture(store: ObjectStore, prediction: PredictionId) -> None:
    """Copy a committed picture to where annotators may see it, once. Raises Missing."""
    target = keys.image(prediction.sample_key)
    try:
        store.head(target)
    except Missing:
        store.copy(keys.production(prediction), target)


def queue_informed(store: ObjectStore, prediction: Prediction, queue: str) -> bool:
    """Add a task that shows the model's answer; False when the queue has it already."""
    url = store.url(keys.image(prediction.id.sample_key))
    return _create_task(store, queue, prediction.id, informed_task(prediction, queue, url))


def queue_blind(store: ObjectStore, prediction: PredictionId) -> bool:
    """Add a task of the random sample; False when it is there already."""
    url = store.url(keys.image(prediction.sample_key))
    return _create_task(store, keys.RANDOM_SAMPLED, prediction, blind_task(url))


def fetch_noted_projects(store: ObjectStore) -> Births:
    """What the set-up noted; nothing when it never did, or when our key may not read it yet."""
    try:
        noted = load(store.get(keys.projects()).body)["projects"]
        return {queue: (int(project["id"]), parse_iso(project["created"])) for queue, project in noted.items()}
    except (Missing, StoreMisconfigured, Malformed, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return {}


def note_projects(store: ObjectStore, births: Births) -> None:
    """Write it down; when another set-up does so at this moment, its note stays."""
    if fetch_noted_projects(store) == births:
        return
    body = dump({"v": 1, "projects": {queue: {"id": id_, "created": iso(at)} for queue, (id_, at) in births.items()}})
    with suppress(AlreadyExists, Changed):
        try:
            store.replace(keys.projects(), body, etag=store.head(keys.projects()).etag)
        except Missing:
            store.create(keys.projects(), body)


def match_projects(all_: Sequence[Project], births: Births) -> dict[str, Project]:
    """Each queue's project: the noted one, whatever it is called by now, else the oldest that has the queue's title."""
    noted = {(project.id, project.created): project for project in all_}
    titled = {project.title: project for project in reversed(all_)}
    matching = {queue: noted.get(births[queue]) if queue in births else None for queue in TITLES}
    return {queue: project for queue, title in TITLES.items() if (project := matching[queue] or titled.get(title))}


def _create_task(store: ObjectStore, queue: str, prediction: PredictionId, task: Document) -> bool:
    with suppress(AlreadyExists):
        store.create(keys.task(queue, prediction.sample_key), dump(task))
        return True
    return False
