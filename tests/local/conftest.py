"""Whole systems side by side: one that tests only look at, one that they may hurt, one with Label Studio."""

from collections.abc import Iterator

import pytest

from tests.local.system import System, running, until
from tests.support.servers import free_ports


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
    until(_victim.serves, "the system serves")
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
