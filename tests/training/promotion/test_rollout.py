"""The pointer moves, predict follows, or the pointer goes back: whoever dies or comes in between."""

from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import GatewayDown, ModelRefused, NoModel, StoreDown
from tests.support import colours
from tests.support.checked import unchecked
from tests.support.colours import ALL_BLUE, RIGHT, SWAPPED
from tests.support.fake_servers import answering, reply
from tests.support.interleaving import Killed
from tests.support.replicas import Replicas
from tests.support.world import NOON
from training.promotion import registry, rollout
from training.promotion.registry import ModelPackage
from training.promotion.rollout import HttpGateway

NOW = NOON + timedelta(days=1)


@pytest.fixture
def store(memory_store):
    colours.release(memory_store, SWAPPED)
    return memory_store


def checked(body):
    return unchecked(ModelPackage(body, ModelCard(colours.card(body))))


GOOD = checked(colours.model(RIGHT))
BROKEN = checked(b"no model at all, however it came past the checks")


def release(store, gateway, model=GOOD):
    rollout.release(store, model, gateway=gateway, now=NOW, progress=lambda things, *_: things)


def pointer(store):
    return store.get(keys.current_model()).body


def serving(gateway):
    return {gateway.about()["model"]["sha256"] for _ in range(6)}


def killed(_seconds):
    raise Killed


def release_killed(store, gateway, model, monkeypatch):
    """The process that releases is killed while it waits."""
    with monkeypatch.context() as patch:
        patch.setattr(gateway, "sleep", killed)
        with pytest.raises(Killed):
            release(store, gateway, model)


def test_every_replica_serves_what_was_released(store):
    gateway = Replicas(store, 3)
    release(store, gateway)
    assert serving(gateway) == {GOOD.package.card.sha256}


def test_what_predict_refuses_leaves_the_pointer_as_it_was(store):
    gateway, before = Replicas(store), pointer(store)
    with pytest.raises(ModelRefused, match=r"predict: The running predict refuses .*parsing failed.* is back at"):
        release(store, gateway, BROKEN)
    assert pointer(store) == before
    gateway.sleep(5)
    assert "refused" not in gateway.about()


def test_one_replica_that_refuses_is_enough(store):
    loads = []

    def load(release):
        loads.append(release.card.sha256)
        if loads.count(GOOD.package.card.sha256) > 1:
            raise NoModel("No memory is left.")

    before = pointer(store)
    with pytest.raises(ModelRefused, match=r"refuses .*: No memory is left\. The pointer is back"):
        release(store, Replicas(store, load=load))
    assert pointer(store) == before


def test_a_predict_that_cannot_say_why_is_not_waited_for_for_ever(store, monkeypatch):
    gateway, before = Replicas(store), pointer(store)
    answer = gateway.about
    monkeypatch.setattr(gateway, "about", lambda: {**answer(), "refused": None})
    with pytest.raises(ModelRefused, match=r"After 120 s .* earlier version of Feedloop .* is back at"):
        release(store, gateway, BROKEN)
    assert pointer(store) == before


def test_without_a_gateway_nothing_moves(store):
    before = pointer(store)
    with pytest.raises(GatewayDown, match=r"does not answer .* --no-wait"):
        release(store, HttpGateway("http://127.0.0.1:9"))
    assert pointer(store) == before


def test_who_does_not_want_to_wait_moves_the_pointer_alone(store):
    release(store, None)
    assert releases.current(store).card.id == GOOD.package.card.id


def test_a_release_meanwhile_is_not_taken_back(store, monkeypatch):
    gateway = Replicas(store)

    def sleep(seconds):
        colours.release(store, ALL_BLUE)
        gateway.time += seconds

    monkeypatch.setattr(gateway, "sleep", sleep)
    monkeypatch.setattr(gateway, "about", lambda: {"model": {"version": "4f336a23"}})
    with pytest.raises(ModelRefused, match=r"names another release than .* Somebody released another model meanwhile"):
        release(store, gateway, BROKEN)
    assert releases.current(store).card.sha256 == colours.card(colours.model(ALL_BLUE))["sha256"]


def test_a_store_that_is_away_does_not_end_the_wait(store, monkeypatch):
    gateway, fetch = Replicas(store), releases.fetch_pointer

    def away(any_store):
        if gateway.sleeps == 1:
            raise StoreDown("no answer")
        return fetch(any_store)

    monkeypatch.setattr(releases, "fetch_pointer", away)
    release(store, gateway)
    assert serving(gateway) == {GOOD.package.card.id}


def test_killed_while_it_waits_it_is_released_and_said_so_by_the_next_call(store, monkeypatch):
    gateway = Replicas(store)
    release_killed(store, gateway, GOOD, monkeypatch)
    assert releases.current(store).card.id == GOOD.package.card.id
    release(store, gateway)
    assert serving(gateway) == {GOOD.package.card.sha256}


def test_killed_while_it_waits_the_next_call_goes_back_to_the_model_before(store, monkeypatch):
    gateway, before = Replicas(store), releases.current(store)
    release_killed(store, gateway, BROKEN, monkeypatch)
    with pytest.raises(ModelRefused, match="is back at"):
        release(store, gateway, BROKEN)
    assert releases.current(store) == before


def test_of_a_first_release_that_is_refused_there_is_no_model_before(memory_store):
    with pytest.raises(ModelRefused, match=r"cannot serve .* first release, so there is none to go back to"):
        release(memory_store, Replicas(memory_store), BROKEN)


def test_a_gateway_that_is_away_for_a_moment_is_waited_for(store, monkeypatch):
    gateway = Replicas(store)
    answer = gateway.about

    def about():
        if 0 < gateway.sleeps < 20:
            raise GatewayDown("It restarts.")
        return answer()

    monkeypatch.setattr(gateway, "about", about)
    release(store, gateway)
    assert gateway.sleeps >= 29


def test_a_rollback_is_seen_as_a_release_is(store):
    before = releases.current(store)
    release(store, None)
    gateway = Replicas(store)
    package = registry.fetch_released(store, registry.PREVIOUS)
    rollout.rollback(store, unchecked(package), gateway=gateway, now=NOW, progress=lambda things, *_: things)
    assert serving(gateway) == {before.card.sha256}


NOT_PREDICT = {
    "a page": reply("200 OK", "<html>Welcome</html>"),
    "another function": reply("200 OK", "{}"),
    "a gateway without functions": reply("404 Not Found", "error finding function predict"),
    "nothing at all": b"",
}


@pytest.mark.parametrize("answer", NOT_PREDICT.values(), ids=NOT_PREDICT)
def test_what_answers_otherwise_than_predict_is_no_gateway(answer):
    with answering(answer) as url, pytest.raises(GatewayDown, match=r"--gateway URL, or say --no-wait"):
        HttpGateway(url).about()


def test_predict_without_a_model_is_there():
    with answering(reply("503 Service Unavailable", '{"type": "urn:feedloop:problem:no-model"}')) as url:
        assert HttpGateway(url).about()["type"].endswith("no-model")


def test_a_gateway_that_sends_elsewhere_is_followed():
    told = reply("200 OK", '{"model": {"version": "4f336a23"}}')
    with answering(told) as there, answering(reply("301 Moved", Location=f"{there}/function/predict")) as here:
        assert HttpGateway(here).about()["model"] == {"version": "4f336a23"}
