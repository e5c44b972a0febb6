import pytest

from feedloop.domain.answers import OTHER, UNCLEAR
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.window import Window
from tests.support.observations import counts, observed


def value(estimate):
    assert estimate is not None
    return estimate.value


def day(name, size, low=0):
    return counts(name, [(0, 900, False)] * (size - low) + [(0, 400, True)] * low)


def answered(name, blind, *, low=False, informed=None):
    return observed(name, 0, 400 if low else 900, low=low, blind=blind, informed=informed)


def test_a_day_counts_by_its_size_however_many_of_it_were_answered():
    rows = [*[answered("1", 0)] * 5, *[answered("2", 1)] * 5]
    found = accuracy(Window.of([day("1", 900), day("2", 100)], rows))
    assert value(found.best) == pytest.approx(0.9)


def test_none_of_the_classes_is_wrong_and_missing_is_bounded():
    found = accuracy(Window.of([day("1", 100)], [answered("1", 0), answered("1", OTHER), answered("1", UNCLEAR)]))
    assert value(found.blind) == 0.5
    assert (found.blind_labels, found.missing) == (2, 1)
    assert (found.worst_case, found.best_case) == pytest.approx((1 / 3, 2 / 3))


def test_nothing_is_claimed_without_labels():
    found = accuracy(Window.of([day("1", 100)], []))
    assert (found.blind, found.best, found.worst_case, found.best_case) == (None, None, None, None)


def test_low_confidence_answers_count_for_themselves_only():
    queue = [answered("1", None, low=True, informed=1)] * 20
    found = accuracy(Window.of([day("1", 100, low=20)], [*queue, *[answered("1", 0)] * 5]))
    assert value(found.best) == pytest.approx(0.8)
    assert value(found.blind) == 1
