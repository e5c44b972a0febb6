"""Whole systems side by side: one that tests only look at, one that they may hurt, one with Label Studio."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from local import data_directory
from tests.local.system import DATA_DIR, PROVEN, System, running, until
from tests.support import demo
from tests.support.servers import Server, deployment_settings, free_ports, fresh_store

SITE = "https://food.example"
SYSTEM, STAFFED = pytest.mark.xdist_group("system"), pytest.mark.xdist_group("staffed")
"""Of tests that need the one of that name."""


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """As `make run` starts it, on a machine that has never seen its store."""
    home = tmp_path_factory.mktemp("system")
    data_directory.write_json(home / DATA_DIR / PROVEN, {})
    with running(home, ALLOWED_ORIGINS=SITE) as found:
        yield found


@pytest.fixture(scope="session")
def _victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("victim")
    with running(home, BUCKET_PREFIX="mine-", STORE_FSYNC="off") as found:
        yield found


@pytest.fixture
def victim(_victim: System) -> System:
    """Runs when a test begins, whatever the one before did to it."""
    if _victim.has_ended():
        _victim.start()
    _victim.wait_until_it_serves()
    return _victim


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home of a system that was killed, with a first start of Label Studio halfway; a prediction that waits there."""
    home = tmp_path_factory.mktemp("staffed")
    with running(home, STORE_FSYNC="off") as without:
        waits = without.predict()
        halfway = without.data_dir / "label-studio" / "new"
    halfway.mkdir(parents=True)
    (halfway / "label_studio.sqlite3").write_text("half a database")
    return home, waits


@pytest.fixture(scope="session")
def staffed(before: tuple[Path, str]) -> Iterator[System]:
    """The same with a Label Studio."""
    port = str(free_ports(1)[0])
    with running(before[0], STORE_FSYNC="off", LABEL_STUDIO="on", LABEL_STUDIO_PORT=port) as found:
        until(found.has_annotators, "Label Studio is ready", patience=400)
        yield found


@pytest.fixture(params=[pytest.param("system", marks=SYSTEM), pytest.param("staffed", marks=STAFFED)])
def any_system(request: pytest.FixtureRequest) -> System:
    found: System = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def released(seaweedfs: Server) -> S3Store:
    """Buckets with a model, which no test changes."""
    store = fresh_store(seaweedfs)
    demo.release(store)
    return store


@pytest.fixture
def deployed(seaweedfs: Server, released: S3Store, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of functions that run elsewhere, over a store with a model; nothing of it is broken."""
    yield deployment_settings(seaweedfs, released, tmp_path)
    assert not [
        entry for bucket in keys.BUCKETS for entry in released.list(ObjectRef(bucket, "")) if "probe" in entry.key
    ]
