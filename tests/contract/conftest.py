"""Every test of the contract meets each store in turn."""

import pytest

from feedloop.adapters.memory import MemoryStore
from feedloop.ports import ObjectStore
from tests.support.servers import Server, fresh_store

SERVERS = [pytest.param(name, marks=pytest.mark.store) for name in ("seaweedfs", "minio_server")]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["memory", *SERVERS])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return MemoryStore()
    return fresh_store(request.getfixturevalue(request.param))
