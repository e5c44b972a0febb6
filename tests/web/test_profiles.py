"""Browser profiles are used by one test after the other, and none meets what another left."""

from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.web.quality import transfers
from tests.web.visitor import Visitor

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]


@pytest.fixture
def come(profiles, world):
    """The next visitor in the same profile."""
    return lambda **options: Visitor(profiles.tab(**options), world.site.url).come()


@pytest.fixture
def leave(profiles, world):
    """The end of a test."""
    yield lambda: profiles.clear(world.site.url, world.system.url)
    profiles.clear(world.site.url, world.system.url)


def test_the_next_visitor_finds_nothing_of_the_last(come, leave):
    first = come()
    first.remember("20261122-07-0999-9f2c11aa-" + "0" * 32 + "-43210." + "0" * 64)
    leave()
    second = come()
    assert second.storage() == {}
    second.reads("Nothing here yet.")


def test_the_next_visitor_is_online(come, leave):
    come().page.context.set_offline(offline=True)
    leave()
    assert come().page.evaluate("navigator.onLine")


def test_the_next_visitor_has_nothing_in_the_cache(profiles, leave, world):
    loaded = []
    for _ in range(2):
        page = profiles.tab()
        sizes = transfers(page)
        Visitor(page, world.system.url).come().page.wait_for_load_state("networkidle")
        loaded.append(sum(sizes))
        leave()
    assert loaded[0] == loaded[1]


def test_time_stands_still_for_the_next_patient_visitor_as_well(come, leave):
    come(stopped=True).pass_time(60)
    leave()
    page = come(stopped=True).page
    before = page.evaluate("Date.now()")
    expect(page.get_by_text("Nothing here yet.")).to_be_visible()
    assert page.evaluate("Date.now()") == before


def test_a_crashed_tab_does_no_harm_to_the_next_visitor(come, leave):
    page = come().page
    with suppress(Error):
        page.goto("chrome://crash")
    leave()
    come().reads("Nothing here yet.")
