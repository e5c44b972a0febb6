"""What a report counts: predictions, queues, and what visitors say."""

import pytest

from feedloop.domain import keys
from feedloop.domain.clock import day_of
from feedloop.evidence import evidence, human_labels
from feedloop.sweeps import ErrorBoundary
from functions.report import counts
from functions.report.counts import predictions
from functions.report.query import ReportFilter
from tests.support import world
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, flagged, visited, voted
from tests.support.world import CLASSES, NOON

BLIND, FLAGS, VISITORS = keys.RANDOM_SAMPLED, keys.USER_FEEDBACK, keys.USER_FEEDBACK_2
DAY = day_of(NOON)
SURE, UNSURE = 0.9, 0.3


@pytest.fixture
def day(store, clock):
    """The evidence of the day, once it has closed."""
    clock.pass_(days=1)

    def fetch():
        labels = human_labels.fetch(store, classes=len(CLASSES))
        return evidence.fetch(store, [DAY], labels, classes=len(CLASSES), now=clock())[0]

    return fetch


def in_order(store, count, **about):
    """Predictions in the order of their sample keys."""
    return [visited(store, sample_key=f"{number:032x}", confidence=SURE, **about) for number in range(count)]


def test_the_time_to_a_label_is_from_prediction_to_first_answer(store, day):
    for one in in_order(store, 3):
        voted(store, BLIND, one, 1)
        voted(store, BLIND, one, 2)
    labels = human_labels.fetch(store, classes=len(CLASSES))
    told = counts.queues(store, labels, [day()], for_each=map, unreadable=ErrorBoundary("test"))
    assert told[0]["seconds_to_label"] == {"median": 3600.0, "p95": 3600.0}
    assert (told[0]["queue"], told[0]["title"], told[0]["done"]) == (BLIND, "Random Sampling Review", 3)
    assert (told[1]["waiting"], told[1]["oldest"], told[1]["seconds_to_label"]) == (0, None, None)


def test_visitors_are_compared_with_annotators(store, day):
    right, wrong, unanswered, unclear = in_order(store, 4, class_index=1)
    for one in (right, wrong, unanswered, unclear):
        flagged(store, one)
        voted(store, VISITORS, one, 2)
    for one, answer in ((right, 2), (wrong, 1), (unclear, CANNOT_TELL)):
        voted(store, FLAGS, one, answer)
    assert counts.flags(day().observations) == counts.Confirmation(4, 2, 1)
    assert counts.relabels(day().observations) == counts.Confirmation(4, 2, 1)


def test_a_flag_is_confirmed_by_none_of_these(store, day):
    (one,) = in_order(store, 1)
    flagged(store, one)
    voted(store, FLAGS, one, NONE_OF_THESE)
    assert counts.flags(day().observations) == counts.Confirmation(1, 1, 1)


def test_totals_are_told_by_day_class_and_model(store, day):
    for index in (0, 0, 1):
        visited(store, index, confidence=UNSURE)
    told = predictions([DAY, "20261123"], [day()], ReportFilter(), CLASSES)
    assert (told["total"], told["low_confidence"]) == (3, 3)
    assert told["by_day"][1] == {"day": "20261123", "total": 0, "low_confidence": 0}
    assert told["by_class"][0] == {"class_index": 0, "class": "Bread", "total": 2, "low_confidence": 2}
    assert told["by_model"] == [{"model": world.MODEL[:8], "total": 3, "low_confidence": 3}]


def test_totals_may_be_narrowed_to_a_class_and_a_model(store, day):
    for index in (0, 0, 1):
        visited(store, index)
    told = predictions([DAY], [day()], ReportFilter(class_index=0), CLASSES)
    assert (told["total"], [one["class"] for one in told["by_class"]]) == (2, ["Bread"])
    assert predictions([DAY], [day()], ReportFilter(model="00000000"), CLASSES)["total"] == 0
