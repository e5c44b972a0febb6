"""A Label Studio over each store, started once; every test begins without a project."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.labelling.office import Office
from tests.support import label_studio as desks
from tests.support.annotator import annotator
from tests.support.operating import operator
from tests.support.servers import Server

SERVERS = [pytest.param(name, marks=pytest.mark.store) for name in ("seaweedfs", "minio_server")]
Open = Callable[[Server], Office]


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with ExitStack() as closing:

        @cache
        def open_(server: Server) -> Office:
            folder = tmp_path_factory.mktemp("office")
            desk = closing.enter_context(desks.label_studio(folder / "server", server))
            someone = closing.enter_context(operator(desk, server, "", folder / "secrets"))
            return Office(desk, server.open(), someone, closing.enter_context(annotator(desk)))

        yield open_


@pytest.fixture
def office(opened: Open, seaweedfs: Server) -> Office:
    """Without projects, and with buckets of its own."""
    return opened(seaweedfs).moved_in()


@pytest.fixture(scope="module")
def furnished(opened: Open, seaweedfs: Server) -> Office:
    office = opened(seaweedfs).moved_in()
    office.set_up()
    return office


@pytest.fixture
def ready(furnished: Office) -> Office:
    """Set up, without tasks. Not for a module that asks for `office`, too: there is one Label Studio."""
    return furnished.cleared()


@pytest.fixture(scope="module", params=SERVERS)
def any_furnished(opened: Open, request: pytest.FixtureRequest) -> Office:
    office = opened(request.getfixturevalue(request.param)).moved_in()
    office.set_up()
    return office


@pytest.fixture
def any_ready(any_furnished: Office) -> Office:
    """The same over each store."""
    return any_furnished.cleared()
