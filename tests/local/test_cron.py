"""When functions are called, by a clock that stands still."""

from datetime import UTC, datetime

from local.cron import next_calls

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
