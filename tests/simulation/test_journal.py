from dataclasses import replace
from datetime import timedelta

import pytest

from feedloop.domain.clock import day_of, utc_now
from feedloop.domain.errors import WrongSetting
from simulation.journal import HOME, Journal
from simulation.plan import Plan

PLAN = Plan(days=3, days_after=2)


@pytest.fixture
def data_dir(tmp_path):
    (tmp_path / HOME).mkdir()
    return tmp_path


def test_the_last_day_is_yesterday(data_dir):
    journal = Journal.open(data_dir, PLAN)
    assert day_of(utc_now() - timedelta(days=1)) in {journal.date(4), journal.date(5)}  # midnight may pass meanwhile


def test_it_goes_on_where_it_was(data_dir):
    journal = replace(Journal.open(data_dir, PLAN), done=2, first="20261101").written()
    assert Journal.open(data_dir, PLAN) == journal


def test_another_plan_is_refused_with_what_differs(data_dir):
    Journal.open(data_dir, PLAN)
    with pytest.raises(WrongSetting, match=r"\(drift, seed differ\)"):
        Journal.open(data_dir, replace(PLAN, seed=12, drift=0.5))


def test_data_that_no_simulation_made_is_left_alone(data_dir):
    (data_dir / "seaweedfs").mkdir()
    with pytest.raises(WrongSetting, match="no simulation made"):
        Journal.open(data_dir, PLAN)
    assert not (data_dir / HOME / "journal.json").exists()
