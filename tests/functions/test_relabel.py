import re
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.documents import load
from functions.curate.curator import Curator
from functions.curate.sweep import sweep
from functions.relabel.visitor import relabel
from tests.support.interleaving import Worker, shuffle
from tests.support.world import NOON, commit, pictures, prediction

QUEUE = keys.USER_FEEDBACK_2
BREAD, DAIRY, EGG, MEAT = 0, 1, 3, 5


@pytest.fixture
def made(store):
    return commit(store, prediction(DAIRY), shown=False)


@pytest.fixture
def say(store, made):
    return partial(relabel, made, store=store, classes=releases.class_list(store), now=NOON)


def answer(store, made):
    return load(store.get(keys.output(QUEUE, made.id.sample_key)).body)


def curate(store, clock):
    return sweep(Curator(store, releases.class_list(store), clock), patience=timedelta(minutes=15))


def test_the_first_answer_is_written_as_an_annotation(store, made, say):
    assert say(EGG)
    assert answer(store, made) == {
        "v": 1,
        "id": made.id.sample_key,
        "counter": 1,
        "updated_at": "2026-11-22T12:00:00Z",
        "completed_by": {"id": "visitor"},
        "was_cancelled": False,
        "task": {"data": {"image": f"s3://labelstudio/images/{made.id.sample_key}.jpg"}},
        "prediction_id": str(made.id),
        "result": [{"type": "choices", "value": {"choices": ["Egg"]}}],
    }


def test_the_models_own_class_needs_no_change(store, made, say):
    assert not say(DAIRY)
    assert not list(store.list(keys.outputs(QUEUE)))


def test_the_same_answer_again_needs_no_change(store, made, say):
    assert [say(EGG), say(EGG)] == [True, False]
    assert answer(store, made)["counter"] == 1


def test_another_answer_counts_on_and_its_time_grows(store, made, say):
    say(EGG)
    say(MEAT)
    found = answer(store, made)
    assert (found["counter"], found["updated_at"]) == (2, "2026-11-22T12:00:00.000001Z")


def test_going_back_to_the_models_class_withdraws_the_correction(store, made, say):
    say(EGG)
    assert say(DAIRY)
    assert (answer(store, made)["was_cancelled"], answer(store, made)["result"]) == (True, [])


def test_an_answer_becomes_a_dataset_picture(store, made, say, clock):
    say(EGG)
    curate(store, clock)
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]


def test_a_second_answer_moves_the_picture(store, made, say, clock):
    for index in (EGG, MEAT):
        say(index)
        curate(store, clock)
    assert pictures(store, QUEUE) == [f"class_05/{made.id}.jpg"]


def test_a_withdrawn_answer_takes_the_picture_back(store, made, say, clock):
    for index in (EGG, DAIRY):
        say(index)
        curate(store, clock)
    assert pictures(store, QUEUE) == []


def test_an_answer_after_a_withdrawal_counts(store, made, say, clock):
    for index in (EGG, DAIRY, BREAD):
        say(index)
        curate(store, clock)
    assert pictures(store, QUEUE) == [f"class_00/{made.id}.jpg"]


@pytest.mark.parametrize("seed", range(40))
def test_answers_given_at_once_are_all_counted(store, made, seed):
    classes = releases.class_list(store)

    def say(index, store):
        return relabel(made, index, store=store, classes=classes, now=NOON)

    workers = [Worker(store, partial(say, index)) for index in (BREAD, EGG, MEAT)]
    shuffle(workers, Random(seed))
    assert answer(store, made)["counter"] == 3


ODD = [b"", b"{", b"[]", b"\xff" * 600_000, b'{"counter":1}', b'{"updated_at":"0001-01-01T00:00:00+14:00"}']
FIELDS = [b'"counter":"x"', b'"counter":1e400', b'"counter":[]', b'"updated_at":"9999-12-31T23:59:59.999999Z"']


@pytest.mark.parametrize("body", [*ODD, *FIELDS], ids=lambda body: str(body)[:40])
def test_an_answer_that_cannot_be_read_gives_way_to_the_next_one(store, made, say, clock, body):
    say(MEAT)
    ref = keys.output(QUEUE, made.id.sample_key)
    whole = store.get(ref)
    field = body.partition(b":")[0] if body in FIELDS else b""
    damaged = re.sub(re.escape(field) + rb':("[^"]*"|[^,}]*)', lambda _: body, whole.body) if field else body
    store.replace(ref, damaged, etag=whole.etag)
    assert say(EGG)
    curate(store, clock)
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]
