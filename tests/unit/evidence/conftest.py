import pytest

from tests.support import world


@pytest.fixture
def clock():
    return world.SettableClock()


@pytest.fixture
def store(clock):
    return world.released_store(clock)
