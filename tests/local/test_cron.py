"""When functions are called, by a clock that stands still."""

from datetime import UTC, datetime, timedelta

import pytest

from local.cron import due, firings, next_calls, seconds_to_next

SCHEDULES = {"sample": "20 0 * * *", "curate": "15 * * * *"}


def _at(hour: int, minute: int, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_the_nearest_moment_comes_first() -> None:
    assert next_calls(SCHEDULES, _at(0, 14)) == (_at(0, 15), ["curate"])
    assert next_calls(SCHEDULES, _at(0, 16)) == (_at(0, 20), ["sample"])
    assert next_calls(SCHEDULES, _at(23, 59)) == (_at(0, 15, day=23), ["curate"])


def test_a_moment_that_is_now_is_not_called_again() -> None:
    assert next_calls(SCHEDULES, _at(0, 15)) == (_at(0, 20), ["sample"])


def test_functions_of_the_same_moment_are_called_together() -> None:
    together = {"b": "*/15 * * * *", "a": "15 * * * *"}
    assert next_calls(together, _at(7, 1)) == (_at(7, 15), ["a", "b"])


def test_what_came_due_since_the_last_look_is_called_once() -> None:
    assert due(SCHEDULES, _at(0, 14), _at(0, 16)) == ["curate"]
    assert due(SCHEDULES, _at(0, 16), _at(0, 19)) == []
    assert due(SCHEDULES, _at(0, 14), _at(7, 14)) == ["curate", "sample"]  # the machine slept
    assert due(SCHEDULES, _at(0, 14), _at(0, 15)) == ["curate"]
    assert due(SCHEDULES, _at(0, 15), _at(0, 15)) == []


class Clock:
    """It is slept by, and can be set."""

    def __init__(self, now: datetime, sets: dict[int, timedelta]) -> None:
        self.now, self.sets, self.sleeps = now, sets, 0

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds) + self.sets.get(self.sleeps, timedelta())
        self.sleeps += 1
        if self.sleeps == 600:
            raise InterruptedError


@pytest.mark.parametrize(("hours", "calls"), [(0, 5), (-12, 5), (-720, 5), (12, 6)])
def test_a_clock_that_is_set_does_not_stop_the_cron(hours, calls) -> None:
    """Five hours of naps: at the tenth somebody sets the clock."""
    clock = Clock(_at(8, 30), {10: timedelta(hours=hours)})
    called = []
    with pytest.raises(InterruptedError):
        called.extend(firings({"curate": "15 * * * *"}, lambda: clock.now, clock.sleep))
    assert called == ["curate"] * calls


def test_the_clock_is_looked_at_often_also_when_nothing_is_due_for_hours() -> None:
    assert seconds_to_next(SCHEDULES, _at(0, 21)) == 30
    assert seconds_to_next(SCHEDULES, _at(0, 14) + timedelta(seconds=55)) == 5
