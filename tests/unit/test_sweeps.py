from datetime import timedelta

import pytest

from feedloop import sweeps
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import StoreDown
from feedloop.sweeps import Lease
from tests.support.stepping import Worker
from tests.support.world import SettableClock

LEASE = Lease(timedelta(minutes=15))


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def store(clock):
    return MemoryStore(clock=clock)


@pytest.fixture
def runs():
    return []


def sweep(store, runs, clock=None, result="swept"):
    def look():
        runs.append(store.now())
        return {"result": result}

    return sweeps.alone(store, "curate", look, lease=LEASE, pause=lambda s: clock.pass_(seconds=s) if clock else None)


def test_a_sweep_runs_and_its_result_is_told(store, runs):
    assert sweep(store, runs) == {"result": "swept"}
    assert load(store.get(keys.lease("curate")).body)["state"] == "done"


def test_while_one_runs_another_only_leaves_a_mark(store, runs, clock):
    first = Worker(store, lambda s: sweep(s, runs, clock))
    first.step()
    assert "under way" in sweep(store, runs, clock)["status"]
    assert runs == []


def test_whoever_holds_the_lease_looks_again_after_a_mark(store, runs, clock):
    first = Worker(store, lambda s: sweep(s, runs, clock))
    first.step()
    sweep(store, runs, clock)
    first.finish()
    assert (len(runs), first.failure) == (2, None)


def test_many_marks_are_one_more_look(store, runs, clock):
    first = Worker(store, lambda s: sweep(s, runs, clock))
    first.step()
    for _ in range(5):
        sweep(store, runs, clock)
    first.finish()
    assert len(runs) == 2


def test_a_run_that_just_happened_is_repeated_only_after_a_rest(store, runs, clock):
    sweep(store, runs, clock)
    sweep(store, runs, clock)
    assert runs[1] - runs[0] == sweeps.COOLDOWN


def test_the_lease_of_a_dead_sweep_runs_out_by_the_stores_clock(store, runs, clock):
    Worker(store, lambda s: sweep(s, runs, clock)).step()
    clock.pass_(minutes=16)
    assert sweep(store, runs, clock) == {"result": "swept"}


def test_one_that_lost_its_lease_does_not_touch_the_new_holders(store, runs, clock):
    slow = Worker(store, lambda s: sweep(s, runs, clock))
    slow.step()
    clock.pass_(minutes=16)
    fresh = Worker(store, lambda s: sweep(s, runs, clock))
    for _ in range(4):
        fresh.step()
    held = store.get(keys.lease("curate")).etag
    slow.finish()
    assert store.get(keys.lease("curate")).etag == held


def test_a_failing_sweep_is_told_and_can_be_repeated_when_the_lease_ends(store, runs, clock):
    def fail():
        raise StoreDown("no answer")

    with pytest.raises(StoreDown):
        sweeps.alone(store, "curate", fail, lease=LEASE)
    clock.pass_(minutes=16)
    assert sweep(store, runs, clock) == {"result": "swept"}
