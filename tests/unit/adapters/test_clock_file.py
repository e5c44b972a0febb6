from datetime import UTC, datetime, timedelta

import pytest

from feedloop import wiring
from feedloop.adapters.clock_file import ClockFile
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import Unavailable
from feedloop.settings import Settings

LONG_AGO = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "clock"


def test_it_goes_on_from_where_it_was_set(file):
    clock = ClockFile(file)
    clock.set(LONG_AGO)
    assert LONG_AGO <= clock() <= clock() < LONG_AGO + 60 * SECOND


def test_who_read_it_before_sees_the_next_setting(file):
    setter, reader = ClockFile(file), ClockFile(file)
    for day in range(3):
        setter.set(LONG_AGO + timedelta(days=day))
        assert (reader() - LONG_AGO).days == day


def test_an_offset_may_be_written_by_hand(file):
    file.write_text("-86400\n")
    now = utc_now()
    assert timedelta(0) <= ClockFile(file)() + timedelta(days=1) - now < 60 * SECOND


@pytest.mark.parametrize("content", [None, "", "yesterday", "nan", "1e300"])
def test_without_an_offset_there_is_no_time_rather_than_a_wrong_one(file, content):
    if content is not None:
        file.write_text(content)
    with pytest.raises(Unavailable, match="CLOCK_FILE"):
        ClockFile(file)()


def test_functions_take_their_time_from_it_when_the_setting_names_one(file, monkeypatch):
    ClockFile(file).set(LONG_AGO)
    chosen = Settings.from_environment({"S3_ENDPOINT": "http://store.example", "CLOCK_FILE": str(file)})
    monkeypatch.setattr(wiring, "configured", lambda: chosen)
    assert f"{wiring.clock()():%Y%m%d %H}" == "20261114 09"


def test_otherwise_from_the_machine(monkeypatch):
    monkeypatch.setattr(
        wiring, "configured", lambda: Settings.from_environment({"S3_ENDPOINT": "http://store.example"})
    )
    assert wiring.clock() is utc_now
