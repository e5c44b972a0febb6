"""Lists of several names become one, and no label changes its meaning, whoever is killed when."""

import hashlib
import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest

from feedloop import class_lists, releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import ClassesDisagree, NoModel
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import evidence, human_labels
from functions.curate.curator import Curator
from functions.curate.sweep import sweep
from tests.support import older_releases, world
from tests.support.interleaving import Killed
from tests.support.killed_store import KilledStore
from tests.support.older_releases import OldStore
from tests.support.seeds import seeds
from tests.support.world import NOON, SettableClock
from training.migration.plan import make_plan
from training.migration.translation import migrate, translate

BLIND, VISITORS = keys.RANDOM_SAMPLED, keys.USER_FEEDBACK_2
LUNCH, DINNER, SNACKS = ("Bread", "Egg", "Soup", "Rice"), ("Egg", "Soup", "Bread"), ("Tea", "rice", "Bread", "Egg")
NOW = NOON + timedelta(days=2)


def old_store(lists, rng, labels):
    """Names serve in turn; the last one is to go on."""
    old = OldStore(MemoryStore(clock=SettableClock()))
    for name, classes in lists.items():
        older_releases.release(old.store, name, classes)
        for _ in range(labels // len(lists)):
            made = old.predict(rng.randrange(len(classes)))
            world.queue_task(old.store, made, BLIND)
            old.annotate(BLIND, made, rng.choice(classes))
            if rng.random() < 0.3:
                old.visit(made, rng.choice(classes))
    return old


def planned(store):
    plan = make_plan(store)
    assert plan is not None
    return plan


def run(store, *, now=NOW):
    return migrate(store, planned(store), now=now, progress=lambda things, *_: iter(things))


def check_that_all_means_what_was_said(old):
    classes = releases.agreed_class_list(old.store)
    for (queue, prediction), name in old.said.items():
        body = load(old.store.get(keys.label(queue, PredictionId.parse(prediction))).body)
        assert classes.index(name) == body["class_index"]
        assert body["materialised"]
    for queue in (BLIND, VISITORS):
        there = {(str(made), classes.name(index)) for index, made, _ in human_labels.list_pictures(old.store, queue)}
        said = {(made, classes.name(classes.index(name))) for (of, made), name in old.said.items() if of == queue}
        assert there == said
    days = evidence.fetch(
        old.store,
        [NOON.strftime("%Y%m%d")],
        human_labels.fetch(old.store, classes=len(classes.names)),
        classes=len(classes.names),
        now=NOW,
        translations=classes.translations,
    )
    observed = {one.sample_key: classes.name(one.predicted) for day in days for one in day.observations}
    assert observed == {key: classes.name(classes.index(name)) for key, name in old.predicted.items()}


NAMES = ["Bread", "Egg", "Soup", "Rice", "Tea", "egg", "BREAD", "Pâté"]


@pytest.mark.parametrize("seed", seeds(25, soak=2000))
def test_no_label_changes_its_meaning_whatever_the_lists_are(seed):
    rng = Random(seed)
    lists = {f"model {number}": rng.sample(NAMES, rng.randint(2, len(NAMES))) for number in range(rng.choice([2, 3]))}
    old = old_store(lists, rng, 12)
    if make_plan(old.store) is not None:
        run(old.store)
    check_that_all_means_what_was_said(old)


def test_five_hundred_labels_under_two_names_in_three_orders_keep_their_meaning():
    rng, old = Random(7), OldStore(MemoryStore(clock=SettableClock()))
    orders = (("lunch", 1, LUNCH), ("dinner", 1, DINNER), ("dinner", 2, (*DINNER, "Tea", "Rice")))
    for name, number, classes in orders:
        older_releases.release(old.store, name, classes, number=number)
        for _ in range(180):
            made = old.predict(rng.randrange(len(classes)))
            world.queue_task(old.store, made, BLIND)
            old.annotate(BLIND, made, rng.choice(classes))
    with pytest.raises(ClassesDisagree):
        releases.agreed_class_list(old.store)
    done = run(old.store)
    assert (done.labels, done.silent, done.unreadable) == (540, 0, 0)
    check_that_all_means_what_was_said(old)
    assert releases.class_list(old.store).names == (*DINNER, "Tea", "Rice"), "who serves keeps its indices"


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_the_same_again_ends_it(after):
    finished = False
    for left in itertools.count():
        old = old_store({"lunch": LUNCH, "dinner": DINNER}, Random(3), 6)
        killed = KilledStore(old.store, left, after=after)
        try:
            run(killed)
            finished = not killed.died
        except Killed:
            if class_lists.fetch_stored(old.store):
                assert releases.current(old.store).card.name == "dinner", "predict goes on"
        if make_plan(old.store):
            with pytest.raises(ClassesDisagree):
                releases.agreed_class_list(old.store)
            run(old.store)
        check_that_all_means_what_was_said(old)
        assert make_plan(old.store) is None
        if finished:
            break
    assert left > 10


def test_two_at_once_end_as_one():
    old = old_store({"lunch": LUNCH, "dinner": DINNER}, Random(3), 40)
    plan = planned(old.store)

    def once(_):
        return migrate(old.store, plan, now=NOW, progress=lambda things, *_: iter(things))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(once, range(2)))
    check_that_all_means_what_was_said(old)
    before = world.everything(old.store, keys.TRACKING, "labels/")
    once(None)
    assert world.everything(old.store, keys.TRACKING, "labels/") == before, "who comes late does nothing"


def test_a_dry_run_tells_the_same_and_changes_nothing():
    old = old_store({"lunch": LUNCH, "dinner": DINNER}, Random(3), 20)
    before = {bucket: world.everything(old.store, bucket, "") for bucket in keys.BUCKETS}
    plan = planned(old.store)
    told = translate(old.store, plan, now=NOW, progress=lambda things, *_: iter(things), write=False)
    assert {bucket: world.everything(old.store, bucket, "") for bucket in keys.BUCKETS} == before
    assert told == run(old.store)
    assert told.votes.total() > told.moved > 0 or told.votes


def test_lists_that_agree_only_get_written():
    old = old_store({"lunch": ("Bread", "Egg", "Soup"), "dinner": ("Bread", "Egg")}, Random(3), 6)
    assert planned(old.store).agreed
    run(old.store)
    assert releases.agreed_class_list(old.store).names == ("Bread", "Egg", "Soup")
    check_that_all_means_what_was_said(old)


def test_an_answer_that_nobody_understood_then_is_not_lost():
    """Under other classes it was set aside; the sweep after the migration reads it once more."""
    old = OldStore(MemoryStore(clock=SettableClock()))
    older_releases.release(old.store, "lunch", LUNCH)
    older_releases.release(old.store, "dinner", DINNER)
    made = old.predict(0)
    world.queue_task(old.store, made, BLIND)
    world.write(old.store, BLIND, "1", world.annotation(old.store, made, "Rice"))
    note = keys.quarantined(BLIND, "1", old.store.head(keys.output(BLIND, "1")).etag)
    old.store.create(note._replace(key=note.key.replace("-r3", "-r2")), b"{}")
    run(old.store)
    sweep(Curator(old.store, releases.agreed_class_list(old.store), SettableClock()), patience=timedelta(minutes=15))
    old.said[BLIND, str(made.id)] = "Rice"
    check_that_all_means_what_was_said(old)


def test_an_answer_without_its_annotation_is_counted_and_stays():
    old = old_store({"lunch": LUNCH, "dinner": DINNER}, Random(3), 2)
    for bucket, folder in ((keys.TRACKING, "curated/"), (keys.LABELSTUDIO, "output/")):
        for key in world.everything(old.store, bucket, folder):
            old.store.delete(keys.ObjectRef(bucket, key))
    assert run(old.store).silent == len(old.said)


def test_a_picture_that_production_has_deleted_moves_all_the_same():
    old = old_store({"lunch": LUNCH, "dinner": DINNER}, Random(3), 6)
    run_of = {str(made): old.store.get(keys.production(made)).body for made in map(PredictionId.parse, made_ids(old))}
    for made in made_ids(old):
        old.store.delete(keys.production(PredictionId.parse(made)))
    run(old.store)
    classes = releases.agreed_class_list(old.store)
    for (queue, made), name in old.said.items():
        ref = keys.dataset(queue, classes.index(name), PredictionId.parse(made))
        assert old.store.get(ref).body == run_of[made]


def made_ids(old):
    return sorted({made for _, made in old.said})


def test_an_older_release_of_another_name_serves_again_by_what_it_means():
    old = old_store({"lunch": LUNCH, "dinner": DINNER}, Random(3), 2)
    lunch = hashlib.sha256(b"lunch 1").hexdigest()
    run(old.store)
    with pytest.raises(NoModel, match="release it again"):
        releases.fetch_release(old.store, "lunch", lunch)
    card = load(old.store.get(keys.model_file("lunch", lunch, releases.CARD_FILE)).body)
    again = releases.publish(old.store, b"lunch 1", card, now=NOW)
    release = releases.current(old.store)
    assert again.id != lunch
    assert [release.classes.name(index) for index in release.indices] == ["Bread", "Egg", "Soup", "Rice"]


def test_a_file_that_two_names_released_is_told_and_counts_as_the_one_that_predicted():
    old = OldStore(MemoryStore(clock=SettableClock()))
    older_releases.release(old.store, "lunch", LUNCH)
    sha256 = older_releases.release(old.store, "dinner", DINNER)
    card = {"v": 1, "name": "lunch", "sha256": sha256, "classes": [*LUNCH]}
    old.store.create(keys.model_file("lunch", sha256, releases.CARD_FILE), dump(card))
    releases.point_to(old.store, "lunch", sha256, NOON)
    made = [old.predict(index) for index in (0, 1, 1)]
    plan = planned(old.store)
    assert "count as lunch's, 0 of 3" in plan.warnings[0]
    assert Counter(one.id.class_index for one in made) == {0: 1, 1: 2}
