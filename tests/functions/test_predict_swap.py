"""docs/decisions/0005-serving.md: the model changes while requests go on, and a broken one changes nothing."""

import json
from functools import partial
from threading import Barrier, Event, Semaphore, Thread
from threading import enumerate as enumerate_threads

import pytest

from feedloop import active_model, releases, wiring
from feedloop.active_model import ActiveModel, poll_in_thread
from feedloop.adapters.memory import MemoryStore
from feedloop.app import create_app
from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import NoModel, StoreDown
from feedloop.settings import Settings
from functions.predict.handler import handle
from tests.support import demo
from tests.support.demo import CARD, committed
from tests.support.swaps import BREAKS, DARKER, another, publish, put
from tests.support.uploads import unclear_upload

DEMO = CARD["sha256"][:8]
UPLOADS, CLIENTS = 25, 4


@pytest.fixture
def store(clock):
    store = MemoryStore(clock=clock)
    demo.release(store)
    return store


@pytest.fixture
def replica(monkeypatch, store, clock):
    """A replica that looks at the pointer when the test says so."""
    settings = Settings.from_environment({"S3_ENDPOINT": "http://store"})
    for name, value in {"store": store, "clock": clock, "signing_key": b"key", "configured": settings}.items():
        monkeypatch.setattr(wiring, name, lambda value=value: value)
    replica = ActiveModel(lambda: store, wiring.classifier, poll=lambda refresh: lambda: None)
    monkeypatch.setattr(wiring, "active_model", replica)
    return replica


@pytest.fixture
def ask(replica):
    client = create_app(handle, "predict").test_client()
    return lambda **headers: client.post("/", data=unclear_upload(), headers=headers)


def repoint(store, model):
    """Release it whatever the pointer looks like."""
    store.delete(keys.current_model())
    return publish(store, model)


def version(response):
    return response.json["model"]["version"]


def told(capsys, event):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["event"] == event]


def about():
    """What predict tells by GET."""
    return json.loads(create_app(handle, "predict").test_client().get("/").data)


def test_a_moved_pointer_is_followed_at_the_next_look(replica, ask, store):
    before, new = version(ask()), publish(store, another())
    assert version(ask()) == before == DEMO
    replica.refresh()
    assert version(ask()) == new


def test_ids_and_records_name_the_model_that_answered(replica, ask, store):
    ask()
    new = publish(store, another(), **DARKER)
    replica.refresh()
    answer = ask().json
    assert answer["prediction_id"].split("-")[3] == new
    assert sorted(made.model_sha256[:8] for made in committed(store)) == sorted([DEMO, new])


def test_moving_back_is_a_rollback(replica, ask, store):
    publish(store, another())
    ask()
    demo.release(store)
    replica.refresh()
    assert version(ask()) == DEMO


def test_the_new_model_answers_and_not_only_its_name(replica, ask, store):
    before = ask().json["confidence"]
    publish(store, another(), **DARKER)
    replica.refresh()
    assert ask().json["confidence"] != before


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_release_changes_nothing_and_is_told_once(replica, ask, store, broken, capsys):
    ask()
    BREAKS[broken](store)
    for _ in range(3):
        replica.refresh()
    assert version(ask()) == DEMO
    (refusal,) = told(capsys, "model.refused")
    assert (refusal["kind"], refusal["serving"]) == ("NoModel", DEMO)


def test_a_release_that_cannot_be_served_is_told_until_one_can(replica, ask, store):
    ask()
    new = publish(store, b"not ONNX")
    assert "refused" not in about()
    replica.refresh()
    refused = about()["refused"]
    assert (refused["version"], "cannot load the model" in refused["why"]) == (new, True)
    assert about()["model"]["version"] == DEMO
    repoint(store, another(7))
    replica.refresh()
    assert "refused" not in about()


def test_a_store_that_is_down_refuses_no_release(replica, store, monkeypatch):
    replica()
    publish(store, another())
    monkeypatch.setattr(releases, "model_bytes", partial(_fail, StoreDown("no answer")))
    replica.refresh()
    assert replica.refusal is None


def test_a_replica_that_waits_for_its_first_release_says_so_when_asked_and_not_in_the_log(replica, store, capsys):
    store.delete(keys.current_model())
    client = create_app(handle, "predict", ready=replica).test_client()
    assert [client.get("/_/ready").status_code for _ in range(3)] == [503, 503, 503]
    demo.release(store)
    assert client.get("/_/ready").status_code == 200
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == ["model.served"]


@pytest.mark.parametrize("broken", BREAKS)
def test_after_a_broken_release_the_next_good_one_serves(replica, ask, store, broken):
    ask()
    BREAKS[broken](store)
    replica.refresh()
    new = repoint(store, another(7))
    replica.refresh()
    assert version(ask()) == new


def test_two_broken_releases_are_two_lines(replica, ask, store, capsys):
    ask()
    for body in (b"not ONNX", b"nor this"):
        publish(store, body)
        replica.refresh()
    assert len({line["version"] for line in told(capsys, "model.refused")}) == 2


def test_a_release_that_is_mended_serves(replica, ask, store):
    ask()
    new = publish(store, another())
    ref = keys.model_file("food11", load(store.get(keys.current_model()).body)["sha256"], releases.MODEL_FILE)
    put(store, ref, b"half of")
    replica.refresh()
    put(store, ref, another())
    replica.refresh()
    assert version(ask()) == new


def test_while_the_store_is_down_the_model_serves_on(replica, store, monkeypatch, capsys):
    replica()
    monkeypatch.setattr(store, "get", partial(_fail, StoreDown("no answer")))
    replica.refresh()
    replica.refresh()
    assert replica()[0].card.sha256 == CARD["sha256"]
    assert [line["kind"] for line in told(capsys, "model.refused")] == ["StoreDown"]


def test_a_mistake_of_ours_while_loading_is_told_and_changes_nothing(store, capsys):
    loads = iter([demo.served().classifier])
    replica = ActiveModel(lambda: store, lambda release: next(loads), poll=lambda refresh: lambda: None)
    replica()
    publish(store, another())
    replica.refresh()  # there is no second classifier
    assert replica()[0].card.sha256 == CARD["sha256"]
    assert "StopIteration" in told(capsys, "model.refused")[0]["why"]


def test_a_renamed_class_is_seen_without_loading_the_model_again(replica, ask, store):
    ask()
    before = replica()[1]
    ref = keys.class_list()
    put(store, ref, store.get(ref).body.replace(b'"Rice"', b'"Risotto"'))
    replica.refresh()
    assert replica()[0].classes.name(7) == "Risotto"
    assert replica()[1] is before


def test_without_a_release_it_is_503_until_there_is_one(replica, ask, store):
    store.delete(keys.current_model())
    assert [ask().json["type"] for _ in range(2)] == ["urn:feedloop:problem:no-model"] * 2
    demo.release(store)
    assert version(ask()) == DEMO


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_first_release_is_503_until_it_is_replaced(replica, ask, store, broken):
    BREAKS[broken](store)
    assert ask().status_code == 503
    new = repoint(store, another(7))
    assert version(ask()) == new


def test_nobody_waits_while_another_model_loads(store):
    may_load, loads = Event(), []

    def load(release):
        loads.append(release.card.sha256)
        may_load.wait() if len(loads) > 1 else None
        return demo.served().classifier

    replica = ActiveModel(lambda: store, load, poll=lambda refresh: lambda: None)
    replica()
    publish(store, another())
    looking = Thread(target=replica.refresh)
    looking.start()
    assert replica()[0].card.sha256 == CARD["sha256"]
    may_load.set()
    looking.join()
    assert replica()[0].card.sha256 == loads[1]


def test_first_requests_at_once_load_one_model(store):
    loads, start = [], Barrier(CLIENTS)

    def load(release):
        loads.append(release)
        return demo.served().classifier

    replica = ActiveModel(lambda: store, load, poll=lambda refresh: lambda: None)
    clients = [Thread(target=lambda: (start.wait(), replica())) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(loads) == 1


def test_requests_during_swaps_all_succeed_with_one_of_the_models(replica, ask, store):
    answers = []
    clients = [Thread(target=lambda: answers.extend(ask() for _ in range(UPLOADS))) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients):
        publish(store, another(), **DARKER)
        replica.refresh()
        demo.release(store)
        replica.refresh()
    assert {answer.status_code for answer in answers} == {200}
    assert len(answers) == len(committed(store)) == UPLOADS * CLIENTS
    seen = {(version(answer), answer.json["confidence"]) for answer in answers}
    assert len(seen) == len({name for name, _ in seen}) == 2  # each model under its own name


def test_an_answer_is_repeated_by_whatever_model_serves_then(replica, ask, store):
    first = ask(**{"Idempotency-Key": "k"})
    publish(store, another(), **DARKER)
    replica.refresh()
    assert ask(**{"Idempotency-Key": "k"}).json == first.json
    assert version(ask()) != version(first)


def test_the_thread_looks_again_and_again_until_it_is_ended(monkeypatch):
    monkeypatch.setattr(active_model, "POLL_SECONDS", 0.001)
    looks = Semaphore(0)
    end = poll_in_thread(looks.release)
    assert all(looks.acquire(timeout=60) for _ in range(3))
    end()
    assert "model pointer" not in {thread.name for thread in enumerate_threads()}


def test_a_replica_begins_anew_when_it_is_told_to(store):
    ended, poll = [], lambda refresh: lambda: ended.append(refresh)
    replica = ActiveModel(lambda: store, lambda release: demo.served().classifier, poll=poll)
    replica()
    replica.cache_clear()
    store.delete(keys.current_model())
    assert len(ended) == 1
    with pytest.raises(NoModel):
        replica()


def test_two_looks_fit_into_ten_seconds():
    assert 2 * active_model.POLL_SECONDS <= 10


def _fail(error, *args, **kwargs):
    raise error
