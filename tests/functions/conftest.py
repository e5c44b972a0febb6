import pytest

from feedloop import settings, wiring
from feedloop.app import create_app
from functions.report import handler
from tests.support import privileges, world
from tests.support.wiring_caches import clear_wiring


@pytest.fixture
def clock():
    return world.SettableClock()


@pytest.fixture
def store(clock):
    return world.released_store(clock)


@pytest.fixture
def report_client(store, clock, tmp_path, monkeypatch):
    """The report function over that store, whose token is `token`."""
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    (tmp_path / settings.REPORT_TOKEN).write_text("token")
    monkeypatch.setattr(wiring, "store", lambda: store)
    monkeypatch.setattr(wiring, "clock", lambda: clock)
    clear_wiring()
    yield create_app(handler.handle, "report", origins=("https://ops.example",)).test_client()
    clear_wiring()


@pytest.fixture(autouse=True)
def watch(monkeypatch):
    """Whatever a test does to a function, its policy must allow what the function does to the store."""
    with privileges.watched(monkeypatch) as watch:
        yield watch
    assert sorted(set(watch.refused)) == []
