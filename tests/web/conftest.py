"""The running system, a proxy before it, the site on a host of its own, and visitors with a phone and a desktop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from feedloop.domain.prediction import PredictionId
from tests.local.system import System, running, until
from tests.support.servers import free_ports
from tests.web import operator, proxy, static
from tests.web.operator import Days, Operator
from tests.web.profiles import Profiles
from tests.web.proxy import Proxy
from tests.web.static import Site
from tests.web.visitor import Visitor

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
DEVICES = {"phone": PHONE, "desktop": DESKTOP}
HAS_FAILED = pytest.StashKey[bool]()


@dataclass(frozen=True)
class World:
    """All that runs for these tests."""

    system: System
    proxy: Proxy
    site: Site

    def made(self) -> set[str]:
        """The keys of all predictions."""
        return set(self.system.keys("production"))

    def key_of(self, prediction: PredictionId) -> str:
        """Where one of them lies."""
        (found,) = [key for key in self.made() if prediction.sample_key in key]
        return found


@pytest.fixture(scope="session")
def profiles(browser: Browser) -> Profiles:
    return Profiles(browser)


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    (port,) = free_ports(1)
    origin = f"http://127.0.0.1:{port}"
    with (
        running(tmp_path_factory.mktemp("system"), ALLOWED_ORIGINS=origin, STORE_FSYNC="off") as system,
        proxy.before(system.url) as before,
        static.hosting(port, before.url) as site,
    ):
        until(system.serves, "the system serves")
        yield World(system, before, site)


@pytest.fixture
def world(_world: World) -> World:
    """As if nobody had been here before, but for what lies in the store."""
    _world.proxy.faults.clear()
    _world.proxy.calls.clear()
    _world.site.settings.clear()
    return _world


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report: pytest.TestReport = yield
    item.stash[HAS_FAILED] = report.failed or item.stash.get(HAS_FAILED, False)
    return report


@pytest.fixture
def visit(
    profiles: Profiles, world: World, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Visitor]]:
    """A new visitor; afterwards no page may have complained."""
    visitors = []

    def come(**options: Any) -> Visitor:
        options = {"locale": "en-GB", "reduced_motion": "reduce", **DESKTOP, **options}
        visitor = Visitor(profiles.tab(**options), world.site.url)
        visitors.append(visitor)
        return visitor

    yield come
    if request.node.stash[HAS_FAILED]:
        for number, visitor in enumerate(visitors):
            print(visitor.testify(tmp_path / f"{number}.png"))
    profiles.clear(world.site.url, world.system.url)
    assert [error for visitor in visitors for error in visitor.errors] == []


@pytest.fixture
def somebody(visit: Callable[..., Visitor]) -> Visitor:
    """On a phone or a desktop: it makes no difference here."""
    return visit().come()


@pytest.fixture
def patient(visit: Callable[..., Visitor]) -> Visitor:
    """Somebody whose time passes only when a test lets it."""
    return visit(stopped=True).come()


@pytest.fixture(params=DEVICES)
def visitor(visit: Callable[..., Visitor], request: pytest.FixtureRequest) -> Visitor:
    """On a phone, and on a desktop."""
    return visit(**DEVICES[request.param]).come()


@pytest.fixture(scope="session")
def days(_world: World) -> Days:
    """Days that a report can be read of, written into the running system's store."""
    return operator.fill(operator.store_of(_world.system))


@pytest.fixture
def operate(visit: Callable[..., Visitor], world: World) -> Callable[..., Operator]:
    """A new operator, who knows the token."""
    token = world.system.connection()["report_token"]

    def come(**options: Any) -> Operator:
        return Operator(visit(**options).page, world.site.url, token)

    return come


@pytest.fixture(name="operator")
def somebody_with_the_token(operate: Callable[..., Operator]) -> Operator:
    """On a desktop, before the page."""
    return operate()


@pytest.fixture
def patient_reader(operate: Callable[..., Operator]) -> Operator:
    """The same, whose time passes only when a test lets it."""
    return operate(stopped=True)


@pytest.fixture
def reader(operate: Callable[..., Operator]) -> Operator:
    """The same, with the token in the tab already."""
    return operate()
