"""Days that pass on a real system: its store is SeaweedFS, its annotators write as Label Studio would."""

import signal

import pytest
import requests

from simulation.plan import Plan
from simulation.scores import visits
from tests.simulation.system import HONEST, SMALL, Run, production

pytestmark = [pytest.mark.slow, pytest.mark.store]
PICTURES = 24 + 22
"""Of SMALL's two days."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A simulation whose annotators see everything and never err, from its start to its end."""
    run = Run(tmp_path_factory.mktemp("ended") / "data", *SMALL, *HONEST, "--leave")
    assert run.end() == 0, run.output()
    return run


@pytest.fixture
def start(tmp_path):
    """Starts one, again and again on the same data; whatever still runs is ended with the test."""
    runs = []

    def once(*options):
        runs.append(Run(tmp_path / "data", *SMALL, *HONEST, *options))
        return runs[-1]

    yield once
    for run in runs:
        run.kill()


@pytest.fixture
def staying(start):
    """One that stays when it has told its table."""
    return start()


def test_every_picture_has_become_one_prediction_with_a_known_truth(ended):
    facts = list(ended.truth())
    assert len({fact.id for fact in facts}) == len(facts) == PICTURES
    assert {fact.day for fact in facts} == {0, 1}


def test_annotators_who_see_everything_and_never_err_give_the_true_accuracy(ended):
    true = round(100 * ended.truth().accuracy(range(1, 2)), 1)
    told, blind, low, high, *_ = ended.told()
    assert told == blind == true
    assert low <= true <= high


def test_what_visitors_did_is_told(ended):
    deeds = visits(Plan.from_document(ended.journal()["plan"]), ended.truth())
    assert f"{deeds.uploads} uploads" in ended.output()
    assert f"{deeds.flags} flagged" in ended.output()


def test_a_simulation_that_ended_leaves_nothing_running(ended):
    assert ended.processes() == []


def test_the_system_stays_to_be_looked_at_in_todays_time(staying):
    staying.reach("Ctrl-C stops everything")
    report = requests.get(f"{staying.connection()['gateway']}/function/report?days=7", timeout=60).json()
    assert report["predictions"]["total"] == PICTURES
    assert production(staying.store()) == {fact.id for fact in staying.truth()}
    staying.main.send_signal(signal.SIGINT)
    assert staying.end() == 0
    assert staying.processes() == []


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_halfway_ends_in_order_and_goes_on(start, end):
    run = start("--leave")
    run.reach("day  1")
    run.main.send_signal(end)
    assert run.end() == 130
    assert run.processes() == []
    again = start("--leave")
    assert again.end() == 0, again.output()
    assert "going on after day 1" in again.output()
    assert len(list(again.truth())) == PICTURES


def test_who_is_killed_takes_the_system_along_and_goes_on_without_doubling_anything(start):
    run = start()
    run.visited(5)
    run.kill()
    again = start()
    again.reach("Ctrl-C stops everything")
    assert production(again.store()) == {fact.id for fact in again.truth()}
    assert len(list(again.truth())) == PICTURES
    again.main.send_signal(signal.SIGINT)
    assert again.end() == 0


def test_two_at_once_on_one_directory_do_not_disturb_each_other(start):
    staying = start()
    staying.reach("a new simulation")
    second = start()
    assert second.end() == 1
    assert "already runs" in second.output()
    staying.reach("day  1")
