"""A policy has no right that its function never uses: each is used by one of these calls."""

import re
from datetime import timedelta
from functools import partial

import pytest
from werkzeug.datastructures import Headers, MultiDict

from feedloop import releases, wiring
from feedloop.active_model import ActiveModel
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import cards, keys, receipts
from feedloop.domain.clock import utc_now
from feedloop.domain.documents import dump
from feedloop.domain.errors import AlreadyExists, Changed, NoModel
from feedloop.domain.review import informed_task
from feedloop.http import Context, Event
from feedloop.settings import Settings
from functions.curate.handler import handle as curate
from functions.flag.handler import handle as flag
from functions.relabel.handler import handle as relabel
from functions.report.handler import handle as report
from functions.sample.handler import handle as sample
from functions.sync.handler import handle as sync
from tests.functions import test_killed_anywhere, test_sync_killed
from tests.support import demo, privileges, swaps, sync_backends, world
from tests.support.interleaving import Worker
from tests.support.memory_annotation_tool import MemoryAnnotationTool

SWEEPS = {"sample": sample, "sync": sync, "curate": curate, "report": report}
BEARER = {"Authorization": "Bearer token"}


class Robbed(MemoryStore):
    """Somebody takes every lease away before its holder hands it back."""

    def replace(self, ref, body, *, etag):
        if ref.key.startswith("leases/"):
            self.delete(ref)
            raise Changed(ref.key)
        return super().replace(ref, body, etag=etag)


class Vanishing(MemoryStore):
    """A claim is there when it is to be created, and gone when it is read."""

    def create(self, ref, body, **how):
        if ref == demo.KEY and not self.told:
            self.told = True
            raise AlreadyExists(ref.key)
        return super().create(ref, body, **how)

    told = False


@pytest.fixture
def deployed(monkeypatch):
    """Handlers over a store, in one process."""
    chosen = Settings.from_environment({"S3_ENDPOINT": "http://store"})
    tokens = dict.fromkeys(("event_token", "operator_token", "report_token"), "token")
    for name, value in {"configured": chosen, "signing_key": b"key", **tokens}.items():
        monkeypatch.setattr(wiring, name, lambda value=value: value)

    def over(store):
        monkeypatch.setattr(wiring, "store", lambda: store)
        monkeypatch.setattr(wiring, "annotation_tool", lambda: MemoryAnnotationTool(store))

    return over


def called(handle, body=b"", *, method="POST", **headers):
    told = Headers({**headers, "Content-Type": "application/json"})
    return handle(Event(body, told, method, MultiDict(), "/"), Context("here"))["statusCode"]


def form(**fields):
    return dump(fields)


def receipt():
    return receipts.sign(world.prediction(sample_key="9" * 32).id, b"key")


def event(key):
    return dump({"Records": [{"s3": {"bucket": {"name": "labelstudio"}, "object": {"key": key}}}]})


def sweeps_meet_each_other(over):
    store = MemoryStore()
    world.release(store)
    over(store)
    for name, handle in SWEEPS.items():
        running = {"v": 1, "holder": "another", "state": "running", "pending": False}
        store.create(keys.lease(name), dump(running))
        assert called(handle) == 200


def leases_are_taken_away(over):
    store = Robbed()
    world.release(store)
    over(store)
    assert [called(handle) for handle in SWEEPS.values()] == [200] * 4


def a_release_is_half_there(over):
    store = MemoryStore()
    over(store)
    for _ in range(2):
        assert [called(handle) for handle in (sample, curate)] == [503] * 2
        called(report)
        assert called(relabel, form(prediction_id=receipt(), **{"class": "Egg"})) == 503
        world.release(store)
        forget_classes(store)
    made = world.commit(store, world.prediction())
    assert called(flag, form(prediction_id=receipts.sign(made.id, b"key"))) == 202


def visitors_name_what_is_not_there(over):
    store = MemoryStore()
    world.release(store)
    over(store)
    assert called(flag, form(prediction_id=receipt())) == 404
    assert called(relabel, form(prediction_id=receipt(), **{"class": "Egg"})) == 404


def pictures_are_missing(over):
    store, random = MemoryStore(), "7" * 32
    world.release(store)
    over(store)
    made = world.prediction(sample_key=random)
    store.create(
        keys.task(keys.LOW_CONFIDENCE, random),
        dump(informed_task(made, keys.LOW_CONFIDENCE, store.url(keys.image(random)))),
    )
    world.write(store, keys.LOW_CONFIDENCE, "1", world.annotation(store, made, "Egg"))
    assert [called(handle) for handle in (curate, sync)] == [200] * 2
    store.create(keys.image(random), b"jpeg", metadata=made.to_metadata())
    world.write(store, keys.LOW_CONFIDENCE, "2", world.annotation(store, made, "Egg"))
    assert called(curate, event("output/lowconfidence/2"), **BEARER) == 200


def minds_change(over):
    store = MemoryStore()
    world.release(store)
    over(store)
    made = world.commit(store, world.prediction())
    for minute, choice in enumerate(["None of these", "Egg", "None of these"]):
        at = world.NOON + timedelta(minutes=minute)
        world.write(store, keys.LOW_CONFIDENCE, "1", world.annotation(store, made, choice, at=at))
        assert called(curate, event("output/lowconfidence/1"), **BEARER) == 200
    ref = keys.output(keys.LOW_CONFIDENCE, "1")
    body = store.get(ref).body
    store.delete(ref)
    assert called(curate, **BEARER) == 200
    store.create(ref, body)
    assert called(curate, **BEARER) == 200


def many_annotations_vanish_and_are_released(over):
    store = MemoryStore()
    world.release(store)
    over(store)
    for number in range(11):
        made = world.commit(store, world.prediction())
        world.write(store, keys.LOW_CONFIDENCE, str(number), world.annotation(store, made, "Egg"))
    assert called(curate, **BEARER) == 200
    for number in range(11):
        store.delete(keys.output(keys.LOW_CONFIDENCE, str(number)))
    assert called(curate, **BEARER) == 200
    assert called(report, method="GET", **BEARER) == 200
    assert called(curate, form(release=keys.LOW_CONFIDENCE, count=11), **BEARER) == 200


def label_studio_loses_many_annotations(over):
    store = MemoryStore()
    world.release(store)
    over(store)
    tool = MemoryAnnotationTool(store)
    wiring.annotation_tool = lambda: tool
    for queue in keys.REVIEW_QUEUES:
        for _ in range(11):
            world.queue_task(store, world.commit(store, world.prediction()), queue)
    assert called(sync, **BEARER) == 200
    tool.store_is_away = True
    ids = [tool.annotate(task, "Egg") for task in tool.tasks]
    tool.store_is_away = False
    assert called(sync, **BEARER) == 200
    for annotation in ids:
        tool.delete_annotation(annotation)
    assert [called(sync, **BEARER) for _ in range(2)] == [200, 200]


def nobody_was_asked(over):
    """Of one picture no more; of the other never."""
    store = MemoryStore()
    world.release(store)
    over(store)
    imported, never = (world.commit(store, world.prediction()) for _ in range(2))
    store.create(keys.imported(keys.LOW_CONFIDENCE, imported.id.sample_key), b"{}")
    for name, made in (("1", imported), ("2", never)):
        world.forge(store, keys.LOW_CONFIDENCE, name, world.annotation(store, made, "Egg"))
    assert called(curate, **BEARER) == 200


def an_event_tells_of_a_task(over):
    store = MemoryStore()
    world.release(store)
    forget_classes(store)
    over(store)
    assert called(sync, event(f"tasks/lowconfidence/{'7' * 32}.json"), **BEARER) == 200


def a_day_is_reported(over):
    store = MemoryStore()
    world.release(store)
    over(store)
    made = world.commit(store, world.prediction(confidence=0.4, time=utc_now() - timedelta(days=2)))
    world.commit(store, world.prediction(time=utc_now() - timedelta(days=1), model="2" * 64))
    releases.point_to(store, "food11", "2" * 64, utc_now() - timedelta(days=1, hours=1))
    world.queue_task(store, made, keys.LOW_CONFIDENCE)
    world.write(store, keys.LOW_CONFIDENCE, "1", world.annotation(store, made, "Egg"))
    assert called(curate, **BEARER) == 200
    assert called(report, **BEARER) == 200
    store.create(keys.dataset(keys.LOW_CONFIDENCE, 0, made.id), b"it is being moved just now")
    store.delete(keys.label(keys.LOW_CONFIDENCE, made.id))
    assert called(report, method="GET", **BEARER) == 200


def workers_die_halfway(_over):
    predict, curate_event = test_killed_anywhere.predict_unsure, test_killed_anywhere.curate_event
    for function, before in ((predict, "nothing_before"), (curate_event, "annotated_before")):
        for last in range(12):
            store = test_killed_anywhere.begin(getattr(test_killed_anywhere, before))
            worker = Worker(store, function)
            for step in range(last + 1):
                if worker.alive:
                    worker.step("after" if step == last else "")
            test_killed_anywhere.end(store, function)


def a_claim_is_gone_when_it_is_read(_over):
    store = Vanishing()
    demo.upload(store, world.SettableClock())


def a_release_for_torch(_over):
    store = MemoryStore()
    swaps.publish(store, swaps.another(), format=cards.TORCH)
    with pytest.raises(NoModel):
        ActiveModel(lambda: store, wiring.classifier)()


def _same(store):
    return store


def forget_classes(store):
    for name in ("", "food11"):
        store.delete(keys.class_list(name))


def releases_are_broken(_over):
    for break_ in [*swaps.BREAKS.values(), forget_classes]:
        store = MemoryStore()
        demo.release(store)
        break_(store)
        with pytest.raises(NoModel):
            ActiveModel(partial(_same, store), wiring.classifier)()


def calls_come_under_one_key(_over):
    clock = world.SettableClock()
    store = test_killed_anywhere.begin(test_killed_anywhere.nothing_before)
    demo.upload(store, clock)
    demo.upload(store, clock)
    clock.pass_(hours=49)
    demo.upload(store, clock)


def everybody_is_killed_nowhere(_over):
    for function, before in test_killed_anywhere.CASES:
        test_killed_anywhere.end(test_killed_anywhere.begin(before), function)
    for begin in test_sync_killed.BEFORE:
        sync_backends.mended(begin())


SCENES = (
    workers_die_halfway,
    everybody_is_killed_nowhere,
    sweeps_meet_each_other,
    leases_are_taken_away,
    a_release_is_half_there,
    releases_are_broken,
    a_release_for_torch,
    calls_come_under_one_key,
    a_claim_is_gone_when_it_is_read,
    visitors_name_what_is_not_there,
    pictures_are_missing,
    minds_change,
    many_annotations_vanish_and_are_released,
    label_studio_loses_many_annotations,
    nobody_was_asked,
    an_event_tells_of_a_task,
    a_day_is_reported,
)


def test_every_right_is_used(watch, deployed):
    for scene in SCENES:
        scene(deployed)
    used = {f"{name}: {plain(grant)}" for name, grant in watch.used}
    given = {f"{name}: {plain(grant)}" for name in privileges.NAMES for grant in privileges.of(name).grants}
    assert sorted(given - used) == []


def plain(grant):
    """A right for one queue; the queues are alike."""
    queues = "|".join(sorted({*keys.QUEUES, *keys.DATASETS.values()}, key=len, reverse=True))
    return " ".join((grant.action, re.sub(queues, "QUEUE", grant.bucket), re.sub(queues, "QUEUE", grant.pattern)))
