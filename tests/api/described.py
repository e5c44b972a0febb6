"""docs/openapi.yaml as a source of cases: what it calls a picture, a receipt, a class and a day."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from tests.structure.repository import ROOT
from tests.support import demo
from tests.support.uploads import clear_upload, encoded, scene, unclear_upload

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORGED = f"20261122-07-0412-9f2c11aa-{'4b' * 16}-43210.{'e1' * 32}"
PICTURES = [clear_upload(), unclear_upload(), *(encoded(scene(), kind) for kind in ("PNG", "WEBP"))]

receipts = [FORGED]
"""The deployment under test adds those that it hands out."""
served: list["WSGIApplication"] = []
"""The deployment under test."""

description = schemathesis.openapi.from_path(ROOT / "docs/openapi.yaml", config=SchemathesisConfig())


def _app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    return served[0](environ, start)


description.app = _app

_begun = st.builds(lambda picture, end: picture[:end], st.sampled_from(PICTURES), st.integers(0, 2000))
_files = st.one_of(st.sampled_from(PICTURES), _begun, st.binary())
_days = st.dates(date(1000, 1, 1)).map(lambda day: f"{day:%Y%m%d}")
_receipts = st.integers(0, len(PICTURES)).map(lambda number: receipts[number % len(receipts)])  # known when drawn
schemathesis.openapi.media_type("image/jpeg", _files, aliases=["image/png", "image/webp"])
schemathesis.openapi.format("receipt", _receipts)
schemathesis.openapi.format("class", st.sampled_from(demo.CARD["classes"]))
schemathesis.openapi.format("day", _days)
