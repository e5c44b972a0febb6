"""Cases drawn from docs/openapi.yaml, right and wrong ones, against the real functions on a real store."""

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from feedloop import wiring
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from tests.api.conftest import TOKENS
from tests.api.described import description
from tests.support import demo, swaps
from tests.support.feedback import sampled, visited, voted
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.seeds import SOAK

pytestmark = [pytest.mark.store, pytest.mark.usefixtures("client")]

drawn = partial(settings, derandomize=not SOAK, database=None, deadline=None, suppress_health_check=list(HealthCheck))
BEARER = {name: {"Authorization": f"Bearer {token}"} for name, token in TOKENS.items()}
OPENED_BY = {"/sample": "operator", "/report": "report"}
"""Whose token a path asks for; else the event token."""
TOKEN = TOKENS["event"]
UNDESCRIBABLE = [negative_data_rejection, positive_data_acceptance]
"""Whether a picture can be read, and what is no store event, no description can tell."""
KINDS = ["", "text/plain", "image/png", "application/json", "application/xml", "multipart/form-data; boundary=x", "?"]
EACH = 3000 if SOAK else 60
"""Cases of chance for each function, after the right and wrong ones that follow from the description alone."""


@description.include(path_regex="flag|relabel").parametrize()
@drawn(max_examples=EACH)
def test_what_is_described_is_taken_and_nothing_else(case):
    case.call_and_validate()


@description.exclude(path_regex="flag|relabel").parametrize()
@drawn(max_examples=EACH)
def test_every_answer_is_one_that_is_described(case):
    case.call_and_validate(headers=BEARER[OPENED_BY.get(case.path, "event")], excluded_checks=UNDESCRIBABLE)


@given(st.sampled_from(["predict", "flag", "relabel"]), st.sampled_from(KINDS), st.binary())
@drawn(max_examples=EACH)
def test_bytes_of_another_kind_are_refused_in_words(client, name, kind, body):
    answer = client.post(f"/function/{name}", data=body, content_type=kind)
    assert answer.status_code in {400, 415, 422}
    assert answer.json["detail"] != ""


@pytest.mark.parametrize("count", ["1_0", " 5", "+5", "\N{FULLWIDTH DIGIT FIVE}", "1e1", "0", "-1", "10001"])
def test_a_count_is_a_number_as_people_write_it(client, count):
    answer = client.post("/function/sample", data={"count": count}, headers=BEARER["operator"])
    assert (answer.status_code, answer.json["type"]) == (400, "urn:feedloop:problem:bad-request")


def test_the_head_of_what_predict_tells_comes_without_it(client):
    whole, head = client.get("/function/predict"), client.head("/function/predict")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.data))


def test_a_release_that_is_refused_is_told_as_described(client, store):
    new = swaps.publish(store, b"no model")
    wiring.active_model.refresh()
    answer = client.get("/function/predict")
    demo.release(store)
    wiring.active_model.refresh()
    assert answer.json["refused"]["version"] == new
    description["/predict"]["GET"].validate_response(answer)


@pytest.mark.parametrize("name", ["sync", "curate"])
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}s", "Bearer é", f"Bearer {TOKENS['operator']}"],
)
def test_an_event_without_the_token_is_refused_as_described(client, name, authorization):
    operation = description[f"/{name}"]["POST"]
    answer = client.post(f"/function/{name}", json={"Records": []}, headers={"Authorization": authorization})
    assert answer.status_code == 401
    operation.validate_response(answer)


@pytest.mark.parametrize("name", ["sample", "curate"])
def test_a_stranger_is_answered_as_described(client, name):
    answer = client.post(f"/function/{name}", data={"date": "19700101"})
    assert answer.status_code == 200
    description[f"/{name}"]["POST"].validate_response(answer)


REPORTS = {
    "": (200, "application/json"),
    "?format=prometheus": (200, "text/plain"),
    "?from=20260101&to=20260107": (200, "application/json"),
    "?from=20260107&to=20260101": (400, "application/problem+json"),
    "?from=20240101&to=20260101": (400, "application/problem+json"),
}


@pytest.mark.parametrize("query", REPORTS)
def test_a_report_is_answered_as_described(client, query):
    answer = client.get(f"/function/report{query}", headers=BEARER["report"])
    assert (answer.status_code, answer.mimetype) == REPORTS[query]
    description["/report"]["GET"].validate_response(answer)


@pytest.mark.parametrize("query", ["", "?model=all"])
def test_a_report_of_two_models_is_answered_as_described(client, store, query):
    for back, model in ((3, "1" * 64), (2, "2" * 64)):
        made = visited(store, 1, confidence=0.9, model=model, time=utc_now() - timedelta(days=back))
        sampled(store, made)
        voted(store, keys.RANDOM_SAMPLED, made, 1)
    answer = client.get(f"/function/report{query}", headers=BEARER["report"])
    assert answer.json["switch"]["replaced"]["model"] == "11111111"
    description["/report"]["GET"].validate_response(answer)


def test_a_run_of_sync_is_answered_as_described(client, monkeypatch):
    tool = MemoryAnnotationTool(MemoryStore())
    monkeypatch.setattr(wiring, "annotation_tool", lambda: tool)
    answer = client.post("/function/sync")
    assert set(answer.json) == {"projects"}
    description["/sync"]["POST"].validate_response(answer)
