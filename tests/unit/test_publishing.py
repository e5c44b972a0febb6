"""Publishers at once, killed between any two writes, and again: the list only grows, and outputs keep their meaning."""

import hashlib
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import Changed
from tests.support.interleaving import Worker, shuffle
from tests.support.seeds import seeds
from tests.support.world import NOON

NAMES = ["Bread", "Egg", "Soup", "Rice", "Tea"]
orders = st.lists(st.sampled_from(NAMES), min_size=2, unique=True)
cards = st.lists(st.tuples(st.sampled_from(["lunch", "dinner"]), st.integers(0, 1), orders), min_size=2, max_size=4)


def publish(store, name, number, classes):
    body = f"model {number}".encode()
    card = {"v": 1, "name": name, "sha256": hashlib.sha256(body).hexdigest(), "classes": classes}
    return releases.publish(store, body, card, now=NOON, new_classes=True)


def publish_card(one, store):
    return publish(store, *one)


@given(cards, st.integers(0, 1 << 32), st.sampled_from([0.0, 0.1]))
def test_whoever_publishes_when_every_release_means_what_its_card_says(published, seed, deaths):
    store, rng = MemoryStore(), Random(seed)
    workers = [Worker(store, partial(publish_card, one)) for one in published]
    shuffle(workers, rng, deaths=deaths)
    assert {type(worker.failure) for worker in workers} <= {type(None), Changed}, "who was slower is told"
    ids = [publish(store, *one).id for one in published]
    classes = load(store.get(keys.class_list()).body)["classes"]
    assert len({entry["name"] for entry in classes}) == len(classes)
    for (name, number, order), identity in zip(published, ids, strict=True):
        release = releases.fetch_release(store, name, identity)
        assert [release.classes.name(index) for index in release.indices] == order
        assert releases.model_bytes(store, release) == f"model {number}".encode()
    for name in {name for name, _, _ in published}:
        own = load(store.get(keys.class_list(name)).body)["classes"]
        assert own == classes[: len(own)], "older replicas never see a class move"
    before = {entry.key for entry in store.list(keys.models())}
    assert [publish(store, *one).id for one in published] == ids, "the same again is the same release"
    assert {entry.key for entry in store.list(keys.models())} == before


@pytest.mark.parametrize("seed", seeds(8, soak=200))
def test_two_cards_of_one_file_never_share_an_id(seed):
    store = MemoryStore()
    both = (("lunch", 1, ["Bread", "Egg"]), ("lunch", 1, ["Bread", "Soup"]))
    shuffle([Worker(store, partial(publish_card, one)) for one in both], Random(seed))
    assert len({publish(store, *one).id for one in both}) == 2
