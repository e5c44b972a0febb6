"""What both pages are measured by."""

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

from tests.web.conftest import DEVICES

MOST_TRANSFER = 60_000
WORDS = "Object.fromEntries([...document.querySelectorAll('[data-text]')].map((e) => [e.dataset.text, e.textContent]))"
SMALL = """[...document.querySelectorAll('button, a, label.button, label:has(input[type=radio])')]
  .filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())
  .filter(({ width, height }) => Math.min(width, height) < 24).length"""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
TWICE = "[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)"

_LOOKS = (("phone", "light"), ("desktop", "dark"))  # a colour does not depend on the device
_RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
_ASK = "async (rules) => ({ violations: (await axe.run(rules)).violations })"


def transfers(page: Page) -> list[int]:
    """The bytes of every answer that the page gets from now on."""
    session, sizes = page.context.new_cdp_session(page), list[int]()
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing, on a phone by day and on a desktop by night."""
    page.evaluate(AXE_SCRIPT)
    for device, scheme in _LOOKS:
        page.set_viewport_size(DEVICES[device]["viewport"])
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = AxeResults(page.evaluate(_ASK, _RULES))
        assert found.violations_count == 0, found.generate_report()
