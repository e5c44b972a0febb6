"""Whatever is wrong with one object stays with that object: the report goes on and says what it left out."""

import json
from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.annotations import LARGEST
from feedloop.domain.clock import day_of
from feedloop.domain.errors import NoModel, StoreDown
from feedloop.sweeps import MOST_DOWN
from functions.report.closing import close
from functions.report.report import report
from tests.support.feedback import only_listed, sampled, visited, voted
from tests.support.world import CLASSES, NOON

BLIND, DAY, RANDOM = keys.RANDOM_SAMPLED, day_of(NOON), "a" * 32
DAMAGED = {
    "no text": b"\xff",
    "no object": b"[]",
    "nested too deep": b"[" * 100_000,
    "no history": b"{}",
    "a number for a history": b'{"history":3}',
    "a number for an entry": b'{"history":[3]}',
    "a time of no year": b'{"history":[{"at":"0001-01-01T00:00:00+14:00","outcome":"class"}]}',
    "a list for an outcome": b'{"history":[{"at":"2026-11-22T12:00:00Z","outcome":["class"]}]}',
    "too large": b'{"history":"' + b"x" * LARGEST + b'"}',
}
NO_PREDICTIONS = [
    f"class_01/{DAY}/{RANDOM}-9999-9f2c11aa-00000.jpg",
    f"class_01/{DAY}/{RANDOM}-0500-9f2c11aa-86400.jpg",
    f"class_01/00000000/{RANDOM}-0500-9f2c11aa-00000.jpg",
    f"class_01/19700101/{RANDOM}-0500-9f2c11aa-00000.jpg",
    f"class_01/{DAY}/x",
]


def file_of(count, *, day=DAY, line=""):
    """A day's file whose first line says so many predictions."""
    return json.dumps({"v": 1, "day": day, "predictions": count}) + "\n" + line


def line_of(per_mille, second):
    made = f"{DAY}-01-{per_mille}-9f2c11aa-{RANDOM}-{second}"
    return f'{{"id":"{made}","class_index":1,"confidence":0.5,"model":"9f2c11aa","low":true,"sampled":true}}\n'


FILES = {
    "empty": "",
    "no object": "[]\n",
    "words for a count": file_of("one"),
    "a list for a count": file_of([1]),
    "a count too high": file_of(1),
    "another day's": file_of(0, day="20261121"),
    "no confidence": file_of(1, line=line_of("9999", "00000")),
    "no second": file_of(1, line=line_of("0500", "86400")),
}


@pytest.fixture
def made(store):
    """Answered predictions of a day."""
    found = [visited(store, 1, confidence=0.9, sample_key=f"{number:032x}") for number in range(MOST_DOWN + 20)]
    for number, one in enumerate(found):
        sampled(store, one)
        voted(store, BLIND, one, 1 if number % 4 else 2)
    return found


@pytest.fixture
def told(store, clock, made):
    """The report of the day after."""
    clock.time = NOON + timedelta(days=1)
    return lambda: report({"days": "1"}, store=store, classes=releases.class_list(store), now=clock(), threshold=700)


def put(store, ref, body):
    store.delete(ref)
    store.create(ref, body)


def limit(report_, kind):
    return next((one for one in report_["limits"] if one["kind"] == kind), None)


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_label_is_left_out_and_named(store, made, told, body):
    before, ref = told(), keys.label(BLIND, made[0].id)
    put(store, ref, body)
    after = told()
    assert limit(after, "unread") == {"kind": "unread", "objects": 1, "key": ref.key}
    assert ref.key in "\n".join(after["notes"])
    assert (after["accuracy"], after["queues"]) == (before["accuracy"], before["queues"])


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_label_of_a_picture_that_is_moved_is_named(store, made, told, body):
    put(store, keys.label(BLIND, made[0].id), body)
    only_listed(store, BLIND, made[0], 3)
    assert told()["accuracy"]["labels"]["blind"] == len(made)
    assert limit(told(), "unread")["objects"] == 2  # asked for its answer, and for its time


@pytest.mark.parametrize("key", NO_PREDICTIONS)
def test_a_key_that_no_prediction_has_counts_as_nothing(store, clock, told, key):
    before = told()
    store.create(keys.ObjectRef(keys.PRODUCTION, key), b"jpeg")
    store.create(keys.task(BLIND, RANDOM), b"{}")
    store.create(keys.ObjectRef(keys.DATASETS[BLIND], f"class_02/{DAY}-01-0500-9f2c11aa-{RANDOM}-86400.jpg"), b"jpeg")
    assert told()["accuracy"] == before["accuracy"]
    assert told()["predictions"] == before["predictions"]
    assert close(store, classes=len(CLASSES), now=clock())["closed"] == [DAY]


@pytest.mark.parametrize("body", FILES.values(), ids=FILES)
def test_a_damaged_file_of_a_day_is_told_with_its_day(store, clock, told, body):
    before = told()
    close(store, classes=len(CLASSES), now=clock())
    put(store, keys.day_file(DAY), body.encode())
    assert told()["accuracy"] == before["accuracy"]
    assert limit(told(), "damaged") == {"kind": "damaged", "first": DAY, "last": DAY, "days": 1}
    assert limit(told(), "unwritten") is None


def failing(store, monkeypatch, fails):
    """A store that cannot give some objects."""
    get = MemoryStore.get

    def got(self, ref, **how):
        if fails(ref.key):
            raise StoreDown(f"no disk below {ref.key}")
        return get(self, ref, **how)

    monkeypatch.setattr(MemoryStore, "get", got)


def test_a_label_that_the_store_cannot_give_leaves_the_others(store, made, told, monkeypatch):
    ref = keys.label(BLIND, made[3].id)
    failing(store, monkeypatch, lambda key: key == ref.key)
    assert limit(told(), "unread") == {"kind": "unread", "objects": 1, "key": ref.key}


def test_a_store_that_gives_no_label_is_down(store, told, monkeypatch):
    failing(store, monkeypatch, lambda key: key.startswith("labels/"))
    with pytest.raises(StoreDown):
        told()


@pytest.mark.parametrize("body", [b"\xff", b"{}", b"[]", b'{"v":1,"classes":[1]}'])
def test_without_its_class_list_a_release_does_not_serve(store, told, body):
    put(store, keys.class_list(), body)
    with pytest.raises(NoModel, match="class list"):
        told()
