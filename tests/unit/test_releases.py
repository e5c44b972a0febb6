import hashlib

import pytest

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import Changed, Malformed, NoModel
from tests.support.world import NOON

CLASSES = ["Bread", "Egg"]


@pytest.fixture
def store():
    return MemoryStore()


def publish(store, model, classes=CLASSES):
    sha256 = hashlib.sha256(model).hexdigest()
    releases.publish(store, model, {"v": 1, "name": "food", "sha256": sha256, "classes": classes}, now=NOON)
    return sha256


def pointer(store):
    return load(store.get(keys.current_model()).body)


def test_the_published_model_is_current(store):
    sha256 = publish(store, b"weights")
    release = releases.current(store)
    assert (release.card.name, release.card.sha256, release.classes.names) == ("food", sha256, ("Bread", "Egg"))
    assert releases.model_bytes(store, release) == b"weights"


def test_publishing_again_changes_nothing(store):
    publish(store, b"weights")
    before = store.head(keys.current_model())
    publish(store, b"weights")
    assert store.head(keys.current_model()) == before


def test_the_pointer_remembers_what_served_before(store):
    first = publish(store, b"weights")
    second = publish(store, b"better weights")
    assert (pointer(store)["sha256"], pointer(store)["previous"]) == (second, first)


def test_only_the_model_that_was_meant_is_replaced(store):
    first, second = publish(store, b"weights"), publish(store, b"better weights")
    with pytest.raises(Changed):
        releases.point_to(store, "food", "0" * 64, NOON, instead_of=first)
    assert pointer(store)["sha256"] == second
    releases.point_to(store, "food", first, NOON, instead_of=second)
    releases.point_to(store, "food", first, NOON, instead_of=second)  # our own answer got lost: it is done
    assert pointer(store)["sha256"] == first


def test_an_earlier_model_can_be_published_again(store):
    first, second = publish(store, b"weights"), publish(store, b"better weights")
    publish(store, b"weights")
    assert (pointer(store)["sha256"], pointer(store)["previous"]) == (first, second)


def test_a_new_model_may_know_more_classes(store):
    publish(store, b"weights")
    publish(store, b"better weights", [*CLASSES, "Soup"])
    assert releases.class_list(store).names == ("Bread", "Egg", "Soup")


def test_a_model_that_moves_a_class_is_refused_and_the_old_one_serves_on(store):
    first = publish(store, b"weights")
    with pytest.raises(Malformed, match="append-only"):
        publish(store, b"other weights", ["Egg", "Bread"])
    assert releases.current(store).card.sha256 == first


@pytest.mark.parametrize("ask", [releases.current, releases.class_list])
def test_without_a_release_it_is_said_what_to_do(store, ask):
    with pytest.raises(NoModel, match="release one"):
        ask(store)


def test_a_model_file_that_is_not_the_released_one_is_never_run(store):
    publish(store, b"weights")
    release = releases.current(store)
    ref = keys.model_file("food", release.card.sha256, releases.MODEL_FILE)
    store.replace(ref, b"tampered", etag=store.head(ref).etag)
    with pytest.raises(NoModel, match="not the one"):
        releases.model_bytes(store, release)


def test_a_release_without_its_file_is_told(store):
    publish(store, b"weights")
    release = releases.current(store)
    store.delete(keys.model_file("food", release.card.sha256, releases.MODEL_FILE))
    with pytest.raises(NoModel, match="no model file"):
        releases.model_bytes(store, release)
