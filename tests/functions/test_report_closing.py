import json
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings

from feedloop import reviews
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.clock import day_of
from feedloop.domain.errors import Malformed, Missing, StoreDown
from feedloop.domain.observations import ListedPrediction
from feedloop.evidence import day_files
from functions.report.closing import close
from functions.sample.drawing import draw_sample
from tests.support import world
from tests.support.counting import Counted
from tests.support.refusing import Refusing
from tests.support.strategies import prediction_ids
from tests.support.world import CLASSES, NOON, commit, everything, prediction

DAY = day_of(NOON)
LOW = 0.7


def visit(store, rng, time=NOON, count=40):
    """Predictions of one day, as predict leaves them."""
    for _ in range(count):
        confidence = rng.uniform(0.2, 1)
        random = f"{rng.getrandbits(128):032x}"
        made = prediction(rng.randrange(len(CLASSES)), confidence=confidence, time=time, sample_key=random)
        commit(store, made, shown=False)
        if made.is_low_confidence:
            reviews.queue_informed(store, made, keys.LOW_CONFIDENCE)


@pytest.fixture(params=["memory", pytest.param("seaweedfs", marks=pytest.mark.store)])
def any_store(request):
    if request.param == "memory":
        return request.getfixturevalue("store")
    store = request.getfixturevalue("s3_store")
    world.release(store)
    return store


@pytest.fixture
def later(clock):
    clock.pass_(days=1)
    return clock()


def closed(store, now):
    return close(store, classes=len(CLASSES), now=now)


def file_of(store, day=DAY):
    return store.get(keys.day_file(day)).body


def lines_of(store, day=DAY):
    return [json.loads(line) for line in file_of(store, day).splitlines()]


def test_a_closed_day_is_written_with_a_line_per_prediction(any_store, later):
    visit(any_store, Random(1))
    assert closed(any_store, later) == {"closed": [DAY], "predictions": 40, "known": 0}
    header, *lines = lines_of(any_store)
    assert header == {"v": 1, "day": DAY, "predictions": 40}
    ids = {str(keys.parse_production(key)) for key in everything(any_store, keys.PRODUCTION, "")}
    assert {line["id"] for line in lines} == ids


def test_a_line_says_what_its_key_says(store, later):
    made = commit(store, prediction(2, confidence=0.4129), shown=False)
    draw_sample(DAY, 1, store=store, classes=len(CLASSES), now=later)
    closed(store, later)
    about = {"class_index": 2, "confidence": 0.412, "model": world.MODEL[:8]}
    assert lines_of(store)[1] == {"id": str(made.id), **about, "low": False, "sampled": True}


def test_a_line_is_low_when_it_has_a_task_whatever_the_threshold_is_now(store, later):
    visit(store, Random(2))
    closed(store, later)
    queued = everything(store, keys.LABELSTUDIO, "tasks/lowconfidence/")
    low = {f"tasks/lowconfidence/{line['id'].split('-')[4]}.json" for line in lines_of(store)[1:] if line["low"]}
    assert low == set(queued) != set()


def test_the_lines_stand_in_the_order_of_the_sample(any_store, later):
    visit(any_store, Random(3))
    closed(any_store, later)
    randoms = [line["id"].split("-")[4] for line in lines_of(any_store)[1:]]
    assert randoms == sorted(randoms)


def test_an_open_day_is_not_written(store, clock):
    visit(store, Random(1))
    clock.pass_(hours=12, minutes=14)
    assert closed(store, clock())["closed"] == []
    clock.pass_(minutes=1)
    assert closed(store, clock())["closed"] == [DAY]


def test_a_second_run_writes_nothing(any_store, later):
    visit(any_store, Random(1))
    closed(any_store, later)
    before = file_of(any_store)
    assert closed(any_store, later) == {"closed": [], "predictions": 0, "known": 1}
    assert file_of(any_store) == before


def test_a_late_run_writes_all_days_and_those_without_predictions(store, later):
    visit(store, Random(1), count=3)
    visit(store, Random(2), time=NOON + timedelta(days=2), count=2)
    found = closed(store, later + timedelta(days=3))
    assert found["closed"] == [day_of(NOON + timedelta(days=after)) for after in range(4)]
    assert [len(lines_of(store, day)) - 1 for day in found["closed"]] == [3, 0, 2, 0]


def test_a_late_run_writes_what_a_run_in_time_would_have_written(store, later):
    visit(store, Random(1))
    closed(store, later)
    in_time = file_of(store)
    store.delete(keys.day_file(DAY))
    visit(store, Random(2), time=NOON + timedelta(days=1))
    closed(store, later + timedelta(days=30))
    assert file_of(store) == in_time


def test_a_file_that_was_deleted_is_derived_again(store, later):
    for after in range(3):
        visit(store, Random(after), time=NOON + timedelta(days=after))
    closed(store, later + timedelta(days=2))
    before = file_of(store)
    store.delete(keys.day_file(DAY))
    assert closed(store, later + timedelta(days=2)) == {"closed": [DAY], "predictions": 40, "known": 2}
    assert file_of(store) == before


def test_a_day_keeps_its_predictions_when_the_pictures_go(store, later):
    visit(store, Random(1))
    closed(store, later)
    for key in everything(store, keys.PRODUCTION, ""):
        store.delete(keys.ObjectRef(keys.PRODUCTION, key))
    assert closed(store, later + timedelta(days=1))["known"] == 1
    assert len(list(day_files.fetch(store, DAY))) == 40


def test_nothing_is_listed_when_nothing_is_to_be_closed(store, later):
    visit(store, Random(1))
    closed(store, later)
    counted = Counted(store)
    closed(counted, later)
    assert counted.calls == {"list": 1 + len(CLASSES)}


def test_a_file_tells_what_the_listings_told(any_store, later):
    visit(any_store, Random(4))
    listed = day_files.list_predictions(any_store, DAY, len(CLASSES), set())
    low = {one.sample_key for one in listed if one.per_mille < LOW * 1000}
    closed(any_store, later)
    assert list(day_files.fetch(any_store, DAY)) == list(day_files.list_predictions(any_store, DAY, len(CLASSES), low))


@settings(deadline=None)
@given(prediction_ids())
def test_a_written_line_is_read_back(prediction_id):
    store = MemoryStore()
    p = prediction_id
    line = ListedPrediction(
        p.class_index, p.per_mille, p.model, low=True, sample_key=p.sample_key, second=f"{p.second:05d}"
    )
    store.create(keys.day_file(p.day), day_files.serialise(p.day, [line], set())[0])
    assert list(day_files.fetch(store, p.day)) == [line]
    assert f'"id":"{p}"'.encode() in store.get(keys.day_file(p.day)).body


HARMS = {
    "cut off": lambda body: body[:-20],
    "cut off between lines": lambda body: body[: body.rindex(b"\n", 0, -1) + 1],
    "without its begin": lambda body: body[30:],
    "with another line": lambda body: body + b"{}\n",
    "of another day": lambda body: body.replace(b'"day":"20261122"', b'"day":"20261121"'),
    "in capitals": bytes.upper,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_file_that_is_not_whole_is_not_read(store, later, harm):
    visit(store, Random(1))
    closed(store, later)
    body = file_of(store)
    store.delete(keys.day_file(DAY))
    store.create(keys.day_file(DAY), harm(body))
    with pytest.raises(Malformed):
        list(day_files.fetch(store, DAY))


def test_a_day_without_a_file_says_so(store):
    with pytest.raises(Missing):
        day_files.fetch(store, DAY)


def test_foreign_objects_are_no_predictions(store, later):
    visit(store, Random(1))
    store.create(keys.ObjectRef(keys.PRODUCTION, "class_00/notes.txt"), b"x")
    store.create(keys.ObjectRef(keys.PRODUCTION, f"class_00/{DAY}/0-notes.txt"), b"x")
    store.create(keys.ObjectRef(keys.TRACKING, "days/notes.txt"), b"x")
    assert closed(store, later)["predictions"] == 40


@pytest.mark.parametrize("error", [StoreDown("no answer"), MemoryError(), ValueError("not a day")], ids=repr)
def test_what_goes_wrong_with_one_day_keeps_no_other_one_from_being_written(store, clock, error):
    for back in range(3):
        visit(store, Random(back), NOON - timedelta(days=back), count=3)
    clock.pass_(days=1)
    failing = Refusing(store, "create", day_of(NOON - timedelta(days=1)), error)
    answer = closed(failing, clock())
    assert (answer["closed"], answer["failed"]) == (["20261120", "20261122"], 1)
    assert closed(store, clock())["closed"] == ["20261121"]


@pytest.mark.parametrize("day", ["00000000", "00010101", "19991231", "20260230"])
def test_a_day_that_nobody_can_have_predicted_on_is_none(store, later, day):
    visit(store, Random(1), count=3)
    stray = f"class_00/{day}/{'0' * 32}-0400-{'0' * 8}-00000.jpg"
    store.create(keys.ObjectRef(keys.PRODUCTION, stray), b"x")
    assert closed(store, later)["closed"] == [DAY]


@pytest.mark.parametrize(
    "header", [b"{}", b'{"v":1,"day":"20261122","predictions":"3"}', b'{"v":1}', b"[]", b"", b"\xff"]
)
def test_a_day_s_file_with_an_odd_first_line_is_not_whole(store, later, header):
    visit(store, Random(1), count=3)
    closed(store, later)
    stored = store.get(keys.day_file(DAY))
    store.replace(keys.day_file(DAY), header + stored.body[stored.body.index(b"\n") :], etag=stored.etag)
    with pytest.raises(Malformed):
        list(day_files.fetch(store, DAY))
