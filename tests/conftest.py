"""For every test: a store in memory, and real stores and a Label Studio that are started once per run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from feedloop.adapters.memory import MemoryStore
from feedloop.adapters.s3 import S3Store
from tests.support import servers, world
from tests.support.servers import Server

if TYPE_CHECKING:
    from tests.support.label_studio import LabelStudio


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = servers.find_minio()
    if program is None:
        pytest.skip("no minio on PATH and no Go to build it: go install github.com/minio/minio@latest")
    with servers.minio(tmp_path_factory.mktemp("minio"), program) as server:
        yield server


@pytest.fixture
def s3_store(seaweedfs: Server) -> S3Store:
    return servers.fresh_store(seaweedfs)


@pytest.fixture(scope="session")
def label_studio_store(seaweedfs: Server) -> S3Store:
    return servers.fresh_store(seaweedfs)


@pytest.fixture(scope="session")
def label_studio(
    seaweedfs: Server, label_studio_store: S3Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabelStudio]:
    """Set up over the buckets of `label_studio_store`."""
    from tests.support import label_studio as desks  # the training environment has no requests

    folder = tmp_path_factory.mktemp("label_studio")
    world.release(label_studio_store)
    with desks.label_studio(folder / "server", seaweedfs) as desk:
        desks.set_up(desk, seaweedfs, desks.prefix_of(label_studio_store), folder / "secrets")
        yield desk
