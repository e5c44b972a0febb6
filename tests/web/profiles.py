"""Browser profiles that are used again: a new one takes three times the work of a tab in one that is there."""

from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page


class Profiles:
    """A profile for each set of options, as new whenever a tab is opened after `clear`."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: dict[str, _Profile] = {}

    def tab(self, *, stopped: bool = False, **options: Any) -> Page:
        """A new tab; in a stopped profile, time passes only when a test lets it."""
        name = repr((stopped, sorted(options.items())))
        if name not in self._open:
            self._open[name] = _Profile(self._browser.new_context(**options), stopped=stopped)
        return self._open[name].context.new_page()

    def clear(self, *origins: str) -> None:
        """Close all tabs and forget everything that these sites have left."""
        for profile in self._open.values():
            profile.clear(origins)


class _Profile:
    """One profile, with a tab that stays open and keeps its process."""

    def __init__(self, context: BrowserContext, *, stopped: bool) -> None:
        self.context = context
        if stopped:
            now = datetime.now(UTC)
            context.clock.install(time=now)
            context.clock.pause_at(now)
        self._keeper = context.new_page()
        self._session: CDPSession = context.new_cdp_session(self._keeper)

    def clear(self, origins: tuple[str, ...]) -> None:
        self.context.set_offline(offline=False)
        for page in self.context.pages:
            if page is not self._keeper:
                page.close()
        for origin in origins:
            self._session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        self._session.send("Network.clearBrowserCache")
