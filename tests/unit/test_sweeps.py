from datetime import timedelta

import pytest

from feedloop import sweeps
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import Changed, StoreDown, Unavailable
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


def left(store, body):
    store.create(keys.lease("curate"), body)


def test_a_holder_that_died_blocks_until_its_lease_is_over(alone, clock, store):
    left(store, dump({"v": 1, "holder": "somebody", "state": "running", "pending": False}))
    assert alone(dict) == BUSY
    clock.pass_(minutes=16)
    assert alone(lambda: {"curated": 1}) == {"curated": 1}


class Panic(BaseException):
    """What a client written in Rust may raise."""


@pytest.mark.parametrize("error", [StoreDown("no answer"), UnicodeError(), MemoryError(), KeyboardInterrupt(), Panic()])
def test_a_run_that_ends_by_whatever_error_lets_the_next_one_in(alone, error):
    def ends():
        raise error

    with pytest.raises(type(error)):
        alone(ends)
    assert alone(lambda: {"curated": 1}) == {"curated": 1}


DAMAGED = [
    b"",
    b"x",
    b"{}",
    b"[]",
    b'{"v":1,"holder":"","state":"running","pending":false}',
    b'{"v":1,"holder":7,"state":"running","pending":false}',
    b'{"v":1,"holder":"a","state":["running"],"pending":false}',
    b"\xff" * 5000,
    b'{"holder":"a","state":"running","pending":' + b"[" * 400 + b"]" * 400 + b"}",
]


@pytest.mark.parametrize("body", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_lease_is_nobodys(alone, store, body):
    left(store, body)
    assert alone(lambda: {"curated": 1}) == {"curated": 1}
    assert load(store.get(keys.lease("curate")).body)["state"] == "done"


@pytest.mark.parametrize("state", ["running", "done"])
def test_a_lease_from_the_future_holds_nobody_up(alone, clock, store, state):
    left(store, dump({"v": 1, "holder": "somebody", "state": state, "pending": False}))
    clock.pass_(hours=-12)
    before = clock()
    assert alone(lambda: {"curated": 1}) == {"curated": 1}
    assert clock() - before <= sweeps.COOLDOWN


def test_a_lease_that_never_ceases_to_change_is_given_up_after_some_rounds(store, monkeypatch):
    left(store, dump({"v": 1, "holder": "somebody", "state": "done", "pending": False}))
    monkeypatch.setattr(store, "replace", refusing)
    waits = []
    with pytest.raises(Unavailable, match="leases/curate"):
        sweeps.alone(store, "curate", dict, lease=Lease(timedelta(minutes=15)), pause=waits.append)
    assert 0 < sum(waits) < 10


def refusing(ref, _body, *, etag):
    raise Changed(ref.key)


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
