from datetime import timedelta

import pytest

from feedloop import sweeps
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.errors import StoreDown
from feedloop.sweeps import Lease
from tests.support.world import SettableClock

BUSY = {"status": "a run is under way and will look again"}


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def store(clock):
    return MemoryStore(clock=clock)


@pytest.fixture
def alone(store, clock):
    """Runs a sweep; a pause moves the clock instead of waiting."""
    lease = Lease(timedelta(minutes=15))
    return lambda sweep: sweeps.alone(store, "curate", sweep, lease=lease, pause=lambda s: clock.pass_(seconds=s))


def counting(runs, *, during=lambda: None):
    def sweep():
        runs.append(len(runs))
        during()
        return {"runs": len(runs)}

    return sweep


def test_a_sweep_runs_and_tells_its_result(alone):
    assert alone(lambda: {"curated": 3}) == {"curated": 3}


def test_one_who_comes_meanwhile_is_told_and_the_holder_looks_again(alone):
    runs: list[int] = []
    answers = []
    late = counting([])
    result = alone(counting(runs, during=lambda: answers.append(alone(late)) if len(runs) == 1 else None))
    assert (answers, result, runs) == ([BUSY], {"runs": 1}, [0, 1])


def test_many_who_come_meanwhile_cause_one_more_look(alone):
    runs: list[int] = []
    alone(counting(runs, during=lambda: [alone(counting([])) for _ in range(5)] if len(runs) == 1 else None))
    assert len(runs) == 2


def test_a_run_that_just_ended_is_given_a_rest(alone, clock):
    alone(dict)
    before = clock()
    alone(dict)
    assert clock() - before == sweeps.COOLDOWN


def test_a_run_long_ago_needs_no_rest(alone, clock):
    alone(dict)
    clock.pass_(minutes=1)
    before = clock()
    alone(dict)
    assert clock() == before


def killed():
    raise KeyboardInterrupt


def test_a_holder_that_died_blocks_until_its_lease_is_over(alone, clock):
    with pytest.raises(KeyboardInterrupt):
        alone(killed)
    assert alone(dict) == BUSY
    clock.pass_(minutes=16)
    assert alone(lambda: {"curated": 1}) == {"curated": 1}


def down():
    raise StoreDown("The store does not answer.")


def test_a_run_that_failed_lets_the_next_one_in(alone):
    with pytest.raises(StoreDown):
        alone(down)
    assert alone(lambda: {"curated": 1}) == {"curated": 1}


def test_a_holder_that_was_overtaken_does_not_touch_the_new_lease(alone, clock, store):
    seen = []

    def slow():
        clock.pass_(minutes=16)
        seen.append(alone(lambda: {"by": "the next"}))
        seen.append(store.head(keys.lease("curate")).etag)
        return {"by": "the slow"}

    assert alone(slow) == {"by": "the slow"}
    assert seen == [{"by": "the next"}, store.head(keys.lease("curate")).etag]


def test_who_asks_is_looked_after_however_long_others_have_been_asking(alone, clock):
    """Cron's turn cannot be used up: a holder that ends without another look would end just then."""
    runs: list[int] = []

    def asked_again():
        clock.pass_(minutes=3)
        if len(runs) < 20:
            assert alone(counting([])) == BUSY

    alone(counting(runs, during=asked_again))
    assert len(runs) == 20
