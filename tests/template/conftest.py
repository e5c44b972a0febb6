"""Images are built once per run; who does not say otherwise has buckets of its own."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from feedloop.ports import ObjectStore
from tests.support import demo
from tests.support.servers import Server, deployment_settings, fresh_store
from tests.template.images import Image, build, installed, requirements

SITE = "https://food.example"
TOKENS = {"event": "an event token", "operator": "an operator token", "report": "a report token"}

Build = Callable[[str], Image]


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Images that need the same packages share an environment."""
    python = cache(lambda asked: installed(asked, tmp_path_factory.mktemp("packages")))
    return cache(lambda name: build(name, tmp_path_factory.mktemp("images") / name, python=python(requirements(name))))


@pytest.fixture
def store(seaweedfs: Server) -> ObjectStore:
    """A deployment's buckets; no model is released."""
    return fresh_store(seaweedfs)


@pytest.fixture
def deployment(seaweedfs: Server, store: ObjectStore, tmp_path: Path) -> dict[str, str]:
    """What the operator's environment and secrets say."""
    return deployed(seaweedfs, store, tmp_path)


def deployed(server: Server, store: ObjectStore, secrets: Path) -> dict[str, str]:
    """The environment of a deployment over these buckets; its secrets are written."""
    ours = deployment_settings(server, store, secrets, **TOKENS)
    return {**ours, "ALLOWED_ORIGINS": SITE, "GATEWAY_URL": "http://127.0.0.1:9"}


@pytest.fixture
def released(store: ObjectStore) -> ObjectStore:
    """The same buckets with the demonstration model."""
    demo.release(store)
    return store
