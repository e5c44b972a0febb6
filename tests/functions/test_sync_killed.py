"""sync killed at each call of the store and of the review desk, then called again: as if nothing had happened."""

from random import Random

import pytest

from feedloop.domain import keys
from tests.support.office import QUEUE, Office, mended, sync
from tests.support.seeds import seeds
from tests.support.stepping import Worker, shuffle
from tests.support.world import everything, versions


def queued():
    """Two good tasks, one that the desk refuses, and a file that is no task."""
    office = Office()
    _, refused, _ = office.queue(3)
    office.desk.refuses = {office.url(keys.image(refused))}
    office.create(keys.task(QUEUE, "notes"), b"no task")
    return office


def answered():
    """One annotation never written, one changed and one deleted while the store was away."""
    office = queued()
    sync(office)
    first, second = office.desk.tasks
    changed = office.desk.annotate(first, "Egg")
    office.desk.store_is_away = True
    deleted = office.desk.annotate(second, "Egg")
    sync(office)
    office.desk.delete_annotation(deleted)
    office.desk.annotate(second, "Meat")
    office.clock.pass_(minutes=1)
    office.desk.change(changed, "Bread")
    return office


BEFORE = [queued, answered]


def state(office):
    """All that people and later functions will see; which worker claimed what does not matter."""
    kept = everything(office.store, keys.TRACKING, "quarantine/") | everything(office.store, keys.TRACKING, "removed/")
    return office.shown(), office.files(), kept, all(office.ledger().values())


def calls(before):
    worker, count = Worker(before(), sync), 0
    while worker.alive:
        worker.step()
        count += 1
    assert worker.failure is None
    return count


def killed(office, call, dies):
    worker = Worker(office, sync)
    for _ in range(call):
        if worker.alive:
            worker.step()
    if worker.alive:
        worker.step(dies)


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize("before", BEFORE)
def test_a_kill_at_any_call_leaves_nothing_that_the_next_runs_do_not_mend(before, dies):
    undisturbed = state(mended(before()))
    for call in range(calls(before)):
        office = before()
        killed(office, call, dies)
        assert state(mended(office)) == undisturbed, f"killed {dies} call {call}"


@pytest.mark.parametrize("before", BEFORE)
def test_a_second_kill_at_the_same_call_changes_nothing_either(before):
    undisturbed = state(mended(before()))
    for call in range(calls(before)):
        office = before()
        for dies in ("after", "before"):
            killed(office, call, dies)
            office.clock.pass_(minutes=6)
        assert state(mended(office)) == undisturbed, f"killed twice at call {call}"


@pytest.mark.parametrize("seed", seeds(40, soak=1000))
def test_workers_at_once_import_each_task_once(seed):
    office, rng = Office(), Random(seed)
    randoms = office.queue(rng.randint(1, 5))
    shuffle([Worker(office, sync) for _ in range(rng.randint(2, 4))], rng)
    assert office.shown() == sorted(randoms)


@pytest.mark.parametrize("seed", seeds(40, soak=1000))
def test_sleepers_that_others_overtook_leave_each_task_once(seed):
    office, rng = Office(), Random(seed)
    randoms, workers = office.queue(rng.randint(1, 4)), []
    for _ in range(rng.randint(2, 4)):
        workers.append(Worker(office, sync))
        for _ in range(rng.randint(0, 25)):
            if living := [worker for worker in workers if worker.alive]:
                rng.choice(living).step()
        office.clock.pass_(minutes=rng.choice([0, 6]))
    shuffle(workers, rng)
    sync(office)
    assert (office.shown(), [worker.failure for worker in workers if worker.failure]) == (sorted(randoms), [])
    assert set(office.ledger().values()) == set(office.desk.tasks)


@pytest.mark.parametrize("seed", seeds(40, soak=1000))
def test_killed_workers_at_once_leave_each_task_once(seed):
    office, rng = Office(), Random(seed)
    randoms = office.queue(rng.randint(1, 4))
    shuffle([Worker(office, sync) for _ in range(rng.randint(2, 4))], rng, deaths=0.05)
    office.clock.pass_(minutes=6)
    sync(office)
    assert office.shown() == sorted(randoms)


@pytest.fixture
def overtaken():
    """A worker that slept between its import and its ledger entry while another one took its claim over."""
    office = Office()
    office.queue()
    slow = Worker(office, sync)
    slow.reach("add")
    slow.step()
    office.clock.pass_(minutes=6)
    return office, slow


def test_an_import_that_somebody_else_finished_stays(overtaken):
    office, slow = overtaken
    sync(office)
    slow.finish()
    assert len(office.shown()) == 1
    assert set(office.ledger().values()) == set(office.desk.tasks)


def test_a_task_that_somebody_else_has_found_is_never_deleted(overtaken):
    office, slow = overtaken
    finder = Worker(office, sync)
    finder.reach("find")
    finder.step()
    slow.finish()
    finder.finish()
    assert set(office.ledger().values()) == set(office.desk.tasks) != set()


@pytest.fixture
def twice():
    """A worker that slept before its import until another one had imported the same task."""
    office = Office()
    office.queue()
    slow = Worker(office, sync)
    slow.reach("add")
    office.clock.pass_(minutes=6)
    sync(office)
    slow.step()
    return office, slow


def test_who_imports_too_late_takes_the_own_task_back(twice):
    office, slow = twice
    assert len(office.shown()) == 2
    slow.finish()
    assert set(office.ledger().values()) == set(office.desk.tasks)
    assert len(office.shown()) == 1


def test_a_task_that_came_twice_and_is_answered_stays(twice):
    office, slow = twice
    office.desk.annotate(max(office.desk.tasks), "Egg")
    slow.finish()
    assert len(office.shown()) == 2


@pytest.mark.parametrize("outage", range(40))
def test_an_outage_of_the_desk_at_any_call_loses_nothing(outage):
    office = queued()
    worker = Worker(office, sync)
    for _ in range(outage):
        if worker.alive:
            worker.step()
    office.desk.down = True
    worker.finish()
    office.desk.down = False
    office.clock.pass_(minutes=6)
    assert state(mended(office)) == state(mended(queued()))


def test_all_that_is_written_says_which_version_of_its_format_it_is():
    assert versions(mended(answered()).store) == {b"1"}
