"""How an operator lets go, once, what the guard before mass withdrawals holds back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from feedloop import releases, settings, wiring, withdrawals
from feedloop.app import create_app
from feedloop.domain import keys
from feedloop.domain.errors import BadRequest, StoreDown, StoreMisconfigured
from functions.curate import handler
from functions.curate.approval import approve
from functions.curate.curator import Curator
from functions.curate.sweep import VANISHED, handle_event, sweep, to_document
from tests.support.interleaving import Worker
from tests.support.wiring_caches import clear_wiring
from tests.support.world import annotation, commit, pictures, prediction, write

QUEUE = keys.LOW_CONFIDENCE
PATIENCE = timedelta(minutes=15)
MANY = 30


@pytest.fixture
def curator(store, clock):
    """With many annotations of one queue that are curated."""
    curator = Curator(store, releases.class_list(store), clock)
    for number in range(MANY):
        write(store, QUEUE, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    swept(curator)
    return curator


def swept(curator):
    return to_document(sweep(curator, patience=PATIENCE))


def delete(curator, numbers):
    """Annotations vanish one by one, each with its event, as the handler works it off."""
    for number in numbers:
        ref = keys.output(QUEUE, str(number))
        curator.store.delete(ref)
        if handle_event(curator, [ref]).counts[VANISHED]:
            swept(curator)


def vanish(curator, numbers):
    """Annotations vanish all at once, and the next sweep finds them gone."""
    for number in numbers:
        curator.store.delete(keys.output(QUEUE, str(number)))
    return swept(curator)


def ask(curator, count, **more):
    return approve(curator.store, {"release": QUEUE, "count": str(count), **more})


def left(curator):
    return len(pictures(curator.store, QUEUE))


def held(curator):
    return withdrawals.fetch_guard(curator.store, QUEUE).held


def test_a_flood_of_events_withdraws_no_more_than_a_sweep_may(curator, clock):
    delete(curator, range(MANY))
    assert left(curator) == MANY - 10
    for _ in range(3):
        swept(curator)
        clock.pass_(hours=1, minutes=1)
    assert (left(curator), held(curator).vanished) == (MANY - 10, MANY - 10)


def test_what_is_released_goes_with_the_next_sweep_and_nothing_is_held_any_more(curator):
    assert "30 of 30" in vanish(curator, range(MANY))["stopped"][0]
    assert (held(curator).vanished, held(curator).known) == (MANY, MANY)
    ask(curator, MANY)
    assert (swept(curator)["withdrawn"], left(curator), held(curator)) == (MANY, 0, None)


def test_a_release_is_used_up_once(curator, clock):
    vanish(curator, range(15))
    ask(curator, 15)
    swept(curator)
    clock.pass_(hours=2)
    assert "15 of 15" in vanish(curator, range(15, MANY))["stopped"][0]
    assert left(curator) == 15


def test_more_than_was_released_stays(curator):
    vanish(curator, range(15))
    ask(curator, 15)
    assert "stopped" in vanish(curator, range(15, 17))
    assert left(curator) == MANY


def test_what_trickles_in_after_it_counts_against_a_release(curator):
    vanish(curator, range(12))
    ask(curator, 20)
    swept(curator)
    delete(curator, range(12, MANY))
    assert left(curator) == MANY - 20


def test_a_release_ends_by_its_time(curator, clock):
    vanish(curator, range(MANY))
    ask(curator, MANY, hours="2")
    clock.pass_(hours=2)
    assert "stopped" in swept(curator)
    assert left(curator) == MANY


def test_a_sweep_that_is_killed_under_a_release_is_ended_by_the_next(curator):
    vanish(curator, range(MANY))
    ask(curator, MANY)
    worker = Worker(
        curator.store, lambda stepped: sweep(Curator(stepped, curator.classes, curator.clock), patience=PATIENCE)
    )
    while worker.alive and left(curator) > MANY // 2:
        worker.step()
    worker.step("after")
    swept(curator)
    assert (left(curator), held(curator)) == (0, None)


@pytest.mark.parametrize("count", ["29", "0", "-1", "many", "", "1_000", "1000001"])
def test_an_order_for_fewer_than_have_vanished_or_no_number_is_refused(curator, count):
    vanish(curator, range(MANY))
    with pytest.raises(BadRequest):
        ask(curator, count)


def test_an_order_that_comes_again_when_all_is_withdrawn_is_refused(curator):
    vanish(curator, range(MANY))
    ask(curator, MANY)
    swept(curator)
    with pytest.raises(BadRequest, match="0 annotations of lowconfidence wait"):
        ask(curator, MANY)


def test_a_release_of_one_queue_is_none_of_another(curator, store):
    for number in range(MANY):
        write(store, keys.USER_FEEDBACK, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    swept(curator)
    vanish(curator, range(MANY))
    ask(curator, MANY)
    for number in range(MANY):
        store.delete(keys.output(keys.USER_FEEDBACK, str(number)))
    assert [told.partition(":")[0] for told in swept(curator)["stopped"]] == [keys.USER_FEEDBACK]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"v": 1, "release": {"count": "many"}}', b"\xff" * 20_000])
def test_a_damaged_guard_holds_and_is_written_anew(curator, store, body):
    store.create(keys.guard(QUEUE), body)
    assert "stopped" in vanish(curator, range(MANY))
    ask(curator, MANY)
    assert swept(curator)["withdrawn"] == MANY


class Closed:
    """A store whose key was drawn before there was a guard to read."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        verb = getattr(self._store, name)

        def tried(ref, *more, **how):
            if ref.key.startswith("guard/"):
                raise StoreMisconfigured("no right")
            return verb(ref, *more, **how)

        return tried if name in ("get", "list", "create", "replace") else verb


def test_a_store_key_of_before_leaves_the_guard_as_it_was(curator):
    closed = replace(curator, store=Closed(curator.store))
    assert "stopped" in vanish(closed, range(MANY))
    with pytest.raises(StoreMisconfigured):
        ask(closed, MANY)


@pytest.fixture
def call(curator, store, tmp_path, monkeypatch):
    """POST to curate; the answer."""
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    for name in (settings.EVENT_TOKEN, settings.OPERATOR_TOKEN):
        (tmp_path / name).write_text(name)
    clear_wiring()
    monkeypatch.setattr(wiring, "store", lambda: store)
    client = create_app(handler.handle, "curate").test_client()
    yield lambda token, **how: client.post("/", headers={"Authorization": f"Bearer {token}"}, **how)
    clear_wiring()


def test_only_an_operator_releases(call, curator):
    vanish(curator, range(MANY))
    order = {"release": QUEUE, "count": MANY, "hours": 1}
    for token in ("", settings.EVENT_TOKEN, "x"):
        assert call(token, json=order).status_code == 401
    answer = call(settings.OPERATOR_TOKEN, json=order)
    assert (answer.status_code, answer.json["release"]["count"]) == (200, MANY)
    assert (answer.json["sweep"]["withdrawn"], left(curator)) == (MANY, 0)
    assert call(settings.OPERATOR_TOKEN, json=order).status_code == 400


def test_a_release_without_a_store_is_a_503_and_gives_nothing(call, curator, monkeypatch):
    vanish(curator, range(MANY))

    def down(*_anything, **_more):
        raise StoreDown("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(curator.store, "get", down)
        assert call(settings.OPERATOR_TOKEN, json={"release": QUEUE, "count": MANY}).status_code == 503
    assert "stopped" in swept(curator)
