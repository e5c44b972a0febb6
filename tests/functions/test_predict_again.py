"""The table of docs/decisions/0002-claim-holds-the-answer.md, row by row."""

from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest

from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import AlreadyExists, DayClosing, KeyReused, Unavailable
from tests.support.demo import KEY, committed, queued, served, upload
from tests.support.interleaving import Worker, shuffle
from tests.support.uploads import clear_upload
from tests.support.world import NOON, SettableClock

NEWER = served(0.2, "f" * 64)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=NOON.tzinfo)


def begun(store, clock, *, steps=1, dies="after", **how):
    """A call that was killed at its last step; the first creates the claim."""
    worker = Worker(store, lambda stepped: upload(stepped, clock, **how))
    for step in range(steps):
        worker.step(dies if step == steps - 1 else "")
    assert not worker.alive
    return load(store.get(KEY).body)["prediction"]["prediction-id"]


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize("steps", range(1, 5))
def test_wherever_the_first_call_died_the_second_finishes_it(store, clock, steps, dies):
    worker = Worker(store, lambda stepped: upload(stepped, clock))
    for step in range(steps):
        worker.step(dies if step == steps - 1 else "")
    answers = [upload(store, clock).response for _ in range(2)]
    (made,) = committed(store)
    assert answers[0] == answers[1]
    assert queued(store) == [made.id.sample_key]


@pytest.mark.parametrize("steps", range(1, 5))
def test_another_model_finishes_what_the_first_began(store, clock, steps):
    first = begun(store, clock, steps=steps)
    again = upload(store, clock, model=NEWER)
    assert [str(made.id) for made in committed(store)] == [first] == [str(again.prediction.id)]
    assert again.response["model"]["version"] == served().release.card.sha256[:8]


def test_the_other_model_would_have_answered_differently(store, clock):
    one, other = (upload(store, clock, key=None, model=model).prediction for model in (served(), NEWER))
    assert one.id.per_mille != other.id.per_mille


def test_an_answer_is_repeated_without_writing_anything(store, clock):
    first = upload(store, clock)
    worker = Worker(store, lambda stepped: upload(stepped, clock))
    for _ in range(3):  # create the claim, get it, look for the picture
        worker.step()
    assert not worker.alive
    assert upload(store, clock).response == first.response


@pytest.mark.parametrize("seed", range(40))
def test_calls_at_once_make_one_prediction(store, clock, seed):
    models = (served(), NEWER, served())
    workers = [Worker(store, partial(upload, clock=clock, model=model)) for model in models]
    shuffle(workers, Random(seed), deaths=0.1)
    answer = upload(store, clock).response
    assert [worker.failure for worker in workers] == [None] * 3
    assert [(made.confidence, made.class_name) for made in committed(store)] == [
        (answer["confidence"], answer["class"])
    ]
    assert len(queued(store)) == 1


def test_another_picture_under_the_key_is_refused(store, clock):
    upload(store, clock)
    with pytest.raises(KeyReused):
        upload(store, clock, clear_upload())
    assert len(committed(store)) == 1


def test_a_call_that_began_before_midnight_is_finished_soon_after(store):
    first = begun(store, SettableClock(MIDNIGHT - timedelta(seconds=1)))
    again = upload(store, SettableClock(MIDNIGHT + timedelta(minutes=4)))
    assert str(again.prediction.id) == first


@pytest.mark.parametrize("minutes", [5, 14])
def test_while_its_day_closes_nobody_can_tell(store, minutes):
    begun(store, SettableClock(MIDNIGHT - timedelta(seconds=1)))
    with pytest.raises(DayClosing):
        upload(store, SettableClock(MIDNIGHT + timedelta(minutes=minutes)))
    assert not committed(store)
    assert not queued(store)


def test_once_its_day_is_closed_a_new_prediction_takes_its_place(store):
    first = begun(store, SettableClock(MIDNIGHT - timedelta(seconds=1)), steps=3)
    later = SettableClock(MIDNIGHT + timedelta(minutes=15))
    again = upload(store, later)
    assert str(again.prediction.id) != first
    assert [made.id.day for made in committed(store)] == ["20261123"]
    assert upload(store, later).response == again.response


@pytest.mark.parametrize("hours", [1, 13, 47])
def test_a_committed_answer_is_repeated_for_two_days(store, clock, hours):
    first = upload(store, clock)
    clock.pass_(hours=hours)
    assert upload(store, clock).prediction == first.prediction
    assert len(committed(store)) == 1


@pytest.mark.parametrize("body", [None, clear_upload()])
def test_after_two_days_the_key_is_free(store, clock, body):
    upload(store, clock)
    clock.pass_(hours=48)
    upload(store, clock, body)
    assert len(committed(store)) == 2
    assert upload(store, clock, body).committed


@pytest.mark.parametrize("seed", range(20))
def test_who_replaces_a_claim_together_follows_one(store, seed):
    begun(store, SettableClock(MIDNIGHT - timedelta(seconds=1)))
    later = SettableClock(MIDNIGHT + timedelta(hours=1))
    workers = [Worker(store, lambda stepped: upload(stepped, later)) for _ in range(3)]
    shuffle(workers, Random(seed))
    assert [worker.failure for worker in workers] == [None] * 3
    assert len(committed(store)) == len(queued(store)) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"v":1,"prediction":{},"answer":{}}', b'{"prediction":3}'])
def test_what_cannot_be_read_is_left_where_it_is(store, clock, body):
    store.create(KEY, body)
    with pytest.raises(Unavailable):
        upload(store, clock)
    assert store.get(KEY).body == body
    assert committed(store) == []


def test_a_claim_that_is_always_ahead_ends_in_an_apology(store, clock, monkeypatch):
    monkeypatch.setattr(store, "create", _somebody_was_first)
    with pytest.raises(Unavailable):  # there, and then not there, five times
        upload(store, clock)


def _somebody_was_first(ref: keys.ObjectRef, *args: object, **kwargs: object) -> str:
    raise AlreadyExists(ref.key)
