"""The functions as a deployment serves them, on a real store, one process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from feedloop import wiring
from feedloop.app import create_app
from feedloop.ports import ObjectStore
from local.identities import keys_of
from tests.support import demo
from tests.support.servers import Server, deployment_settings, fresh_store
from tests.support.staffed import Staffed, running_staffed
from tests.support.uploads import unclear_upload
from tests.support.wiring_caches import clear_wiring

TOKENS = {"event": "an event token", "operator": "an operator token", "report": "a report token"}
NAMES = ("predict", "flag", "relabel", "sample", "curate")
Call = Callable[..., tuple[int, dict[str, Any]]]
SERVERS = [pytest.param(name, marks=pytest.mark.store) for name in ("seaweedfs", "minio_server")]
one_store = pytest.mark.parametrize("server", SERVERS[:1], indirect=True)
"""For what no store can change; all else is asked of each."""


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def store(server: Server) -> ObjectStore:
    """A deployment's own buckets, with the demonstration model released."""
    store = fresh_store(server)
    demo.release(store)
    return store


@pytest.fixture
def deployed(server: Server, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment and secrets that a platform would give."""
    for name, value in deployment_settings(server, store, tmp_path, **TOKENS).items():
        monkeypatch.setenv(name, value)
    clear_wiring()
    yield
    clear_wiring()


@pytest.fixture
def call() -> Call:
    """POST to a function; the status and the document that came back."""
    clients = {
        name: create_app(import_module(f"functions.{name}.handler").handle, name).test_client() for name in NAMES
    }

    def post(name: str, **options: Any) -> tuple[int, dict[str, Any]]:
        wiring.function_keys.set(keys_of(name))  # as in a container of its own
        answer = clients[name].post("/", **options)
        return answer.status_code, answer.json or {}

    return post


@pytest.fixture
def upload(call: Call) -> Callable[..., dict[str, Any]]:
    """Send a picture, by itself one that the model is unsure about."""

    def send(body: bytes | None = None) -> dict[str, Any]:
        status, told = call("predict", data={"file": (BytesIO(body or unclear_upload()), "lunch.jpg")})
        assert status == 200
        return told

    return send


def _over(store: str) -> Any:
    """All tests of one staffed system run in one worker."""
    return pytest.param(store, marks=[pytest.mark.store, pytest.mark.xdist_group(f"staffed-{store}")])


@pytest.fixture(scope="session")
def _systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Staffed]]:
    with ExitStack() as closing:
        yield cache(lambda store: closing.enter_context(running_staffed(tmp_path_factory.mktemp("staffed"), store)))


@pytest.fixture(params=[_over("seaweedfs")], scope="session")
def staffed(request: pytest.FixtureRequest, _systems: Callable[[str], Staffed]) -> Staffed:
    """A system with annotators, for what no store can change."""
    return _systems(request.param)


@pytest.fixture(params=[_over("seaweedfs"), _over("minio")], scope="session")
def any_staffed(request: pytest.FixtureRequest, _systems: Callable[[str], Staffed]) -> Staffed:
    """The same over each store."""
    return _systems(request.param)
