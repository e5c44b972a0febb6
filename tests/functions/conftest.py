import pytest

from feedloop.adapters.memory import MemoryStore
from tests.support import privileges, world


@pytest.fixture
def clock():
    return world.SettableClock()


@pytest.fixture
def store(clock):
    store = MemoryStore(clock=clock)
    world.release(store)
    return store


@pytest.fixture(autouse=True)
def watch(monkeypatch):
    """Whatever a test does to a function, its policy must allow what the function does to the store."""
    with privileges.watched(monkeypatch) as watch:
        yield watch
    assert sorted(set(watch.refused)) == []
