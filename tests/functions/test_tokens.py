"""Which token opens which door: each its own, and until 1.0 the event token all of a deployment that has no other."""

from typing import Any

import pytest

from feedloop import settings, wiring
from feedloop.adapters.memory import MemoryStore
from feedloop.app import create_app
from feedloop.domain import keys
from feedloop.domain.errors import WrongSetting
from functions.curate import handler as curate
from functions.report import handler as report
from functions.sample import handler as sample
from functions.sync import handler as sync
from tests.support import world
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.wiring_caches import clear_wiring

TOKENS = (settings.EVENT_TOKEN, settings.OPERATOR_TOKEN, settings.REPORT_TOKEN)
NO_NEWS = {"Records": []}
DOORS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a store event to curate": (curate, {"method": "POST", "json": NO_NEWS}, settings.EVENT_TOKEN),
    "a store event to sync": (sync, {"method": "POST", "json": NO_NEWS}, settings.EVENT_TOKEN),
    "a sample's parameters": (sample, {"method": "POST", "json": {"date": "never"}}, settings.OPERATOR_TOKEN),
    "a report": (report, {"method": "GET", "query_string": {"days": "none"}}, settings.REPORT_TOKEN),
}
"""What is asked, so that it changes nothing: wrong parameters are read by who let the caller in."""
OPEN = {curate: 200, sync: 200, sample: 400, report: 400}
SHUT = {curate: 401, sync: 401, sample: 200, report: 401}


@pytest.fixture
def deployed(tmp_path, monkeypatch):
    """Functions over a store, with a file for each of these tokens, whose content is its name."""

    def with_secrets(*names):
        for name in names:
            (tmp_path / name).write_text(name)
        return tmp_path

    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    store = MemoryStore()
    world.release(store)
    monkeypatch.setattr(wiring, "store", lambda: store)
    monkeypatch.setattr(wiring, "annotation_tool", lambda: MemoryAnnotationTool(store))
    clear_wiring()
    yield with_secrets
    clear_wiring()


def opens(door, token):
    function, asked, _ = DOORS[door]
    wiring.store().delete(keys.lease("sample"))  # a stranger's sample rests after another one
    headers = {"Authorization": f"Bearer {token}"}
    status = create_app(function.handle, "function").test_client().open("/", headers=headers, **asked).status_code
    assert status in {OPEN[function], SHUT[function]}
    return status == OPEN[function]


@pytest.mark.parametrize("door", DOORS)
def test_a_token_opens_its_own_doors_and_no_other(deployed, door):
    deployed(*TOKENS)
    assert [token for token in TOKENS if opens(door, token)] == [DOORS[door][2]]


@pytest.mark.parametrize("door", DOORS)
def test_a_deployment_with_the_event_token_only_goes_on(deployed, door):
    deployed(settings.EVENT_TOKEN)
    assert [token for token in (*TOKENS, "") if opens(door, token)] == [settings.EVENT_TOKEN]


@pytest.mark.parametrize("token", [settings.OPERATOR_TOKEN, settings.REPORT_TOKEN])
def test_a_token_that_is_there_and_cannot_be_read_is_no_reason_for_another(deployed, token):
    (deployed(settings.EVENT_TOKEN) / token).write_text("")
    with pytest.raises(WrongSetting, match=token):
        wiring.configured().token(token)


def test_a_deployment_without_any_token_is_asked_for_the_new_one(deployed):
    deployed()
    with pytest.raises(WrongSetting, match=settings.OPERATOR_TOKEN):
        wiring.operator_token()
