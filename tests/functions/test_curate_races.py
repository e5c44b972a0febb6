"""The rare orders of events that random interleavings once found, one by one."""

from datetime import timedelta
from functools import partial

import pytest

from feedloop import releases
from feedloop.domain import keys
from functions.curate.curator import Curator
from functions.curate.sweep import handle_event, sweep
from tests.support.interleaving import Worker
from tests.support.world import NOON, annotation, commit, everything, pictures, prediction, write

QUEUE = keys.LOW_CONFIDENCE
ONE = keys.output(QUEUE, "1")


@pytest.fixture
def made(store):
    return commit(store, prediction(1))


@pytest.fixture
def event(store, clock):
    classes = releases.class_list(store)
    return lambda through=store: handle_event(Curator(through, classes, clock), [ONE])


@pytest.fixture
def swept(store, clock):
    classes = releases.class_list(store)
    return lambda through=store: sweep(Curator(through, classes, clock), patience=timedelta(minutes=15))


def save(store, made, choice="Egg", minute=0):
    write(store, QUEUE, "1", annotation(store, made, choice, at=NOON + timedelta(minutes=minute)))


@pytest.mark.parametrize(
    "call", ["create open/", "create labels/", "copy", "replace labels/", "create curated/", "delete open/"]
)
@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_second_delivery_finishes_what_a_killed_worker_began(store, made, event, call, dies):
    save(store, made)
    worker = Worker(store, event)
    worker.reach(call)
    worker.step(dies)
    event()
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]
    assert len(everything(store, keys.TRACKING, "curated/")) == 1


def test_while_a_picture_moves_it_is_always_in_a_class(store, made, event):
    save(store, made)
    event()
    save(store, made, "Meat", minute=1)
    worker = Worker(store, event)
    while worker.alive:
        worker.step()
        assert pictures(store, QUEUE) != []


def test_the_ledger_never_says_done_before_the_picture_is_shown(store, made, event):
    save(store, made)
    worker = Worker(store, event)
    while worker.alive:
        worker.step()
        assert len(everything(store, keys.TRACKING, "curated/")) <= len(pictures(store, QUEUE))


def test_a_worker_that_slept_through_a_change_shows_what_the_label_says_now(store, made, event):
    save(store, made)
    slow = Worker(store, event)
    slow.reach("copy")
    save(store, made, "Meat", minute=1)
    event()
    slow.finish()
    assert pictures(store, QUEUE) == [f"class_05/{made.id}.jpg"]


def test_a_worker_whose_annotation_was_rewritten_meanwhile_takes_the_new_version(store, made, event, swept):
    save(store, made)
    event()
    store.delete(ONE)
    swept()
    save(store, made)
    slow = Worker(store, event)
    slow.reach("head output/")
    save(store, made, "Meat", minute=1)
    slow.finish()
    assert pictures(store, QUEUE) == [f"class_05/{made.id}.jpg"]


def test_a_worker_that_slept_through_a_deletion_does_not_cast_its_vote(store, made, event, swept):
    save(store, made)
    slow = Worker(store, event)
    slow.reach("create labels/")
    store.delete(ONE)
    swept()
    slow.finish()
    assert pictures(store, QUEUE) == []


def test_a_slow_withdrawal_leaves_an_annotation_that_was_made_anew(store, made, event, swept):
    save(store, made)
    event()
    store.delete(ONE)
    slow = Worker(store, swept)
    slow.reach("get curated/")
    save(store, made, "Meat", minute=1)
    event()
    slow.finish()
    assert pictures(store, QUEUE) == [f"class_05/{made.id}.jpg"]


def test_an_annotation_that_only_the_listing_missed_is_not_withdrawn(store, made, event, swept):
    save(store, made)
    event()
    store.delete(ONE)
    sweeping = Worker(store, swept)
    sweeping.reach("head output/")
    save(store, made)
    sweeping.finish()
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]


def test_a_stale_copy_is_repaired_although_its_worker_died(store, made, event, swept):
    save(store, made)
    slow = Worker(store, event)
    slow.reach("copy")
    save(store, made, "Meat", minute=1)
    event()
    slow.step()
    slow.step("before")
    assert len(pictures(store, QUEUE)) == 2
    swept()
    assert pictures(store, QUEUE) == [f"class_05/{made.id}.jpg"]


def test_nobody_clears_a_withdrawal_that_he_did_not_see(store, made, event, swept):
    save(store, made)
    body = store.get(ONE).body
    for _ in range(2):
        event()
        store.delete(ONE)
        swept()
        write(store, QUEUE, "1", body)
    slow = Worker(store, event)
    slow.reach("replace curated/")
    event()
    store.delete(ONE)
    swept()
    slow.finish()
    swept()
    assert pictures(store, QUEUE) == []


def test_a_note_of_the_dead_is_forgotten_once_its_worker_cannot_be_alive(store, made, event, swept, clock):
    save(store, made)
    dead = Worker(store, event)
    dead.reach("copy")
    dead.step("before")
    notes = partial(everything, store, keys.TRACKING, "open/")
    swept()
    assert len(notes()) == 1
    clock.pass_(minutes=16)
    swept()
    assert notes() == {}
