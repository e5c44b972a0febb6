import pytest

from feedloop.estimation.paired import Compared, labels_needed, paired


def compared(**counts):
    """Pictures of class 1 by kind: both models right, only the new one, only the old one, neither."""
    kinds = {"both": (1, 1), "new": (0, 1), "old": (1, 0), "none": (0, 0)}
    return [Compared("0", 1, *kinds[kind]) for kind, count in counts.items() for _ in range(count)]


def difference(pictures, sizes):
    found = paired(pictures, sizes)
    assert found is not None
    return found


def test_only_disagreements_move_the_difference():
    found = difference(compared(both=1620, new=100, old=60, none=220), {"0": 10_000})
    assert found.overall.value == pytest.approx(0.02)
    assert found.overall.low == pytest.approx(0.02 - 1.96 * 0.00629, abs=5e-4)


def test_the_interval_is_that_of_agresti_and_min():
    # half an answer more in each of four cells: 5 / 22, and the root of (8 / 22 - (5 / 22)^2) / 22
    found = difference(compared(both=10, new=6, old=1, none=3), {"0": 10_000}).overall
    assert (found.value, found.labels) == (0.25, 20)
    assert (found.low, found.high) == pytest.approx((-0.00613, 0.46067), abs=5e-5)


def test_days_count_by_their_size_and_not_by_their_labels():
    pictures = [Compared("big", 1, 0, 1)] * 10 + [Compared("small", 1, 1, 0)] * 90
    assert difference(pictures, {"big": 900, "small": 100}).overall.value == pytest.approx(0.8)


def test_a_class_has_a_difference_of_its_own():
    fallen = [Compared("0", 2, 2, 0)] * 20 + [Compared("0", 2, 2, 2)] * 30
    found = difference([*compared(both=1800, new=150), *fallen], {"0": 10_000})
    assert found.overall.low > 0
    assert found.by_class[2].high < -0.2


def test_two_models_that_never_differ_may_still_do_so():
    found = difference(compared(both=50), {"0": 10_000}).overall
    assert found.low < 0 < found.high


def test_it_says_how_many_labels_an_equal_model_needs():
    found = difference(compared(both=81, new=4, old=4, none=11), {"0": 10_000})
    assert labels_needed(found) == pytest.approx(1600, rel=0.1)


def test_without_pictures_nothing_is_compared():
    assert paired([], {}) is None
