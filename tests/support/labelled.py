"""Predictions that people have labelled: committed, annotated and curated by the functions' own code."""

import itertools
from contextlib import suppress
from typing import Any

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.annotations import VISITOR
from feedloop.domain.errors import AlreadyExists
from feedloop.domain.prediction import Prediction
from feedloop.ports import ObjectStore
from functions.curate.curator import Curator
from tests.support import world
from tests.support.uploads import encoded, scene
from tests.support.world import NOON, SettableClock

_annotations = itertools.count(1)
_sizes = itertools.count(20)


def picture() -> bytes:
    """A picture unlike every other."""
    return encoded(scene(next(_sizes), 24))


def commit(store: ObjectStore, made: Prediction, body: bytes = b"") -> Prediction:
    """Store a prediction with a picture of its own, and show it to annotators."""
    store.create(keys.production(made.id), body or picture(), metadata=made.to_metadata(), content_type="image/jpeg")
    store.copy(keys.production(made.id), keys.image(made.id.sample_key))
    return made


def label(
    store: ObjectStore, queue: str, choice: str | None, made: Prediction | None = None, **facts: Any
) -> Prediction:
    """Somebody answers: about a new prediction, or one that is there."""
    made = made or world.prediction(1)
    with suppress(AlreadyExists):
        commit(store, made, facts.pop("body", b""))
    name = made.id.sample_key if queue == keys.USER_FEEDBACK_2 else str(next(_annotations))
    by = facts.pop("by", VISITOR if queue == keys.USER_FEEDBACK_2 else 3)
    world.write(store, queue, name, world.annotation(store, made, choice, by=by, **facts))
    Curator(store, releases.class_list(store), SettableClock(facts.get("at", NOON))).apply(queue, name)
    return made
