"""A day of evidence: its predictions as counts, and those under review with their answers."""

from datetime import timedelta
from random import Random

import pytest

from feedloop.domain import keys
from feedloop.domain.clock import day_of
from feedloop.evidence import evidence, human_labels
from functions.report.closing import close
from tests.support import feedback, world
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, SKIPPED, flagged, sampled, visited, voted
from tests.support.world import CLASSES, NOON

BLIND, LOW, FLAGS, VISITORS = keys.RANDOM_SAMPLED, keys.LOW_CONFIDENCE, keys.USER_FEEDBACK, keys.USER_FEEDBACK_2
DAY = day_of(NOON)
SURE, UNSURE = 0.9, 0.3


def fetch(store, days, now):
    labels = human_labels.fetch(store, classes=len(CLASSES))
    return evidence.fetch(store, days, labels, classes=len(CLASSES), now=now)


@pytest.fixture
def day(store, clock):
    """The evidence of the day, once it has closed."""
    clock.pass_(days=1)
    return lambda: fetch(store, [DAY], clock())[0]


def in_order(store, count, **about):
    """Predictions in the order of their sample keys."""
    return [visited(store, sample_key=f"{number:032x}", confidence=SURE, **about) for number in range(count)]


def test_predictions_are_counted_by_class_model_confidence_and_task(store, day):
    for confidence, index in ((0.95, 0), (0.951, 0), (1.0, 0), (0.3, 2)):
        visited(store, index, confidence=confidence)
    counts = {(cell.predicted, cell.bin, cell.low): count for cell, count in day().counts.cells.items()}
    assert counts == {(0, 9, False): 3, (2, 3, True): 1}
    assert sum(day().counts.per_mille.values()) == 950 + 951 + 1000 + 300


def test_only_the_labelled_prefix_of_the_days_order_counts_as_blind(store, day):
    made = in_order(store, 5)
    for one in (made[0], made[1], made[3]):
        voted(store, BLIND, one, 1)
    assert [one.blind for one in day().observations] == [1, 1, None]
    assert day().behind == 1


@pytest.mark.parametrize(("answer", "code"), [(2, 2), (NONE_OF_THESE, -1), (CANNOT_TELL, -2), (SKIPPED, -3)])
def test_every_answer_keeps_the_prefix_going(store, day, answer, code):
    first, second = in_order(store, 2)
    voted(store, BLIND, first, answer)
    voted(store, BLIND, second, 1)
    assert [one.blind for one in day().observations] == [code, 1]


def test_a_withdrawn_answer_ends_the_prefix(store, day):
    first, second = in_order(store, 2)
    for one in (first, second):
        voted(store, BLIND, one, 1)
    voted(store, BLIND, first, "withdrawn")
    assert [one.blind for one in day().observations] == [None]


def test_each_queue_has_an_answer_of_its_own(store, day):
    one = visited(store, 1, confidence=UNSURE)
    flagged(store, one)
    for queue, answer in ((BLIND, 0), (LOW, 1), (FLAGS, 2), (VISITORS, 3)):
        voted(store, queue, one, answer)
    (one,) = day().observations
    assert (one.blind, one.informed, one.flag, one.visitor, one.low, one.flagged) == (0, 1, 2, 3, True, True)


def test_another_days_answers_are_left_alone(store, day):
    voted(store, BLIND, visited(store, time=NOON - timedelta(days=1)), 1)
    visited(store)
    assert (day().observations, day().behind) == ([], 0)


def test_a_queue_tells_what_waits_and_since_when(store, clock, day):
    first, second, third = in_order(store, 3)
    for one in (first, second, third):
        sampled(store, one)
        clock.pass_(minutes=10)
    voted(store, BLIND, first, 1)
    tasks = human_labels.fetch(store, classes=len(CLASSES)).tasks[BLIND]
    assert (tasks.waiting, tasks.oldest) == (2, NOON + timedelta(days=1, minutes=10))
    assert day().waiting == 2


def test_the_time_rests_on_a_bounded_number_of_labels(store, day):
    for one in in_order(store, 230):
        voted(store, BLIND, one, 1)
    assert (day().done[BLIND], len(day().timed[BLIND])) == (230, 200)


def test_a_day_before_the_first_prediction_costs_no_listing_of_its_own(store, clock):
    visited(store)
    clock.pass_(days=1)
    assert fetch(store, ["20260101"], clock()) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("where", ["memory", pytest.param("seaweedfs", marks=pytest.mark.store)])
def test_a_days_file_and_the_listings_tell_the_same(request, clock, where, seed):
    store = request.getfixturevalue("store" if where == "memory" else "s3_store")
    if where == "seaweedfs":
        world.release(store)
    made = feedback.any_day(store, Random(seed))
    clock.pass_(days=1)
    (listed,) = fetch(store, [made], clock())
    close(store, classes=len(CLASSES), now=clock())
    (filed,) = fetch(store, [made], clock())
    assert (listed.filed, filed.filed) == (False, True)
    filed.filed = False
    assert filed == listed
