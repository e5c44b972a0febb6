from random import Random

import pytest

from feedloop.domain import keys
from feedloop.domain.clock import day_of
from feedloop.domain.documents import load
from feedloop.domain.errors import Missing, StoreDown
from functions.sample.drawing import draw_sample
from tests.support.counting import Counted
from tests.support.interleaving import Worker
from tests.support.refusing import Refusing
from tests.support.world import CLASSES, NOON, commit, everything, prediction

DAY = day_of(NOON)
FOLDER = "tasks/randomsampled/"


@pytest.fixture
def many(store):
    rng = Random(7)
    return [
        commit(
            store, prediction(rng.choice([0, 0, 0, 0, 3, 5]), sample_key=f"{rng.getrandbits(128):032x}"), shown=False
        )
        for _ in range(60)
    ]


def sampled(store, clock, count=5, day=DAY):
    return draw_sample(day, count, store=store, classes=len(CLASSES), now=clock())


def queued(store):
    return {key.removeprefix(FOLDER).removesuffix(".json") for key in everything(store, keys.LABELSTUDIO, FOLDER)}


def test_a_sample_queues_as_many_tasks_as_asked(store, clock, many):
    assert sampled(store, clock)["queued"] == len(queued(store)) == 5


def test_the_sample_is_the_smallest_random_parts_of_all_classes_together(store, clock, many):
    sampled(store, clock)
    assert queued(store) == set(sorted(made.id.sample_key for made in many)[:5])


def test_a_second_run_adds_nothing(store, clock, many):
    sampled(store, clock)
    before = everything(store, keys.LABELSTUDIO, "")
    assert sampled(store, clock)["queued"] == 0
    assert everything(store, keys.LABELSTUDIO, "") == before


def test_a_larger_sample_contains_the_smaller_one(store, clock, many):
    sampled(store, clock, 5)
    smaller = queued(store)
    assert sampled(store, clock, 12)["queued"] == 7
    assert smaller < queued(store)


def test_a_day_with_fewer_predictions_is_taken_whole(store, clock, many):
    assert sampled(store, clock, 100)["sampled"] == 60


def test_a_day_without_predictions_gives_an_empty_sample(store, clock, many):
    assert sampled(store, clock, day="20261121")["sampled"] == 0


def test_the_task_is_blind(store, clock, many):
    sampled(store, clock, 1)
    (body,) = everything(store, keys.LABELSTUDIO, FOLDER).values()
    random = min(made.id.sample_key for made in many)
    url = f"s3://labelstudio/images/{random}.jpg"
    assert load(body) == {"data": {"v": 1, "image": url, "source": "random_sample"}}


def test_every_task_has_its_picture(store, clock, many):
    sampled(store, clock)
    assert all(store.head(keys.image(random)) for random in queued(store))


def test_no_task_ever_waits_for_its_picture(store, clock, many):
    worker = Worker(store, lambda stepped: sampled(stepped, clock))
    while worker.alive:
        worker.step()
        assert all(store.head(keys.image(random)) for random in queued(store))


def test_an_open_day_is_marked_provisional_until_it_closes(store, clock, many):
    before = sampled(store, clock)["provisional"]
    clock.pass_(hours=12, minutes=15)
    assert (before, sampled(store, clock)["provisional"]) == (True, False)


def test_foreign_objects_are_not_sampled(store, clock, many):
    store.create(keys.ObjectRef(keys.PRODUCTION, f"class_00/{DAY}/0-notes.txt"), b"x")
    assert sampled(store, clock, 100)["sampled"] == 60


def test_a_sample_costs_one_listing_per_class_and_two_calls_per_task(store, clock, many):
    counted = Counted(store)
    sampled(counted, clock, 20)
    assert counted.calls == {"list": len(CLASSES), "copy": 20, "create": 20}


@pytest.mark.parametrize("error", [StoreDown("no answer"), Missing("gone"), MemoryError(), UnicodeError()], ids=repr)
@pytest.mark.parametrize("verb", ["copy", "create"])
def test_what_goes_wrong_with_one_prediction_keeps_no_other_one_from_people(store, clock, many, verb, error):
    bad = min(made.id.sample_key for made in many)
    answer = sampled(Refusing(store, verb, bad, error), clock)
    assert (answer["sampled"], answer["queued"], answer["failed"]) == (5, 4, 1)
    again = sampled(store, clock)
    assert (again["queued"], again["known"], again.get("failed")) == (1, 4, None)
