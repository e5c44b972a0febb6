"""sync killed at each call of the store and of Label Studio, then called again: as if nothing had happened."""

from random import Random

import pytest

from feedloop.domain import keys
from tests.support.interleaving import Worker, shuffle
from tests.support.seeds import seeds
from tests.support.sync_backends import QUEUE, SyncBackends, mended, sync
from tests.support.world import everything, release, rename, versions


def queued():
    """Two good tasks, one that Label Studio refuses, and a file that is no task."""
    backends = SyncBackends()
    _, refused, _ = backends.queue(3)
    backends.tool.refuses = {backends.url(keys.image(refused))}
    backends.create(keys.task(QUEUE, "notes"), b"no task")
    return backends


def answered():
    """One annotation never written, one changed and one deleted while the store was away."""
    backends = queued()
    sync(backends)
    first, second = backends.tool.tasks
    changed = backends.tool.annotate(first, "Egg")
    backends.tool.store_is_away = True
    deleted = backends.tool.annotate(second, "Egg")
    sync(backends)
    backends.tool.delete_annotation(deleted)
    backends.tool.annotate(second, "Meat")
    backends.clock.pass_(minutes=1)
    backends.tool.change(changed, "Bread")
    return backends


def renamed():
    """A class has another name by now, which answers and drafts had chosen; a project's config is a person's own."""
    backends = SyncBackends()
    release(backends.store)
    backends.queue(4)
    sync(backends)
    answered, drafted, *_ = backends.tool.tasks.values()
    backends.tool.annotate(answered.id, "Egg")
    drafted.draft = "Meat"
    backends.tool.configs[1] = "<View/>"
    for old, new in (("Dairy product", "Milk"), ("Egg", "Eggs"), ("Meat", "Steak"), ("Dessert", "Cake")):
        rename(backends.store, old, new)
    return backends


BEFORE = [queued, answered, renamed]


def state(backends):
    """All that people and later functions will see; which worker claimed what does not matter."""
    kept = everything(backends.store, keys.TRACKING, "quarantine/") | everything(
        backends.store, keys.TRACKING, "removed/"
    )
    chosen = [guess["result"] for task in backends.tool.tasks.values() for guess in task.task["predictions"]]
    return backends.shown(), backends.files(), kept, all(backends.ledger().values()), backends.tool.configs, chosen


def calls(before):
    worker, count = Worker(before(), sync), 0
    while worker.alive:
        worker.step()
        count += 1
    assert worker.failure is None
    return count


def killed(backends, call, dies):
    worker = Worker(backends, sync)
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
        backends = before()
        killed(backends, call, dies)
        assert state(mended(backends)) == undisturbed, f"killed {dies} call {call}"


@pytest.mark.parametrize("before", BEFORE)
def test_a_second_kill_at_the_same_call_changes_nothing_either(before):
    undisturbed = state(mended(before()))
    for call in range(calls(before)):
        backends = before()
        for dies in ("after", "before"):
            killed(backends, call, dies)
            backends.clock.pass_(minutes=6)
        assert state(mended(backends)) == undisturbed, f"killed twice at call {call}"


@pytest.mark.parametrize("seed", seeds(40, soak=1000))
def test_workers_at_once_import_each_task_once(seed):
    backends, rng = SyncBackends(), Random(seed)
    randoms = backends.queue(rng.randint(1, 5))
    shuffle([Worker(backends, sync) for _ in range(rng.randint(2, 4))], rng)
    assert backends.shown() == sorted(randoms)


@pytest.mark.parametrize("seed", seeds(40, soak=1000))
def test_sleepers_that_others_overtook_leave_each_task_once(seed):
    backends, rng = SyncBackends(), Random(seed)
    randoms, workers = backends.queue(rng.randint(1, 4)), []
    for _ in range(rng.randint(2, 4)):
        workers.append(Worker(backends, sync))
        for _ in range(rng.randint(0, 25)):
            if living := [worker for worker in workers if worker.alive]:
                rng.choice(living).step()
        backends.clock.pass_(minutes=rng.choice([0, 6]))
    shuffle(workers, rng)
    sync(backends)
    assert (backends.shown(), [worker.failure for worker in workers if worker.failure]) == (sorted(randoms), [])
    assert set(backends.ledger().values()) == set(backends.tool.tasks)


@pytest.mark.parametrize("seed", seeds(40, soak=1000))
def test_killed_workers_at_once_leave_each_task_once(seed):
    backends, rng = SyncBackends(), Random(seed)
    randoms = backends.queue(rng.randint(1, 4))
    shuffle([Worker(backends, sync) for _ in range(rng.randint(2, 4))], rng, deaths=0.05)
    backends.clock.pass_(minutes=6)
    sync(backends)
    assert backends.shown() == sorted(randoms)


@pytest.mark.parametrize("seed", seeds(15, soak=500))
def test_workers_at_once_some_of_them_killed_leave_the_choices_of_one(seed):
    undisturbed, backends, rng = state(mended(renamed())), renamed(), Random(seed)
    workers = [Worker(backends, sync) for _ in range(rng.randint(2, 4))]
    shuffle(workers, rng, deaths=0.02)
    assert [worker.failure for worker in workers if worker.failure] == []
    assert state(mended(backends)) == undisturbed


@pytest.fixture
def overtaken():
    """A worker that slept between its import and its ledger entry while another one took its claim over."""
    backends = SyncBackends()
    backends.queue()
    slow = Worker(backends, sync)
    slow.reach("add")
    slow.step()
    backends.clock.pass_(minutes=6)
    return backends, slow


def test_an_import_that_somebody_else_finished_stays(overtaken):
    backends, slow = overtaken
    sync(backends)
    slow.finish()
    assert len(backends.shown()) == 1
    assert set(backends.ledger().values()) == set(backends.tool.tasks)


def test_a_task_that_somebody_else_has_found_is_never_deleted(overtaken):
    backends, slow = overtaken
    finder = Worker(backends, sync)
    finder.reach("find")
    finder.step()
    slow.finish()
    finder.finish()
    assert set(backends.ledger().values()) == set(backends.tool.tasks) != set()


@pytest.fixture
def twice():
    """A worker that slept before its import until another one had imported the same task."""
    backends = SyncBackends()
    backends.queue()
    slow = Worker(backends, sync)
    slow.reach("add")
    backends.clock.pass_(minutes=6)
    sync(backends)
    slow.step()
    return backends, slow


def test_who_imports_too_late_takes_the_own_task_back(twice):
    backends, slow = twice
    assert len(backends.shown()) == 2
    slow.finish()
    assert set(backends.ledger().values()) == set(backends.tool.tasks)
    assert len(backends.shown()) == 1


def test_a_task_that_came_twice_and_is_answered_stays(twice):
    backends, slow = twice
    backends.tool.annotate(max(backends.tool.tasks), "Egg")
    slow.finish()
    assert len(backends.shown()) == 2


@pytest.mark.parametrize("outage", range(40))
def test_an_outage_of_label_studio_at_any_call_loses_nothing(outage):
    backends = queued()
    worker = Worker(backends, sync)
    for _ in range(outage):
        if worker.alive:
            worker.step()
    backends.tool.down = True
    worker.finish()
    backends.tool.down = False
    backends.clock.pass_(minutes=6)
    assert state(mended(backends)) == state(mended(queued()))


def test_all_that_is_written_says_which_version_of_its_format_it_is():
    assert versions(mended(answered()).store) == {b"1"}
