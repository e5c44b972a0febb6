from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import clock
from tests.support.strategies import times


@given(times)
def test_a_day_and_its_second_say_when_it_was(time):
    assert clock.time_of(clock.day_of(time), clock.second_of_day(time)) == time.replace(microsecond=0)


@given(times)
def test_yesterday_ends_where_today_begins(time):
    yesterday = clock.time_of(clock.day_before(time), 0)
    assert yesterday + timedelta(days=1) == clock.time_of(clock.day_of(time), 0)


@given(times, st.integers(-23, 23))
def test_a_written_time_reads_the_same_from_any_zone(time, hours):
    elsewhere = time.astimezone(timezone(timedelta(hours=hours)))
    assert clock.iso(elsewhere).endswith("Z")
    assert clock.parse_iso(clock.iso(elsewhere)) == time


def test_a_time_without_a_zone_is_utc():
    assert clock.parse_iso("2026-11-22T12:00:10") == datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)


def test_whole_seconds_are_written_without_a_fraction():
    assert clock.iso(datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)) == "2026-11-22T12:00:10Z"


@given(times)
def test_no_day_takes_commits_once_it_is_closed(now):
    for day in (clock.day_of(now), clock.day_before(now)):
        assert not (clock.takes_commits(day, now) and clock.is_closed(day, now))


@pytest.mark.parametrize(
    ("time", "takes", "closed"),
    [
        ("2026-11-22T23:59:59Z", True, False),
        ("2026-11-23T00:04:59Z", True, False),
        ("2026-11-23T00:05:00Z", False, False),
        ("2026-11-23T00:14:59Z", False, False),
        ("2026-11-23T00:15:00Z", False, True),
    ],
)
def test_commits_stop_at_five_past_and_the_day_closes_at_a_quarter_past(time, takes, closed):
    now = clock.parse_iso(time)
    assert (clock.takes_commits("20261122", now), clock.is_closed("20261122", now)) == (takes, closed)


def test_the_last_of_all_days_takes_commits_and_is_not_closed():
    assert (clock.takes_commits("99991231", clock.utc_now()), clock.is_closed("99991231", clock.utc_now())) == (
        True,
        False,
    )


@pytest.mark.parametrize("day", ["", "20260230", "2026112", "202611", "2026-11-22", "２０２６１１２２", " 2026112"])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(ValueError, match=r".+"):
        clock.time_of(day, 0)


def test_the_clock_of_a_deployment_is_in_utc():
    assert clock.utc_now().tzinfo is UTC


def test_days_are_counted_over_the_end_of_a_month():
    assert list(clock.days("20260227", "20260301")) == ["20260227", "20260228", "20260301"]
    assert list(clock.days("20260301", "20260227")) == []


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01",
        "",
        "\ud800",
        "now",
        5,
        None,
        [],
        1e9,
        True,
    ],
    ids=ascii,
)
def test_what_is_no_time_of_any_year_is_a_value_error_whatever_it_is(text):
    with pytest.raises(ValueError):
        clock.parse_iso(text)
