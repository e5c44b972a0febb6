"""For every test: a store in memory, and real stores that are started once per run; and how tests share workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedloop.adapters.memory import MemoryStore
from feedloop.adapters.s3 import S3Store
from tests.support import logs, servers, shared, world
from tests.support.gate import Gate
from tests.support.seeds import SOAK
from tests.support.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.label_studio import LabelStudio

if find_spec("hypothesis"):  # the training environment has none
    from hypothesis import settings

    # The same cases on every run, and no clock: a red build is about the change, not about a busy machine.
    settings.register_profile("steady", deadline=None, derandomize=True, max_examples=60)
    settings.register_profile("soak", deadline=None, print_blob=True, max_examples=2000)
    settings.load_profile("soak" if SOAK else "steady")

logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)  # a failure shows the last requests

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--process-per-site", "--renderer-process-limit=1")
"""A tab of a profile that is open already needs no process of its own."""
LONGEST_FIRST = (
    "staffed",
    "test_running",
    "staffed-seaweedfs",
    "labelling",
    "web-site",
    "test_dying",
    "system",
    "label_studio",
    "web-report",
    "images",
    "test_identities",
    "staffed-minio",
    "test_annotation_tool_postgresql",
    "test_minio",
    "test_doctor",
    "test_hostile",
)
"""Groups of tests that no worker may begin last."""

STORES = {"seaweedfs", "minio_server"}


def pytest_configure(config: pytest.Config) -> None:
    """What the workers of this run share ends with it."""
    config.pluginmanager.register(logs)  # a conftest's hooks do not see fixtures of a session
    if not hasattr(config, "workerinput"):
        closing = ExitStack()
        closing.enter_context(shared.run())
        config.add_cleanup(closing.close)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A worker takes the whole of a file, or of the group that the file names; tests for `make soak` are left to it.

    What starts a store is marked, so that `make quick` does without.
    """
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if STORES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.store)
        if any(not mark.args for mark in item.iter_markers("slow")):
            raise pytest.UsageError(f'{item.nodeid}: say why it is slow, by @pytest.mark.slow("...")')
    rank = {group: number for number, group in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(_group(item), len(rank)))
    left = [] if SOAK else [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]
    if hasattr(config, "workerinput"):
        from tests.support import groups

        groups.tell({item.nodeid: _group(item) for item in items})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Instead of pytest-xdist's own for groups."""
    from tests.support import groups  # plain pytest does without pytest-xdist

    return groups.ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None


def _group(item: pytest.Item) -> str:
    (mark, *_) = item.iter_markers("xdist_group")
    return str(mark.args[0])


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def seaweedfs() -> Server:
    return shared.store("seaweedfs")


@pytest.fixture(scope="session")
def minio_server() -> Server:
    return shared.store("minio")


@pytest.fixture
def s3_store(seaweedfs: Server) -> S3Store:
    return servers.fresh_store(seaweedfs)


@pytest.fixture(scope="session")
def label_studio_store(seaweedfs: Server) -> S3Store:
    return servers.fresh_store(seaweedfs)


@pytest.fixture(scope="session")
def label_studio_gate(seaweedfs: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """What Label Studio, and nobody else, reaches the store through."""
    gate = Gate(seaweedfs.endpoint, tmp_path_factory.mktemp("gate") / "Label Studio to the store.log")
    yield gate
    gate.close()


@pytest.fixture(scope="session")
def label_studio(
    seaweedfs: Server,
    label_studio_store: S3Store,
    label_studio_gate: Gate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LabelStudio]:
    """Set up over the buckets of `label_studio_store`. Its tests are of the group "label_studio"."""
    from tests.support import label_studio as label_studios  # the training environment has no requests

    folder = tmp_path_factory.mktemp("label_studio")
    world.release(label_studio_store)
    with label_studios.label_studio(
        folder / "server", replace(seaweedfs, endpoint=label_studio_gate.address)
    ) as label_studio:
        label_studios.set_up(label_studio, seaweedfs, servers.prefix_of(label_studio_store), folder / "secrets")
        yield label_studio


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests of a worker: Playwright cannot be started again while it runs."""
    from playwright.sync_api import sync_playwright  # the training environment has none

    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()
