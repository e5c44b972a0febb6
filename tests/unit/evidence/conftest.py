import pytest

from feedloop.adapters.memory import MemoryStore
from tests.support import world


@pytest.fixture
def clock():
    return world.SettableClock()


@pytest.fixture
def store(clock):
    store = MemoryStore(clock=clock)
    world.release(store)
    return store
