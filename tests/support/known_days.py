"""Days that report and gate both look at, of two models and of all that a store may hold: the same at every run.

Models see nothing but colour, so who is right is planted. Beside plain days there is one with pictures that a worker is
moving, one with a key that is not whole, and one with an answer about what was never committed.
"""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from feedloop import releases, reviews
from feedloop.domain import annotations, keys
from feedloop.domain.prediction import Prediction
from feedloop.ports import ObjectStore
from tests.support import colours, labelled
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, SKIPPED, only_listed, sampled, voted
from tests.support.world import NOON, prediction

DAYS = ("20261122", "20261123", "20261124", "20261125")
MOVED, NOT_WHOLE, UNCOMMITTED = DAYS[1:]
SWITCH = NOON + timedelta(days=2)
NOW = NOON + timedelta(days=4)
"""A fifth day, which is still open."""

FIRST, SECOND = (1, 0, 2), (0, 2, 2)
"""What the first model calls red, green and blue, and what the one that serves since the switch does."""

_COUNT, _ANSWERED = 24, 20


def fill(store: ObjectStore) -> None:
    """All of it."""
    for after in range(5):
        if after in (0, 2):
            body = colours.model(FIRST if after == 0 else SECOND)
            releases.publish(store, body, colours.card(body), now=NOON + timedelta(days=after))
        made = _predicted(store, after)
        for place, one in enumerate(made[: _ANSWERED if after < 4 else 6]):
            sampled(store, one)
            if not _is_odd(store, after, place, one):
                voted(store, keys.RANDOM_SAMPLED, one, _answer(after, place, one))
        for one in made:
            if one.is_low_confidence:
                reviews.queue_informed(store, one, keys.LOW_CONFIDENCE)
                voted(store, keys.LOW_CONFIDENCE, one, int(one.id.sample_key, 16) % 3)


def _predicted(store: ObjectStore, after: int) -> list[Prediction]:
    """A day's predictions in the order of the sample; each fifth is another class than its model's."""
    rng, made = Random(after), []
    for number in range(_COUNT):
        random = f"{rng.getrandbits(128):032x}"
        time = NOON + timedelta(days=after, minutes=rng.randrange(-600, 600) if after < 4 else -number)
        calls = FIRST if time < SWITCH else SECOND
        index = calls[int(random, 16) % 3] if number % 5 else rng.randrange(3)
        confidence = rng.choice([0.42, 0.61, 0.7, 0.88, 0.97])
        sha256 = colours.card(colours.model(calls))["sha256"]
        one = prediction(index, confidence=confidence, time=time, sample_key=random, model=sha256)
        made.append(labelled.commit(store, one, colours.picture(int(random, 16) % 3, number)))
    return sorted(made, key=lambda one: one.id.sample_key)


def _answer(after: int, place: int, one: Prediction) -> int | str:
    """The colour, but for a few."""
    return {7: NONE_OF_THESE, 9: CANNOT_TELL, 12: SKIPPED}.get(place + after) or int(one.id.sample_key, 16) % 3


def _is_odd(store: ObjectStore, after: int, place: int, one: Prediction) -> bool:
    """Whether this prediction is the odd one of its day; then all about it is done."""
    queue, day = keys.RANDOM_SAMPLED, one.id.day
    if day == MOVED and place == 2:
        voted(store, queue, one, 0)
        only_listed(store, queue, one, 2)
    elif day == MOVED and place == 4:
        voted(store, queue, one, CANNOT_TELL)
        only_listed(store, queue, one, 0)
    elif day == NOT_WHOLE and place == 10:
        bucket = keys.DATASETS[queue]
        store.create(keys.ObjectRef(bucket, f"class_01/{one.id.sample_key}.jpg"), b"somebody else's")
    elif day == UNCOMMITTED and place == 14:
        store.create(keys.outcome(queue, annotations.UNCOMMITTED, one.id), b"")
    else:
        return False
    return True


def is_expected(path: Path, text: str) -> bool:
    """Whether this is what the file expects; one that is missing is written, and fails."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path} was missing: read what was written")
    return text == path.read_text(encoding="utf-8")
