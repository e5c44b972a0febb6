"""The files of deploy/site/ send the website as the gateway of `make run` does; the website's folders keep apart."""

import re

import pytest

from local.gateway import PAGE_HEADERS
from tests.structure.repository import ROOT

SITE = ROOT / "deploy" / "site"
HEADERS = {**PAGE_HEADERS, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}


def of_nginx() -> dict[str, str]:
    """What `location /` adds; headers of the server around it do not count there."""
    block = (SITE / "nginx.conf").read_text().partition("location / {")[2]
    return {name: value.strip('"') for name, value in re.findall(r'add_header (\S+) ("[^"]+"|\S+) always;', block)}


def of_caddy() -> dict[str, str]:
    """What the last `handle` sets."""
    block = re.findall(r"header \{\n(.*?)\n\t\t\}", (SITE / "Caddyfile").read_text(), re.DOTALL)[-1]
    return {name: value.strip('"') for name, value in (line.split(maxsplit=1) for line in block.splitlines())}


@pytest.mark.parametrize("sent", [of_nginx, of_caddy])
def test_a_page_may_do_no_more_than_under_make_run(sent):
    assert sent() == HEADERS


def test_an_upload_waits_before_the_function_until_it_is_there():
    assert "proxy_request_buffering on;" in (SITE / "feedloop-function.conf").read_text()
    assert "request_buffers 11MB" in (SITE / "Caddyfile").read_text()


def test_a_header_with_an_underscore_does_not_come_through():
    assert "underscores_in_headers off;" in (SITE / "nginx.conf").read_text()
    assert re.search(r"request_header -\*_\*\s", (SITE / "Caddyfile").read_text())


@pytest.mark.parametrize(("folder", "allowed"), [("shared", set()), ("visitor", {"shared"}), ("report", {"shared"})])
def test_a_page_imports_shared_modules_and_its_own(folder, allowed):
    modules = (ROOT / "web" / "modules" / folder).glob("*.js")
    imported = {name for path in modules for name in re.findall(r'from "\.\./(\w+)/', path.read_text())}
    assert imported == allowed
