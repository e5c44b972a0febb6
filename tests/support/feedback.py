"""What visitors and annotators leave behind, as curate would have left it."""

from datetime import timedelta
from random import Random

from feedloop import reviews
from feedloop.domain import annotations, keys
from feedloop.domain.annotations import Vote
from feedloop.domain.clock import day_of
from feedloop.domain.prediction import Prediction
from feedloop.label_store import LabelStore
from feedloop.ports import ObjectStore
from tests.support import world

NONE_OF_THESE, CANNOT_TELL, SKIPPED = annotations.OTHER, annotations.UNCLEAR, annotations.SKIPPED
WAIT = timedelta(hours=1)
SHARE_ASKED = 0.7
ANSWERS: list[int | str] = [0, 1, 2, NONE_OF_THESE, CANNOT_TELL, SKIPPED]


def visited(store: ObjectStore, class_index: int = 1, **about: object) -> Prediction:
    """A prediction as predict leaves it; below the threshold with its task."""
    made = world.commit(store, world.prediction(class_index, **about), shown=False)  # type: ignore[arg-type]
    if made.is_low_confidence:
        reviews.queue_informed(store, made, keys.LOW_CONFIDENCE)
    return made


def voted(store: ObjectStore, queue: str, made: Prediction, answer: int | str, *, by: str = "3") -> None:
    """Somebody's answer, an hour after the prediction: a class index, or an outcome that is none."""
    outcome, index = (annotations.CLASS, answer) if isinstance(answer, int) else (answer, None)
    at = made.time + WAIT
    vote = Vote(outcome, index, by, at, cancelled=outcome == SKIPPED, origin="manual", lead_time=3.2)
    labels = LabelStore(store, queue)
    label, etag = labels.fetch(made.id)
    label = label.with_vote(by, vote, at)
    labels.materialise(made.id, label, labels.swap(made.id, label, etag))


def sampled(store: ObjectStore, made: Prediction) -> None:
    """A task of the random sample."""
    reviews.queue_blind(store, made.id)


def flagged(store: ObjectStore, made: Prediction) -> None:
    """A visitor called it wrong."""
    reviews.queue_informed(store, made, keys.USER_FEEDBACK)


def only_listed(store: ObjectStore, queue: str, made: Prediction, class_index: int) -> None:
    """A picture in a dataset that its label of record does not know of: a worker is moving it just now."""
    store.copy(keys.production(made.id), keys.dataset(queue, class_index, made.id))


def any_day(store: ObjectStore, rng: Random, count: int = 30) -> str:
    """A day of which people said whatever they may say; which day it is."""
    for _ in range(count):
        index, confidence = rng.randrange(len(world.CLASSES)), rng.choice([0.3, 0.699, 0.7, 0.95, 1.0])
        made = visited(store, index, confidence=confidence, sample_key=f"{rng.getrandbits(128):032x}")
        for queue_task in (sampled, flagged):
            if rng.random() < SHARE_ASKED:
                queue_task(store, made)
        for queue in keys.QUEUES:
            if rng.random() < SHARE_ASKED:
                voted(store, queue, made, rng.choice(ANSWERS))
    return day_of(world.NOON)
