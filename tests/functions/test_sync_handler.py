"""What callers of sync meet: events, cron, operators and strangers."""

import pytest

from feedloop import wiring
from feedloop.adapters.memory import MemoryStore
from feedloop.app import create_app
from feedloop.domain import keys
from functions.sync import handler
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.wiring_caches import clear_wiring
from tests.support.world import commit, everything, prediction, queue_task

EVENT = {"Records": [{"s3": {"bucket": {"name": "labelstudio"}, "object": {"key": "tasks/lowconfidence/x.json"}}}]}
BUSY = "a run is under way and will look again"
BEARER = {"Authorization": "Bearer event token"}
OPERATOR = {"Authorization": "Bearer operator token"}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def tool(store):
    return MemoryAnnotationTool(store)


@pytest.fixture
def call(store, tool, tmp_path, monkeypatch):
    """POST to sync; the answer."""
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    for name in ("event", "operator"):
        (tmp_path / f"feedloop-{name}-token").write_text(f"{name} token")
    clear_wiring()
    monkeypatch.setattr(wiring, "store", lambda: store)
    monkeypatch.setattr(wiring, "annotation_tool", lambda: tool)
    client = create_app(handler.handle, "sync").test_client()
    yield lambda **how: client.post("/", **how)
    clear_wiring()


def queue(store):
    return queue_task(store, commit(store, prediction()), keys.LOW_CONFIDENCE)


def test_an_event_brings_what_is_new(call, store, tool):
    random = queue(store)
    answer = call(json=EVENT, headers=BEARER)
    assert (answer.status_code, answer.json["projects"]["lowconfidence"]["new"]) == (200, 1)
    assert tool.shown(keys.LOW_CONFIDENCE) == [random]


def test_an_event_about_a_known_task_starts_no_run(call, store, tool):
    key = f"tasks/lowconfidence/{queue(store)}.json"
    event = {"Records": [{"s3": {"bucket": {"name": "labelstudio"}, "object": {"key": key}}}]}
    assert call(json=event, headers=BEARER).json["projects"]["lowconfidence"]["new"] == 1
    tool.down = True
    assert call(json=event, headers=BEARER).json == {"status": "known"}


def test_an_event_without_the_token_is_refused(call, store, tool):
    queue(store)
    assert call(json=EVENT).status_code == 401
    assert tool.tasks == {}


def test_cron_and_strangers_do_the_same_run(call, store):
    queue(store)
    assert call().json["projects"]["lowconfidence"]["new"] == 1


def test_the_answer_names_every_queue_and_count(call):
    answer = call().json
    assert set(answer) == {"projects"}
    assert set(answer["projects"]) == set(keys.REVIEW_QUEUES)
    named = {"new", "known", "failed", "repaired", "removed", "unreadable"}
    assert [set(counts) for counts in answer["projects"].values()] == [named] * 3


def test_without_label_studio_sync_is_off(call, store, monkeypatch):
    monkeypatch.setattr(wiring, "annotation_tool", lambda: None)
    answer = call()
    assert (answer.status_code, answer.json["status"]) == (200, "off")
    assert everything(store, keys.TRACKING, "") == {}


def test_a_label_studio_that_is_away_is_a_503(call, tool):
    tool.down = True
    answer = call()
    assert (answer.status_code, answer.json["type"]) == (503, "urn:feedloop:problem:annotation-tool-down")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_missing_project_tells_the_operator_what_to_do(call, tool):
    tool.close("User Feedback Review")
    answer = call()
    assert answer.json["type"] == "urn:feedloop:problem:annotation-tool-misconfigured"
    assert "feedloop labelling setup" in answer.json["detail"]


def test_a_failed_run_keeps_nobody_waiting(call, store, tool):
    tool.down = True
    call()
    tool.down = False
    queue(store)
    assert call().json["projects"]["lowconfidence"]["new"] == 1


def test_an_operator_has_everything_compared_at_once(call, store, tool):
    queue(store)
    call()
    tool.store_is_away = True
    tool.annotate(*tool.tasks, "Egg")
    assert [call(headers=shown).json["projects"]["lowconfidence"]["repaired"] for shown in ({}, BEARER)] == [0, 0]
    assert call(headers=OPERATOR).json["projects"]["lowconfidence"]["repaired"] == 1


def test_a_burst_of_events_leads_to_one_more_run(call, store, tool, monkeypatch):
    randoms, runs, projects = [queue(store)], [], tool.projects

    def counted():
        runs.append(len(runs))
        if len(runs) == 1:
            randoms.extend(queue(store) for _ in range(50))
            assert {call(json=EVENT, headers=BEARER).json["status"] for _ in range(50)} == {BUSY}
        return projects()

    monkeypatch.setattr(tool, "projects", counted)
    call(json=EVENT, headers=BEARER)
    assert (runs, tool.shown(keys.LOW_CONFIDENCE)) == ([0, 1], sorted(randoms))
