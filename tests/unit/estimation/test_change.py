import pytest

from feedloop.estimation.intervals import Estimate, change, wilson


def test_the_interval_of_a_difference_is_newcombes():
    # Newcombe (1998), table II, row a: 56/70 - 48/80, method 10
    one, other = (Estimate(x / n, *wilson(x / n, n), n) for x, n in ((56, 70), (48, 80)))
    found = change(other, one)
    assert found
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_without_one_of_two_windows_there_is_no_change():
    assert change(None, Estimate(0.5, 0.4, 0.6, 10)) is None
