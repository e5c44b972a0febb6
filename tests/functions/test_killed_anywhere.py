"""Every function killed at each of its store calls, then called again and swept: as if nothing had happened.

The calls are counted by running the function once undisturbed, so a new call is tested without being listed here.
"""

import re
from datetime import timedelta

import pytest

from feedloop import releases, reviews
from feedloop.domain import keys
from functions.curate.curator import Curator
from functions.curate.sweep import handle_event, sweep
from functions.flag.handler import flag
from functions.relabel.visitor import relabel
from functions.report.closing import close
from functions.sample.drawing import draw_sample
from tests.support import demo, world
from tests.support.interleaving import Worker
from tests.support.uploads import clear_upload, unclear_upload
from tests.support.world import CLASSES, NOON, annotation, commit, prediction, write

QUEUE = keys.LOW_CONFIDENCE
MADE = [prediction(index, sample_key=f"{index:032x}") for index in range(3)]
TRACES = ("tracking/open/", "tracking/leases/")
CLOCK = world.SettableClock()


def predict_sure(store):
    demo.upload(store, CLOCK, clear_upload())


def predict_unsure(store):
    demo.upload(store, CLOCK, unclear_upload())


def flag_it(store):
    flag(MADE[1].id, store=store)


def relabel_it(store):
    relabel(MADE[1], 3, store=store, classes=releases.class_list(store), now=NOON)


def sample_two(store):
    draw_sample(MADE[0].id.day, 2, store=store, classes=len(CLASSES), now=NOON)


def close_days(store):
    close(store, classes=len(CLASSES), now=NOON + timedelta(days=2))


def curate_event(store):
    handle_event(curator(store), [keys.output(QUEUE, "1")])


def curate_sweep(store):
    sweep(curator(store), patience=timedelta(minutes=15))


def curator(store):
    return Curator(store, releases.class_list(store), CLOCK)


def nothing_before(_store):
    """The function's first call ever: no picture was shown to annotators yet."""


def sampled_before(store):
    sample_two(store)


def relabelled_before(store):
    relabel(MADE[1], 4, store=store, classes=releases.class_list(store), now=NOON)
    curate_sweep(store)


def annotated_before(store):
    for made in MADE:
        reviews.copy_picture(store, made.id)
    write(store, QUEUE, "1", annotation(store, MADE[1], "Egg"))
    write(store, QUEUE, "2", b"not an annotation")


def changed_before(store):
    annotated_before(store)
    curate_sweep(store)
    write(store, QUEUE, "1", annotation(store, MADE[1], "Meat", at=NOON + timedelta(minutes=1)))


def deleted_before(store):
    annotated_before(store)
    curate_sweep(store)
    store.delete(keys.output(QUEUE, "1"))


CASES = [
    (predict_sure, nothing_before),
    (predict_unsure, nothing_before),
    (flag_it, nothing_before),
    (relabel_it, nothing_before),
    (relabel_it, relabelled_before),
    (sample_two, nothing_before),
    (close_days, nothing_before),
    (close_days, sampled_before),
    (curate_event, annotated_before),
    (curate_event, changed_before),
    (curate_sweep, annotated_before),
    (curate_sweep, changed_before),
    (curate_sweep, deleted_before),
]


def begin(before):
    """A store with three committed predictions, and what happened before."""
    store = world.released_store(CLOCK)
    for made in MADE:
        commit(store, made, shown=False)
    before(store)
    return store


def end(store, function):
    """Call again what may have died, sweep, and say what is there; what chance drew is left out."""
    function(store)
    curate_sweep(store)
    found = [f"{bucket}/{key}" for bucket in keys.BUCKETS for key in world.everything(store, bucket, "")]
    return sorted(re.sub(r"[0-9a-f]{32}", "*", name) for name in found if not name.startswith(TRACES))


def calls(function, before):
    worker, count = Worker(begin(before), function), 0
    while worker.alive:
        worker.step()
        count += 1
    return count


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize(("function", "before"), CASES, ids=lambda case: case.__name__)
def test_a_kill_at_any_store_call_leaves_nothing_that_a_repeat_does_not_mend(function, before, dies):
    undisturbed = end(begin(before), function)
    for call in range(calls(function, before)):
        store = begin(before)
        worker = Worker(store, function)
        for _ in range(call):
            worker.step()
        worker.step(dies)
        assert end(store, function) == undisturbed, f"killed {dies} call {call}"


@pytest.mark.parametrize(("function", "before"), CASES, ids=lambda case: case.__name__)
def test_a_second_kill_at_the_same_call_changes_nothing_either(function, before):
    undisturbed = end(begin(before), function)
    for call in range(calls(function, before)):
        store = begin(before)
        for dies in ("after", "before"):
            worker = Worker(store, function)
            for _ in range(call):
                if worker.alive:
                    worker.step()
            if worker.alive:
                worker.step(dies)
        assert end(store, function) == undisturbed, f"killed twice at call {call}"


@pytest.mark.parametrize(("function", "before"), CASES, ids=lambda case: case.__name__)
def test_all_that_is_written_says_which_version_of_its_format_it_is(function, before):
    store = begin(before)
    end(store, function)
    assert world.versions(store) == {b"1"}
