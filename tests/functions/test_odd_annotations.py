"""A hundred odd annotations in one folder, each with its right answer, and good ones between them: one sweep."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest

from feedloop import releases, sweeps
from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.errors import Missing
from functions.curate.curation_ledger import name_of_foreign_key
from functions.curate.curator import Curator
from functions.curate.sweep import FAILED, handle_event, sweep, to_document
from tests.support import world
from tests.support.odd_annotations import ALL, ASIDE, BODIES, NAMES, NO_KEY, ORIGINS, WAITING
from tests.support.servers import fresh_store, independent_client

QUEUE = keys.LOW_CONFIDENCE
PATIENCE = timedelta(minutes=15)
EVERY = 10
"""A good neighbour stands behind every tenth."""


def name(odd, number):
    return odd.name or str(1000 + number)


def told(store, made, called, etag):
    """What became of an annotation: a class, another outcome, or why it was set aside."""
    classes = [key for key in world.pictures(store, QUEUE) if str(made.id) in key]
    others = [key.partition("/")[0] for key in world.outcomes(store, QUEUE) if str(made.id) in key]
    refs = [keys.quarantined(QUEUE, one, etag) for one in (called, name_of_foreign_key(keys.output(QUEUE, called).key))]
    aside = [ASIDE + json.loads(store.get(ref).body)["reason"] for ref in refs if is_there(store, ref)]
    return [*(world.CLASSES[int(key[6:8])] for key in classes), *others, *aside]


def is_there(store, ref):
    with suppress(Missing):
        return store.head(ref).size > 0
    return False


class Swept:
    """Every odd annotation with its picture, and its good neighbours, after two sweeps."""

    def __init__(self, store, clock):
        self.store, self.made, self.etags, self.good = store, [], [], []
        for number, odd in enumerate(ALL):
            self.made.append(shown(store, committed=odd.committed))
            body = odd.body(store, self.made[-1], number)
            self.etags.append(store.create(keys.output(QUEUE, name(odd, number)), body))
            if number % EVERY == 0:
                self.good.append(shown(store))
                world.write(store, QUEUE, f"{1000 + number}0", world.annotation(store, self.good[-1], "Egg"))
        self.curator = Curator(store, releases.class_list(store), clock)
        self.first, self.second = {}, {}

    def sweep(self):
        lease, curator = sweeps.Lease(PATIENCE, rest=timedelta(0)), self.curator
        return sweeps.alone(self.store, "curate", lambda: to_document(sweep(curator, patience=PATIENCE)), lease=lease)


def shown(store, *, committed=True):
    made = world.prediction(1)
    if committed:
        world.commit(store, made)
    else:
        store.create(keys.image(made.id.sample_key), b"jpeg", metadata=made.to_metadata())
    world.queue_task(store, made, QUEUE)
    return made


def in_memory():
    clock = world.SettableClock()
    return Swept(world.released_store(clock), clock)


@pytest.fixture(scope="module")
def swept():
    found = in_memory()
    found.first, found.second = found.sweep(), found.sweep()
    return found


@pytest.mark.parametrize("number", range(len(ALL)), ids=[odd.what for odd in ALL])
def test_each_of_many_odd_annotations_gets_what_is_right(swept, number):
    odd = ALL[number]
    (came,) = told(swept.store, swept.made[number], name(odd, number), swept.etags[number]) or [WAITING]
    assert came == odd.right or (odd.right.startswith(ASIDE) and odd.right.removeprefix(ASIDE) in came)


def test_all_good_neighbours_arrive(swept):
    found = {key.partition("/")[2] for key in world.pictures(swept.store, QUEUE)}
    assert {f"{made.id}.jpg" for made in swept.good} <= found


def test_nothing_is_left_but_what_waits_and_the_second_sweep_has_no_news(swept):
    assert FAILED not in swept.first
    assert {what: count for what, count in swept.second.items() if count} == {WAITING: 1}


def test_what_is_set_aside_is_bounded_and_tells_size_and_content(swept):
    aside = world.everything(swept.store, keys.TRACKING, keys.versions(keys.QUARANTINED, QUEUE).key).values()
    assert max(map(len, aside)) < 200_000
    entries = [json.loads(body) for body in aside]
    assert {20_000_000} <= {entry["size"] for entry in entries}
    assert all(entry["key"].startswith(keys.outputs(QUEUE).key) and entry["etag"] for entry in entries)


def test_what_is_written_of_odd_annotations_is_bounded_and_can_be_read(swept):
    labels = world.everything(swept.store, keys.TRACKING, f"labels/{QUEUE}/").values()
    assert all(load(body)["v"] == 1 for body in labels)
    assert max(map(len, labels)) < 2000


def test_every_derived_key_fits_into_any_store(swept):
    names = [key.rpartition("/")[2] for bucket in (keys.TRACKING,) for key in world.everything(swept.store, bucket, "")]
    assert max(len(name.encode()) for name in names) <= 255
    assert not any(sign < " " or sign == "\x7f" for name in names for sign in name)


def test_events_bring_the_same_but_for_keys_that_no_annotation_has(swept):
    other = in_memory()
    refs = [keys.output(QUEUE, name(odd, number)) for number, odd in enumerate(ALL)]
    assert FAILED not in handle_event(other.curator, refs).counts
    for number, odd in enumerate(ALL):
        if odd.right != NO_KEY:
            named = name(odd, number), swept.etags[number]
            wanted = told(swept.store, swept.made[number], *named)
            assert told(other.store, other.made[number], named[0], other.etags[number]) == wanted


@pytest.mark.store
@pytest.mark.slow("writes 25 objects by Amazon's client, and sweeps a real store twice")
@pytest.mark.parametrize("server", ["seaweedfs", "minio_server"])
def test_odd_keys_and_contents_stop_no_sweep_of_a_real_store(request, server):
    """Only what differs by store: its keys, large bodies, and what a client makes of both."""
    found = request.getfixturevalue(server)
    store, client = fresh_store(found), independent_client(found)
    world.release(store)
    bucket = store.url(keys.outputs(QUEUE)).removeprefix("s3://").partition("/")[0]
    good = [shown(store) for _ in range(2)]
    for number, made in enumerate(good):
        world.write(store, QUEUE, str(5 + number), world.annotation(store, made, "Egg"))
    odd = [*NAMES, ORIGINS[0], *(one for one in BODIES if "20 MB" in one.what)]
    for number, one in enumerate(odd):
        key = keys.output(QUEUE, name(one, number)).key
        client.put_object(Bucket=bucket, Key=key, Body=one.body(store, good[0], number))
    curator = Curator(store, releases.class_list(store), lambda: world.NOON)
    first, second = (to_document(sweep(curator, patience=PATIENCE)) for _ in range(2))
    aside = sum(one.right.startswith(ASIDE) for one in odd)
    assert (first["quarantined"], first.get(FAILED, 0), second.get(FAILED, 0)) == (aside, 0, 0)
    assert {key.partition("/")[2] for key in world.pictures(store, QUEUE)} == {f"{made.id}.jpg" for made in good}
