import numpy as np
import pytest

from feedloop.domain.answers import OTHER
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.annotator_bias import anchoring
from feedloop.estimation.calibration import calibration
from feedloop.estimation.columns import Columns
from feedloop.estimation.confusion import confusion, per_class
from feedloop.estimation.intervals import wilson
from feedloop.estimation.window import STEEPEST, ConfidenceRegression, Window, share_variance_factor
from tests.support.observations import counts, observed


def known(found):
    assert found is not None
    return found


def row(predicted=0, blind=None, informed=None, *, sure=True):
    return observed("1", predicted, 900 if sure else 400, low=not sure, blind=blind, informed=informed)


def day(*predictions):
    """Each a class, how many of it are sure, how many unsure."""
    each = [[(index, 900, False)] * sure + [(index, 400, True)] * unsure for index, sure, unsure in predictions]
    return [counts("1", [one for several in each for one in several])]


def test_wilsons_interval_is_the_published_one():
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe (1998), table I
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.8830, 1), abs=5e-5)


def test_labels_count_for_less_where_the_heavy_ones_differ():
    weight, alike = np.array([9.0] * 10 + [1.0] * 90), np.ones(100, np.bool_)
    heavy, light = (np.isin(np.arange(100), wrong, invert=True) for wrong in (range(5), range(95, 100)))
    kish = (weight**2).sum() / weight.sum() ** 2
    assert share_variance_factor(weight, alike) == share_variance_factor(weight, light) == pytest.approx(kish)
    assert share_variance_factor(weight, heavy) > 1.5 * kish
    assert share_variance_factor(np.ones(100), heavy) == pytest.approx(1 / 100)


def test_precision_is_of_what_was_called_so_and_recall_of_what_is():
    rows = [row(0, 0)] * 8 + [row(0, 1)] * 2 + [row(1, 1)] * 10
    found = per_class(Window.of(day((0, 500, 0), (1, 500, 0)), rows))
    assert known(found[0].precision).value == pytest.approx(0.8)
    assert known(found[1].recall).value == pytest.approx(500 / (500 + 0.2 * 500))
    assert known(found[0].recall).value == 1


@pytest.mark.parametrize("right", [True, False])
def test_a_sample_that_is_all_alike_does_not_make_the_queue_certain(right):
    sample = [row(0, 0 if right else 1)] * 20
    queue = [row(0, 1, 0, sure=False)] * 2 + [row(0, 0, 0, sure=False)] * 8 + [row(0, None, 0, sure=False)] * 90
    found = known(accuracy(Window.of(day((0, 500, 100)), sample + queue)).best)
    assert found.low < found.value - 0.02
    assert found.high > found.value + 0.02


def test_a_class_that_was_never_answered_has_no_precision():
    found = per_class(Window.of(day((0, 500, 0), (3, 500, 0)), [row(0, 0)] * 10))
    assert found[3].precision is None


def test_shares_of_the_confusion_matrix_add_up():
    rows = [row(0, 0)] * 8 + [row(0, OTHER)] * 2 + [row(1, 1, 0, sure=False)] * 3 + [row(0, None, 1, sure=False)] * 7
    found = confusion(Window.of(day((0, 500, 7), (1, 500, 3)), rows))
    assert found.counts == {(0, 0): 8, (OTHER, 0): 2, (1, 1): 3}
    assert sum(found.shares.values()) == pytest.approx(1)


def test_the_confusion_matrix_believes_refusals_as_far_as_blind_answers_do():
    rows = [row(0, 0, 1, sure=False), row(0, 1, 1, sure=False), *[row(0, None, 1, sure=False)] * 8]
    assert confusion(Window.of(day((0, 0, 10)), rows)).shares == pytest.approx({(0, 0): 0.5, (1, 0): 0.5})


def test_none_of_the_classes_is_a_row_of_its_own():
    assert confusion(Window.of(day((0, 10, 0)), [row(0, OTHER)])).shares == {(OTHER, 0): 1}


def test_a_bin_is_compared_with_its_own_confidence():
    found = calibration(Window.of(day((0, 500, 0)), [row(0, 0)] * 60 + [row(0, 1)] * 40)).bins[9]
    assert (found.start, found.predictions, found.mean_confidence) == (0.9, 500, 0.9)
    assert known(found.accuracy).value == pytest.approx(0.6)


def test_a_model_that_is_as_good_as_it_says_has_no_error_by_chance():
    assert calibration(Window.of(day((0, 500, 0)), [row(0, 0)] * 17 + [row(0, 1)] * 3)).expected_error == 0
    assert known(calibration(Window.of(day((0, 500, 0)), [row(0, 0)] * 50 + [row(0, 1)] * 50)).expected_error) > 0.35


def test_annotators_who_follow_are_found_out_by_the_same_pictures():
    rows = [row(0, 1, 0, sure=False)] * 20 + [row(0, 0, 0, sure=False)] * 20 + [row(0, None, 0, sure=False)] * 40
    found = anchoring(Columns.of(day((0, 100, 80)), rows))
    assert (known(found.accepted).value, known(found.difference).value) == (1, pytest.approx(0.5))
    assert known(found.blind_agreement).value == pytest.approx(0.5)
    assert known(found.difference).low > 0.2


def test_without_pictures_answered_both_ways_nobody_is_accused():
    found = anchoring(Columns.of(day((0, 100, 10)), [row(0, None, 0, sure=False)] * 10))
    assert (known(found.accepted).labels, found.blind_agreement, found.difference) == (10, None, None)


def test_confidence_that_misleads_or_promises_too_much_moves_nothing_far():
    unsure, sure = [row(0, 0, sure=False)] * 10 + [row(0, 1, sure=False)] * 5, [row(0, 1)] * 10 + [row(0, 0)] * 5
    misled = ConfidenceRegression.of(Columns.of(day((0, 100, 100)), unsure + sure))
    assert (misled.slope, misled.unexplained) == (0, 1)
    steep = ConfidenceRegression.of(Columns.of(day((0, 100, 100)), [row(0, 0)] * 20 + [row(0, 1, sure=False)] * 20))
    assert steep.slope == STEEPEST
    assert steep.unexplained < 0.2
