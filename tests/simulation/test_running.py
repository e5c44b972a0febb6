"""Days that pass on a real system: its store is SeaweedFS, its annotators write as Label Studio would."""

import signal

import pytest

from simulation.plan import Plan
from simulation.scores import visits
from tests.simulation.system import HONEST, SMALL, Left, Run, Stayed

pytestmark = [pytest.mark.slow("each start of a simulation takes 5 to 15 s"), pytest.mark.store]
PICTURES = 24 + 22
"""Of SMALL's two days."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A simulation whose annotators see everything and never err, from its start to its end."""
    run = Run(tmp_path_factory.mktemp("ended") / "data", *SMALL, *HONEST, "--leave")
    assert run.end() == 0, run.output()
    return run


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts one, again and again on the same data; whatever still runs is ended with the last test."""
    data_dir, runs = tmp_path_factory.mktemp("again") / "data", []

    def once():
        runs.append(Run(data_dir, *SMALL, *HONEST))
        return runs[-1]

    yield once
    for run in runs:
        run.main.kill()
    for run in runs:
        run.kill()


@pytest.fixture(scope="module")
def killed(start):
    """The first start: it dies in the midst of its visitors."""
    run = start()
    run.visited(5)
    run.kill()
    return run


@pytest.fixture(scope="module")
def interrupted(start, killed):
    """The next: somebody begins a second one beside it, and presses Ctrl-C after its first day."""
    come = len(list(killed.truth()))
    run = start()
    run.visited(come + 1)
    second = start()
    code = second.end()
    run.reach("day  1")
    return Left.of(run, signal.SIGINT, beside=(code, second.output()))


@pytest.fixture(scope="module")
def terminated(start, interrupted):
    """The next: it is told to end when visitors have come once more."""
    come = interrupted.visitors
    run = start()
    run.visited(come + 1)
    return Left.of(run, signal.SIGTERM)


@pytest.fixture(scope="module")
def stayed(start, terminated):
    """The last: it tells its table and stays, until somebody presses Ctrl-C."""
    run = start()
    run.reach("Ctrl-C stops everything")
    found = Stayed.of(run)
    return found, Left.of(run, signal.SIGINT)


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
    visited = visits(Plan.from_document(ended.journal()["plan"]), ended.truth())
    assert f"{visited.uploads} uploads" in ended.output()
    assert f"{visited.flags} flagged" in ended.output()


def test_a_simulation_that_ended_leaves_nothing_running(ended):
    assert ended.processes() == []


def test_two_at_once_on_one_directory_do_not_disturb_each_other(interrupted):
    code, output = interrupted.beside
    assert code == 1
    assert "already runs" in output


@pytest.mark.parametrize("end", ["interrupted", "terminated"])
def test_who_is_stopped_halfway_ends_in_order(request, end):
    left = request.getfixturevalue(end)
    assert (left.code, left.processes) == (130, [])


def test_who_was_killed_and_stopped_goes_on_without_doubling_anything(stayed):
    found, left = stayed
    assert "going on after day 1" in left.output
    assert len(found.truth) == PICTURES
    assert sorted(found.production) == found.truth


def test_the_system_stays_to_be_looked_at_in_todays_time_until_it_is_stopped(stayed):
    found, left = stayed
    assert found.report["predictions"]["total"] == PICTURES
    assert (left.code, left.processes) == (0, [])
