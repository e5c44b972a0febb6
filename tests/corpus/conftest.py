"""predict as visitors call it, with the demonstration model and a store in memory."""

import pytest
from werkzeug.test import Client

from feedloop import wiring
from feedloop.adapters.memory import MemoryStore
from feedloop.app import create_app
from feedloop.settings import Settings
from functions.predict.handler import handle
from tests.support import demo


@pytest.fixture(scope="session")
def served() -> tuple[object, object]:
    model = demo.served()
    return model.release, model.classifier


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, served: tuple[object, object]) -> MemoryStore:
    store = MemoryStore()
    settings = Settings.from_environment({"S3_ENDPOINT": "http://store"})
    ours = {"store": store, "signing_key": b"a key", "configured": settings, "active_model": served}
    for name, value in ours.items():
        monkeypatch.setattr(wiring, name, lambda value=value: value)
    return store


@pytest.fixture
def site(store: MemoryStore) -> Client:
    return create_app(handle, "predict").test_client()
