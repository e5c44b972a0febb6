from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedloop.domain import clock
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import BadRequest, UnknownClass
from functions.report.query import ReportQuery, parse_format, parse_query

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLASSES = ClassList.of(["Bread", "Rice"])


def read(**query):
    return parse_query({name.strip("_"): value for name, value in query.items()}, classes=CLASSES, now=NOW)


def test_nothing_asked_is_the_week_that_ended_yesterday():
    assert read() == ReportQuery("20261115", "20261121")


def test_so_many_days_end_yesterday():
    assert read(days="1") == ReportQuery("20261121", "20261121")


def test_so_many_days_may_end_earlier():
    assert read(days="2", to="20261101") == ReportQuery("20261031", "20261101")


def test_from_a_day_is_until_yesterday():
    assert read(from_="20261120") == ReportQuery("20261120", "20261121")


def test_a_window_may_reach_into_today():
    assert read(from_="20261121", to="20261122").days == ["20261121", "20261122"]


def test_a_model_is_known_by_the_first_eight_digits():
    assert read(model="9f2c11aa" * 8).model == "9f2c11aa"


def test_a_class_is_known_by_its_name():
    assert read(class_="Rice").class_index == 1


WRONG = [
    {"days": "0"},
    {"days": "367"},
    {"days": "two"},
    {"days": ""},
    {"from_": "2026-11-22"},
    {"from_": "20261122", "to": "20261121"},
    {"from_": "20251120", "to": "20261121"},
    {"from_": "20261120", "days": "3"},
    {"to": "20261123"},
    {"to": "19990101"},
    {"model": "rice"},
    {"model": ""},
    {"window": "7"},
]


@pytest.mark.parametrize("query", WRONG, ids=str)
def test_a_wrong_parameter_is_refused_in_a_sentence(query):
    with pytest.raises(BadRequest, match=r"^[A-Z].*\.$"):
        read(**query)


def test_a_class_that_nobody_knows_is_refused():
    with pytest.raises(UnknownClass):
        read(class_="Soup")


@settings(deadline=None)
@given(st.integers(1, 366), st.dates(datetime(2000, 1, 1, tzinfo=UTC).date(), NOW.date()))
def test_the_window_before_is_as_long_and_ends_where_this_one_begins(days, last):
    window = read(days=str(days), to=f"{last:%Y%m%d}")
    assert len(window.days) == len(window.before.days) == days
    assert list(clock.days(window.before.first, window.last)) == [*window.before.days, *window.days]


def test_a_window_before_keeps_what_was_asked():
    assert read(model="9f2c11aa", class_="Rice").before == ReportQuery("20261108", "20261114", "9f2c11aa", 1)


@pytest.mark.parametrize(
    ("query", "accept", "form"),
    [
        ({}, "", "json"),
        ({}, "*/*", "json"),
        ({}, "application/json, text/plain, */*", "json"),
        ({}, "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", "prometheus"),
        ({}, "text/plain;version=0.0.4", "prometheus"),
        ({"format": "prometheus"}, "application/json", "prometheus"),
        ({"format": "json"}, "text/plain", "json"),
    ],
)
def test_the_form_is_the_one_that_is_asked_for(query, accept, form):
    assert parse_format(query, accept) == form


def test_a_form_that_nobody_knows_is_refused():
    with pytest.raises(BadRequest, match="format"):
        parse_format({"format": "xml"}, "")
