"""What a report finds in the store, before any number is estimated."""

from datetime import timedelta
from random import Random

import pytest

from feedloop.domain import keys
from feedloop.domain.answers import DISPUTED
from feedloop.domain.clock import day_of
from feedloop.evidence import evidence, human_labels
from feedloop.sweeps import ErrorBoundary
from functions.report import counts
from functions.report.closing import close
from functions.report.counts import predictions
from functions.report.query import ReportFilter
from tests.support import feedback, world
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, SKIPPED, flagged, only_listed, sampled, visited, voted
from tests.support.world import CLASSES, NOON

BLIND, LOW, FLAGS, VISITORS = keys.RANDOM_SAMPLED, keys.LOW_CONFIDENCE, keys.USER_FEEDBACK, keys.USER_FEEDBACK_2
DAY = day_of(NOON)
SURE, UNSURE = 0.9, 0.3


def fetch(store, days, now):
    labels = human_labels.fetch(store, classes=len(CLASSES))
    return evidence.fetch(store, days, labels, classes=len(CLASSES), now=now)


@pytest.fixture
def found(store, clock):
    """The facts of a day, and what people said, once it has closed."""
    clock.pass_(days=1)

    def read(day=DAY, where=store):
        (found,) = fetch(where, [day], clock())
        return found

    return read


def in_order(store, count, **about):
    """Predictions in the order of their sample keys."""
    return [visited(store, sample_key=f"{number:032x}", confidence=SURE, **about) for number in range(count)]


def test_predictions_are_counted_by_class_model_confidence_and_task(store, found):
    for confidence, index in ((0.95, 0), (0.951, 0), (1.0, 0), (0.3, 2)):
        visited(store, index, confidence=confidence)
    counts = {(cell.predicted, cell.bin, cell.low): count for cell, count in found().counts.cells.items()}
    assert counts == {(0, 9, False): 3, (2, 3, True): 1}
    assert sum(found().counts.per_mille.values()) == 950 + 951 + 1000 + 300


def test_only_the_labelled_prefix_of_the_days_order_counts_as_blind(store, found):
    made = in_order(store, 5)
    for one in (made[0], made[1], made[3]):
        voted(store, BLIND, one, 1)
    assert [one.blind for one in found().observations] == [1, 1, None]
    assert found().behind == 1


@pytest.mark.parametrize(("answer", "code"), [(2, 2), (NONE_OF_THESE, -1), (CANNOT_TELL, -2), (SKIPPED, -3)])
def test_every_answer_keeps_the_prefix_going(store, found, answer, code):
    first, second = in_order(store, 2)
    voted(store, BLIND, first, answer)
    voted(store, BLIND, second, 1)
    assert [one.blind for one in found().observations] == [code, 1]


def test_a_withdrawn_answer_ends_the_prefix(store, found):
    first, second = in_order(store, 2)
    for one in (first, second):
        voted(store, BLIND, one, 1)
    voted(store, BLIND, first, "withdrawn")
    assert [one.blind for one in found().observations] == [None]


def test_two_who_disagree_are_a_dispute(store, found):
    (one,) = in_order(store, 1)
    voted(store, BLIND, one, 1, by="3")
    voted(store, BLIND, one, 2, by="4")
    assert found().observations[0].blind == DISPUTED


def test_a_picture_that_is_being_moved_counts_as_its_label_says(store, found):
    (one,) = in_order(store, 1)
    voted(store, BLIND, one, 2)
    only_listed(store, BLIND, one, 1)
    only_listed(store, BLIND, one, 3)
    assert found().observations[0].blind == 2


def test_each_queue_has_an_answer_of_its_own(store, found):
    one = visited(store, 1, confidence=UNSURE)
    flagged(store, one)
    for queue, answer in ((BLIND, 0), (LOW, 1), (FLAGS, 2), (VISITORS, 3)):
        voted(store, queue, one, answer)
    (seen,) = found().observations
    assert (seen.blind, seen.informed, seen.flag, seen.visitor, seen.low, seen.flagged) == (0, 1, 2, 3, True, True)


def test_another_days_answers_are_left_alone(store, found):
    voted(store, BLIND, visited(store, time=NOON - timedelta(days=1)), 1)
    visited(store)
    assert (found().observations, found().behind) == ([], 0)


def test_a_queue_tells_what_waits_and_since_when(store, clock, found):
    first, second, third = in_order(store, 3)
    for one in (first, second, third):
        sampled(store, one)
        clock.pass_(minutes=10)
    voted(store, BLIND, first, 1)
    told = human_labels.fetch(store, classes=len(CLASSES)).tasks[BLIND]
    assert (told.waiting, told.oldest) == (2, NOON + timedelta(days=1, minutes=10))
    assert found().waiting == 2


def test_tasks_are_counted_wherever_their_random_parts_begin(store):
    for digit in "0123456789abcdef":
        sampled(store, visited(store, confidence=SURE, sample_key=digit * 32))
    told = human_labels.fetch(store, classes=len(CLASSES)).tasks[BLIND]
    assert (told.waiting, len(told.sample_keys)) == (16, 16)


def test_the_time_to_a_label_is_from_prediction_to_first_answer(store, clock, found):
    for one in in_order(store, 3):
        voted(store, BLIND, one, 1)
        voted(store, BLIND, one, 2)
    labels = human_labels.fetch(store, classes=len(CLASSES))
    told = counts.queues(store, labels, [found()], for_each=map, unreadable=ErrorBoundary("test"))
    assert told[0]["seconds_to_label"] == {"median": 3600.0, "p95": 3600.0}
    assert (told[0]["queue"], told[0]["title"], told[0]["done"]) == (BLIND, "Random Sampling Review", 3)
    assert (told[1]["waiting"], told[1]["oldest"], told[1]["seconds_to_label"]) == (0, None, None)


def test_the_time_rests_on_a_bounded_number_of_labels(store, found):
    for one in in_order(store, 230):
        voted(store, BLIND, one, 1)
    assert (found().done[BLIND], len(found().timed[BLIND])) == (230, 200)


def test_visitors_are_compared_with_annotators(store, found):
    right, wrong, unseen, unclear = in_order(store, 4, class_index=1)
    for one in (right, wrong, unseen, unclear):
        flagged(store, one)
        voted(store, VISITORS, one, 2)
    for one, answer in ((right, 2), (wrong, 1), (unclear, CANNOT_TELL)):
        voted(store, FLAGS, one, answer)
    assert counts.flags(found().observations) == counts.Confirmation(4, 2, 1)
    assert counts.relabels(found().observations) == counts.Confirmation(4, 2, 1)


def test_a_flag_is_confirmed_by_none_of_these(store, found):
    (one,) = in_order(store, 1)
    flagged(store, one)
    voted(store, FLAGS, one, NONE_OF_THESE)
    assert counts.flags(found().observations) == counts.Confirmation(1, 1, 1)


def test_totals_are_told_by_day_class_and_model(store, found):
    for index in (0, 0, 1):
        visited(store, index, confidence=UNSURE)
    told = predictions([DAY, "20261123"], [found()], ReportFilter(), CLASSES)
    assert (told["total"], told["low_confidence"]) == (3, 3)
    assert told["by_day"][1] == {"day": "20261123", "total": 0, "low_confidence": 0}
    assert told["by_class"][0] == {"class_index": 0, "class": "Bread", "total": 2, "low_confidence": 2}
    assert told["by_model"] == [{"model": world.MODEL[:8], "total": 3, "low_confidence": 3}]


def test_totals_may_be_narrowed_to_a_class_and_a_model(store, found):
    for index in (0, 0, 1):
        visited(store, index)
    told = predictions([DAY], [found()], ReportFilter(class_index=0), CLASSES)
    assert (told["total"], [one["class"] for one in told["by_class"]]) == (2, ["Bread"])
    assert predictions([DAY], [found()], ReportFilter(model="00000000"), CLASSES)["total"] == 0


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
    told = feedback.any_day(store, Random(seed))
    clock.pass_(days=1)
    (listed,) = fetch(store, [told], clock())
    close(store, classes=len(CLASSES), now=clock())
    (filed,) = fetch(store, [told], clock())
    assert (listed.filed, filed.filed) == (False, True)
    filed.filed = False
    assert filed == listed
