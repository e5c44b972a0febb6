"""Whole systems side by side: one that tests only look at, one that they may hurt, one with Label Studio."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from feedloop.domain import keys
from feedloop.domain.keys import Place
from feedloop.settings import SECRETS
from tests.local.system import System, running, until
from tests.support import demo
from tests.support.servers import Server, free_ports, fresh_store


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("system")) as found:
        yield found


@pytest.fixture(scope="session")
def _victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    nowhere = "http://127.0.0.1:9"  # a proxy is for the world outside
    choices = {"BUCKET_PREFIX": "mine-", "STORE_FSYNC": "off", "HTTP_PROXY": nowhere, "http_proxy": nowhere}
    with running(tmp_path_factory.mktemp("victim"), **choices) as found:
        yield found


@pytest.fixture
def victim(_victim: System) -> System:
    """Runs when a test begins, whatever the one before did to it."""
    if _victim.has_ended():
        _victim.start()
    _victim.wait_until_it_serves()
    return _victim


@pytest.fixture(scope="session")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """With a Label Studio whose first start was killed halfway."""
    port = str(free_ports(1)[0])
    with running(tmp_path_factory.mktemp("staffed"), LABEL_STUDIO="on", LABEL_STUDIO_PORT=port) as found:
        until((found.data_dir / "label-studio" / "new" / "label_studio.sqlite3").exists, "the database is begun")
        found.kill()
        found.start()
        until(found.has_annotators, "Label Studio is ready", patience=400)
        yield found


@pytest.fixture(params=["system", "staffed"])
def any_system(request: pytest.FixtureRequest) -> System:
    found: System = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def deployed(seaweedfs: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of functions that run elsewhere, over a store with a model; nothing of it is broken."""
    store = fresh_store(seaweedfs)
    demo.release(store)
    seaweedfs.write_secrets(tmp_path, *(token_hex(8) for _ in SECRETS[2:]))
    prefix = store.url(Place("", "")).removeprefix("s3://").rstrip("/")
    yield {"S3_ENDPOINT": seaweedfs.endpoint, "BUCKET_PREFIX": prefix, "SECRETS_DIR": str(tmp_path)}
    assert not [entry for bucket in keys.BUCKETS for entry in store.list(Place(bucket, "")) if "probe" in entry.key]
