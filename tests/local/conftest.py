"""Two whole systems side by side: one that tests only look at, one that they may hurt."""

from collections.abc import Iterator

import pytest

from tests.local.system import System, running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("system")) as found:
        yield found


@pytest.fixture(scope="session")
def _victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("victim"), BUCKET_PREFIX="mine-", STORE_FSYNC="off") as found:
        yield found


@pytest.fixture
def victim(_victim: System) -> System:
    """Runs when a test begins, whatever the one before did to it."""
    if not (_victim.main and _victim.main.is_running() and _victim.is_ready()):
        _victim.start()
    return _victim
