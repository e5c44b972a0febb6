"""The site on a static host of its own, as README.md describes it: another origin than the gateway."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from typing import Any

from local.gateway import PAGE_HEADERS
from local.stack import ROOT
from tests.support.fake_servers import listening

WEB = ROOT / "web"


class Site:
    """The files of web/, with some lines of config.js as an operator sets them."""

    def __init__(self, url: str, gateway: str) -> None:
        self.url = url
        self.gateway = gateway
        self.settings: dict[str, Any] = {}

    def config(self) -> bytes:
        """config.js with these settings in place of its own."""
        text = (WEB / "config.js").read_text()
        for name, value in {"gateway": self.gateway, **self.settings}.items():
            text, found = re.subn(rf"^  {name}: .*,$", f"  {name}: {json.dumps(value)},", text, flags=re.MULTILINE)
            assert found == 1, name
        return text.encode()

    def headers(self) -> dict[str, str]:
        """What the operator's host sends along."""
        policy = PAGE_HEADERS["Content-Security-Policy"]
        for directive in ("connect-src", "form-action"):
            policy = policy.replace(f"{directive} 'self'", f"{directive} {self.gateway}")
        return {**PAGE_HEADERS, "Content-Security-Policy": policy}


class Handler(SimpleHTTPRequestHandler):
    """Static files and headers."""

    def __init__(self, *arguments: Any, site: Site) -> None:
        self.site = site
        super().__init__(*arguments, directory=str(WEB))

    def do_GET(self) -> None:
        if self.path != "/config.js":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.end_headers()
        self.wfile.write(self.site.config())

    def end_headers(self) -> None:
        for name, value in self.site.headers().items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def hosting(port: int, gateway: str) -> Iterator[Site]:
    """The site, from start to stop."""
    site = Site(f"http://127.0.0.1:{port}", gateway)
    with listening(partial(Handler, site=site), port):  # type: ignore[arg-type] # called like a class
        yield site
