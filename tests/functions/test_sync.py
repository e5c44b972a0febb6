"""Tasks reach Label Studio once, and annotations made there reach the store."""

from datetime import timedelta

import pytest

from feedloop import releases, withdrawals
from feedloop.domain import keys
from feedloop.domain.clock import iso
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import AnnotationToolDown, AnnotationToolMisconfigured, BadRequest, StoreDown
from feedloop.domain.keys import ObjectRef
from feedloop.domain.review import COMMON_MODEL_VERSION, TITLES, informed_task
from functions.curate.approval import approve
from functions.curate.curator import Curator
from functions.curate.sweep import sweep as curate
from functions.sync.sweep import sweep
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.refusing import Refusing
from tests.support.world import commit, everything, prediction, queue_task, result, write

QUEUE = keys.LOW_CONFIDENCE


@pytest.fixture
def tool(store, clock):
    return MemoryAnnotationTool(store, clock=clock)


@pytest.fixture
def sync(store, tool):
    return lambda **how: sweep(store, tool, **how)


@pytest.fixture
def queued(store):
    """Queue that many tasks; their sample keys."""
    return lambda count=1, queue=QUEUE: [queue_task(store, commit(store, prediction()), queue) for _ in range(count)]


@pytest.fixture
def annotated(sync, tool, queued):
    """Tasks that are imported, the first so many of them answered while the store was there, or away."""

    def annotated(count, choice="Egg", *, away=False):
        queued(count)
        sync()
        tool.store_is_away = away
        new = [task.id for task in tool.tasks.values() if not task.answers][-count:]
        ids = [tool.annotate(task, choice) for task in new]
        tool.store_is_away = False
        return ids

    return annotated


@pytest.fixture
def compared(tool, monkeypatch):
    """The annotations that the tool was asked for."""
    seen, annotations = [], tool.annotations
    monkeypatch.setattr(tool, "annotations", lambda *of, **how: noted(annotations(*of, **how), seen))
    return seen


def noted(things, seen):
    for thing in things:
        seen.append(thing)
        yield thing


def counts(answer, queue=QUEUE):
    return {name: number for name, number in answer["projects"][queue].items() if number}


def files(store, queue=QUEUE):
    return {int(key.rpartition("/")[2]): load(body) for key, body in written(store, queue).items()}


def written(store, queue=QUEUE):
    return everything(store, keys.LABELSTUDIO, keys.outputs(queue).key)


def quarantine(store):
    folder = keys.versions(keys.QUARANTINED, keys.refused_tasks(QUEUE)).key
    return [load(body)["reason"] for body in everything(store, keys.TRACKING, folder).values()]


def project_of(tool):
    return next(project for project in tool.projects() if project.title == TITLES[QUEUE])


def put_task(store, random, body):
    ref = keys.task(QUEUE, random)
    store.delete(ref)
    store.create(ref, body)


@pytest.mark.parametrize("queue", keys.REVIEW_QUEUES)
def test_a_new_task_appears_in_its_project(sync, tool, queued, queue):
    randoms = queued(3, queue)
    assert counts(sync(), queue) == {"new": 3}
    assert tool.shown(queue) == sorted(randoms)


def test_a_second_run_imports_nothing(sync, tool, queued):
    randoms = queued(3)
    sync()
    assert counts(sync()) == {"known": 3}
    assert tool.shown(QUEUE) == sorted(randoms)


def test_more_than_a_batch_is_imported_whole(sync, tool, queued):
    randoms = queued(600)
    assert counts(sync()) == {"new": 600}
    assert tool.shown(QUEUE) == sorted(randoms)


def test_a_blind_task_goes_to_annotators_as_it_is(sync, tool, queued, store):
    (random,) = queued(1, keys.RANDOM_SAMPLED)
    sync()
    (task,) = tool.tasks.values()
    url = store.url(keys.image(random))
    assert task.task == {"data": {"v": 1, "image": url, "source": "random_sample"}, "predictions": []}


def test_an_informed_task_is_shown_as_its_project_shows_it(sync, tool, queued):
    queued()
    sync()
    (task,) = tool.tasks.values()
    assert [shown["model_version"] for shown in task.task["predictions"]] == [COMMON_MODEL_VERSION]
    assert task.task["data"]["model_version"] == "food11-9f2c11aa"


def test_a_task_deleted_by_an_annotator_does_not_come_back(sync, tool, queued):
    queued()
    sync()
    tool.tasks.clear()
    assert counts(sync()) == {"known": 1}
    assert tool.tasks == {}


def informed(store, random, **changes):
    task = load(store.get(keys.task(QUEUE, random)).body)
    return dump({**task, **changes})


def with_data(store, random, **changes):
    data = load(store.get(keys.task(QUEUE, random)).body)["data"]
    return informed(store, random, data={**data, **changes})


BAD = {
    "cut off": lambda store, random: store.get(keys.task(QUEUE, random)).body[:-5],
    "empty": lambda store, random: b"",
    "a number": lambda store, random: b"42",
    "no data": lambda store, random: b'{"predictions": []}',
    "another version": lambda store, random: with_data(store, random, v=2),
    "a column too many": lambda store, random: with_data(store, random, note="x"),
    "another's picture": lambda store, random: with_data(store, random, image=store.url(keys.image("0" * 32))),
    "a picture of the web": lambda store, random: with_data(store, random, image="https://example.org/x.jpg"),
    "no number": lambda store, random: with_data(store, random, confidence="high"),
    "not a share": lambda store, random: with_data(store, random, confidence=float("nan")),
    "a NUL": lambda store, random: with_data(store, random, ml_prediction="Egg\0"),
    "half a character": lambda store, random: with_data(store, random, ml_prediction="\ud800").replace(b"?", b"?"),
    "annotations": lambda store, random: informed(store, random, annotations=[]),
    "a strange guess": lambda store, random: informed(store, random, predictions=[{"result": "Egg"}]),
    "far too long": lambda store, random: with_data(store, random, ml_prediction="x" * 200_000),
}
BAD["half a character"] = lambda store, random: b'{"data": "\\ud800", "predictions": []}'


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_file_is_set_aside_and_keeps_nobody_waiting(sync, tool, queued, store, bad):
    randoms = queued(3)
    put_task(store, randoms[1], bad(store, randoms[1]))
    assert counts(sync()) == {"new": 2, "failed": 1}
    assert tool.shown(QUEUE) == [randoms[0], randoms[2]]
    assert len(quarantine(store)) == 1


@pytest.mark.parametrize("part", ["data", "predictions"])
def test_a_blind_task_that_shows_anything_is_set_aside(sync, tool, store, part):
    made = commit(store, prediction())
    queue_task(store, made, keys.RANDOM_SAMPLED)
    ref = keys.task(keys.RANDOM_SAMPLED, made.id.sample_key)
    blind = load(store.get(ref).body)
    store.delete(ref)
    store.create(ref, dump({**blind, part: informed_task(made, QUEUE, blind["data"]["image"])[part]}))
    assert counts(sync(), keys.RANDOM_SAMPLED) == {"failed": 1}
    assert tool.tasks == {}


def test_a_task_without_its_picture_is_set_aside(sync, tool, queued, store):
    (random,) = queued()
    store.delete(keys.image(random))
    assert counts(sync()) == {"failed": 1}
    assert quarantine(store) == ["its picture is not in the store"]


@pytest.mark.parametrize("name", ["notes.txt", "deep/er.json", "", "ü.json"])
def test_a_file_that_is_no_task_by_its_name_is_set_aside(sync, queued, store, name):
    queued()
    store.create(ObjectRef(keys.LABELSTUDIO, keys.tasks(QUEUE).key + (name or "x.json")), b"{}")
    assert counts(sync()) == {"new": 1, "failed": 1}
    assert counts(sync()) == {"known": 1, "failed": 1}


def test_a_bad_file_is_not_read_again(sync, queued, store, monkeypatch):
    (random,) = queued()
    put_task(store, random, b"{")
    sync()
    read, get = [], store.get
    monkeypatch.setattr(store, "get", lambda ref, **how: get(*noted([ref], read), **how))
    sync()
    assert keys.task(QUEUE, random) not in read


def test_a_bad_file_is_tried_again_when_it_changes(sync, tool, queued, store):
    (random,) = queued()
    good = store.get(keys.task(QUEUE, random)).body
    put_task(store, random, b"{")
    assert [counts(sync()), counts(sync())] == [{"failed": 1}, {"failed": 1}]
    put_task(store, random, good)
    assert counts(sync()) == {"new": 1}
    assert tool.shown(QUEUE) == [random]


def test_a_task_that_label_studio_refuses_keeps_nobody_waiting(sync, tool, queued, store, clock):
    randoms = queued(9)
    tool.refuses = {store.url(keys.image(randoms[4]))}
    assert counts(sync()) == {"new": 8, "failed": 1}
    assert len(quarantine(store)) == 1
    clock.pass_(minutes=6)
    assert counts(sync()) == {"known": 8, "failed": 1}


def test_a_refused_file_that_is_mended_is_imported(sync, tool, queued, store, clock):
    randoms = queued(2)
    tool.refuses = {store.url(keys.image(randoms[0]))}
    sync()
    tool.refuses = set()
    put_task(store, randoms[0], with_data(store, randoms[0], ml_prediction="Meat"))
    clock.pass_(minutes=6)
    assert counts(sync()) == {"known": 1, "new": 1}


def test_when_label_studio_refuses_every_task_none_is_to_blame(sync, tool, queued, store, clock):
    randoms = queued(4)
    tool.refuses = {store.url(keys.image(random)) for random in randoms}
    assert counts(sync()) == {"failed": 4}
    tool.refuses = set()
    clock.pass_(minutes=6)
    assert counts(sync()) == {"new": 4}
    assert quarantine(store) == []


def test_nothing_is_claimed_while_label_studio_is_away(sync, tool, queued, store):
    queued(3)
    tool.down = True
    with pytest.raises(AnnotationToolDown):
        sync()
    assert everything(store, keys.TRACKING, "imported/") == {}
    tool.down = False
    assert counts(sync()) == {"new": 3}


def test_a_missing_project_keeps_the_others_not_waiting(sync, tool, queued):
    queued()
    tool.close(TITLES[keys.RANDOM_SAMPLED])
    with pytest.raises(
        AnnotationToolMisconfigured, match="Random Sampling Review is missing: run `feedloop labelling setup`"
    ):
        sync()
    assert len(tool.shown(QUEUE)) == 1


def test_annotations_that_reached_the_store_are_left_alone(sync, annotated, store):
    annotated(3)
    before = written(store)
    assert counts(sync(thorough=True)) == {"known": 3}
    assert written(store) == before


def test_an_annotation_that_could_not_be_written_is_written(sync, annotated, store):
    ids = annotated(3, away=True)
    assert counts(sync(thorough=True)) == {"known": 3, "repaired": 3}
    assert sorted(files(store)) == ids


def test_to_find_what_was_not_written_not_everything_is_compared(sync, annotated, tool, clock, compared):
    *_, again = annotated(3)
    for _ in range(2):
        clock.pass_(hours=1)
        sync()
    clock.pass_(hours=1)
    tool.store_is_away = True
    tool.annotate(3, "Meat")
    del compared[:]
    sync()
    assert [answer.id for answer in compared] == [again, again + 1]


def test_a_skip_that_could_not_be_written_is_written(sync, annotated, store):
    (annotation,) = annotated(1, None, away=True)
    sync(thorough=True)
    assert files(store)[annotation]["was_cancelled"] is True


def test_only_what_is_wrong_is_written(sync, annotated, store):
    annotated(3)
    before = written(store)
    annotated(1, away=True)
    assert counts(sync(thorough=True))["repaired"] == 1
    assert before.items() < written(store).items()


def test_a_change_that_could_not_be_written_is_written(sync, annotated, tool, store, clock):
    (annotation,) = annotated(1)
    clock.pass_(minutes=1)
    tool.store_is_away = True
    tool.change(annotation, "Meat")
    assert counts(sync(thorough=True))["repaired"] == 1
    assert files(store)[annotation]["result"][0]["value"] == {"choices": ["Meat"]}


def test_what_was_still_being_saved_at_the_last_run_is_written(sync, annotated, tool, store, clock):
    """Label Studio's time of a change is that of its begin; the change is seen when it ends."""
    (changed,) = annotated(1)
    clock.pass_(minutes=10)
    begun = clock()
    clock.pass_(seconds=110)
    sync()
    clock.time, tool.store_is_away = begun, True
    tool.change(changed, "Bread")
    clock.pass_(minutes=10)
    sync()
    assert files(store)[changed]["result"] == result("Bread")


def test_an_annotation_that_appears_after_a_younger_one_is_written_without_comparing_all(
    sync, annotated, tool, queued, *, store, clock, compared
):
    """Ids are given when saving begins: one that takes longer appears behind a higher one."""
    annotated(20)
    queued(2)
    sync()
    clock.pass_(minutes=10)
    tool.store_is_away = True
    slow, fast = (tool.annotate(task.id, "Egg") for task in list(tool.tasks.values()) if not task.answers)
    tool.store_is_away = False
    (held,) = [task for task in tool.tasks.values() if slow in task.answers]
    answer = held.answers.pop(slow)
    clock.pass_(seconds=60)
    sync(thorough=True)
    assert (fast in files(store), slow in files(store)) == (True, False)
    held.answers[slow] = answer
    compared.clear()
    clock.pass_(seconds=30)
    sync(thorough=True)
    assert slow in files(store)
    assert len(compared) <= 2


def test_a_version_that_is_replaced_is_kept(sync, annotated, tool, store, clock):
    (annotation,) = annotated(1)
    (body,) = written(store).values()
    clock.pass_(minutes=1)
    tool.store_is_away = True
    tool.change(annotation, "Meat")
    sync(thorough=True)
    assert list(everything(store, keys.TRACKING, "removed/").values()) == [body]


def test_a_file_newer_than_what_we_saw_stays(sync, annotated, tool, store, clock):
    (annotation,) = annotated(1)
    newer = dump({**files(store)[annotation], "updated_at": "2027-01-01T00:00:00Z"})
    write(store, QUEUE, str(annotation), newer)
    sync(thorough=True)
    assert list(written(store).values()) == [newer]


def test_what_was_compared_a_moment_ago_waits(sync, annotated, clock):
    sync()
    annotated(1, away=True)
    assert counts(sync()) == {"known": 1}
    clock.pass_(minutes=6)
    assert counts(sync()) == {"known": 1, "repaired": 1}


def test_old_annotations_are_not_asked_for_again(sync, annotated, clock, compared):
    annotated(300)
    clock.pass_(hours=1)
    sync()
    clock.pass_(hours=1)
    del compared[:]
    sync()
    assert compared == []


def test_an_annotation_deleted_after_we_wrote_its_file_goes(sync, annotated, tool, store, clock):
    first, second = annotated(2, away=True)
    sync(thorough=True)
    tool.delete_annotation(first)
    clock.pass_(hours=1)
    assert counts(sync()) == {"known": 2, "removed": 1}
    assert list(files(store)) == [second]


def test_a_file_that_is_removed_is_kept_where_nobody_counts_it(sync, annotated, tool, store):
    (annotation,) = annotated(1, away=True)
    sync(thorough=True)
    (body,) = written(store).values()
    tool.delete_annotation(annotation)
    sync(thorough=True)
    assert list(everything(store, keys.TRACKING, "removed/").values()) == [body]


def test_many_deletions_at_once_remove_nothing(sync, annotated, tool, store):
    ids = annotated(11, away=True)
    sync(thorough=True)
    for annotation in ids:
        tool.delete_annotation(annotation)
    for _ in range(2):
        (told,) = sync(thorough=True)["stopped"]
        assert told.startswith("lowconfidence: 11 of 11 annotations are gone")
    assert sorted(files(store)) == ids


def test_many_deletions_that_an_operator_releases_are_removed_and_withdrawn(sync, annotated, tool, store, clock):
    curator = Curator(store, releases.class_list(store), clock)
    ids = annotated(11, away=True)
    sync(thorough=True)
    assert curate(curator, patience=timedelta(0)).counts["curated"] == 11
    for annotation in ids:
        tool.delete_annotation(annotation)
    assert sync(thorough=True)["stopped"]
    with pytest.raises(BadRequest, match="11 annotations"):
        approve(store, {"release": QUEUE, "count": "10"})
    approve(store, {"release": QUEUE, "count": "11"})
    assert counts(sync(thorough=True))["removed"] == 11
    assert (
        curate(curator, patience=timedelta(0)).counts["withdrawn"],
        withdrawals.fetch_guard(store, QUEUE).spared,
    ) == (
        11,
        None,
    )


def test_what_is_back_waits_for_no_operator(sync, annotated, tool, store):
    ids = annotated(11, away=True)
    sync(thorough=True)
    task = {annotation: tool._task_of(annotation) for annotation in ids}
    answers = {annotation: task[annotation].answers[annotation] for annotation in ids}
    for annotation in ids:
        tool.delete_annotation(annotation)
    sync(thorough=True)
    spared = withdrawals.fetch_guard(store, QUEUE).spared
    assert (spared and spared.vanished) == 11
    for annotation in ids:
        task[annotation].answers[annotation] = answers[annotation]
    assert "stopped" not in sync(thorough=True)
    assert withdrawals.fetch_guard(store, QUEUE).spared is None


def test_five_per_cent_of_many_may_be_deleted_at_once(sync, annotated, tool, store):
    ids = annotated(240, away=True)
    sync(thorough=True)
    for annotation in ids[:12]:
        tool.delete_annotation(annotation)
    assert counts(sync(thorough=True))["removed"] == 12


def test_a_label_studio_that_begins_anew_takes_no_answer_away(sync, annotated, tool, store, clock):
    annotated(3)
    before = written(store)
    clock.pass_(hours=2)
    tool.close(TITLES[QUEUE])
    tool.open(TITLES[QUEUE])
    answer = sync(thorough=True)
    assert counts(answer) == {"known": 3}
    assert answer["stopped"] == ["lowconfidence: 3 tasks were imported into a project that is gone, and stay away."]
    assert written(store) == before


def test_new_tasks_reach_a_label_studio_that_began_anew(sync, annotated, tool, queued, clock):
    annotated(1)
    clock.pass_(hours=2)
    tool.close(TITLES[QUEUE])
    tool.open(TITLES[QUEUE])
    randoms = queued()
    assert counts(sync())["new"] == 1
    assert tool.shown(QUEUE) == randoms


def test_files_that_are_no_annotations_of_label_studio_stay(sync, annotated, store):
    write(store, QUEUE, "notes", b"x")
    write(store, QUEUE, "99", b"x")
    annotated(1)
    assert counts(sync(thorough=True)) == {"known": 1}
    assert len(written(store)) == 3


ODD_FILES = {
    "before the year 1": b'{"project":%d,"created_at":"0001-01-01T00:00+14:00","updated_at":"0001-01-01T00:00+14:00"}',
    "after 9999": b'{"project":%d,"created_at":"9999-12-31T23:59:59-14:00","updated_at":"9999-12-31T23:59:59-14:00"}',
    "a number for a time": b'{"project":%d,"created_at":5,"updated_at":[]}',
    "half a character": b'{"project":"\\ud800","created_at":"\\ud800"}',
    "a list": b"[]",
    "nothing": b"",
    "20 MB": b"\xff" * 20_000_000,
}


@pytest.mark.parametrize("body", ODD_FILES.values(), ids=ODD_FILES)
def test_an_odd_file_keeps_nothing_from_being_repaired(sync, annotated, tool, store, body):
    odd, first, second = annotated(3)
    project = project_of(tool).id
    write(store, QUEUE, "99", body.replace(b"%d", b"%d" % project))
    write(store, QUEUE, str(odd), body.replace(b"%d", b"%d" % project))
    store.delete(keys.output(QUEUE, str(first)))
    tool.store_is_away = True
    tool.delete_annotation(second)
    told = sync(thorough=True)
    assert {"failed", "stopped"}.isdisjoint(counts(told))
    assert keys.output(QUEUE, str(first)).key in written(store)
    assert keys.output(QUEUE, str(second)).key not in written(store)
    assert keys.output(QUEUE, "99").key in written(store)


@pytest.mark.parametrize("name", ["\n", "7\n", "٣", "007", "9" * 19, "9" * 240, "1/2", "-1", "1.0"])
def test_a_file_of_a_name_that_label_studio_does_not_give_is_no_annotation(sync, annotated, store, name):
    write(store, QUEUE, name, b"x")
    annotated(1)
    assert counts(sync(thorough=True)) == {"known": 1}
    assert len(written(store)) == 2


@pytest.mark.parametrize("error", [StoreDown("no answer"), MemoryError(), UnicodeError()], ids=repr)
@pytest.mark.parametrize("verb", ["get", "create", "replace"])
def test_what_goes_wrong_with_one_annotation_is_left_and_comes_again(sync, annotated, tool, store, verb, error):
    bad, good = annotated(2)
    for annotation in (bad, good):
        ref = keys.output(QUEUE, str(annotation))
        if verb == "create":
            store.delete(ref)
        else:
            write(store, QUEUE, str(annotation), b'{"updated_at":"2020-01-01T00:00:00Z"}')
    failing = Refusing(store, verb, keys.output(QUEUE, str(bad)).key, error)
    told = sweep(failing, tool, thorough=True)
    assert {**counts(told), "known": 0} == {"known": 0, "repaired": 1, "failed": 1}
    assert counts(sync(thorough=True))["repaired"] == 1


def test_what_goes_wrong_with_one_task_keeps_no_other_one_waiting(sync, tool, queued, store):
    bad, good = queued(2)
    told = sweep(Refusing(store, "get", bad, StoreDown("no answer")), tool)
    assert (counts(told), tool.shown(QUEUE)) == ({"new": 1, "failed": 1}, [good])
    assert counts(sync()) == {"new": 1, "known": 1}


def test_an_error_in_one_queue_comes_after_the_others_turn(tool, queued, store):
    queued(1, keys.RANDOM_SAMPLED)
    queued(1, keys.USER_FEEDBACK)
    with pytest.raises(StoreDown):
        sweep(Refusing(store, "list", f"imported/{keys.RANDOM_SAMPLED}/", StoreDown("no answer")), tool)
    assert (len(tool.shown(keys.RANDOM_SAMPLED)), len(tool.shown(keys.USER_FEEDBACK))) == (0, 1)


@pytest.mark.parametrize(
    "damage",
    [
        b"{}",
        b"\xff" * 100_000,
        b'{"project":"%s","since":"0001-01-01T00:00:00+14:00","after":0,"strays":0}',
        b'{"project":"%s","since":"0001-01-01T00:00:00Z","after":0,"strays":0}',
        b'{"project":"%s","since":"9999-12-31T23:59:59Z","after":0,"strays":0}',
        b'{"project":"%s","since":"2026-11-22T12:00:00Z","after":1e400,"strays":0}',
        b'{"project":"%s","since":5,"after":null,"strays":[]}',
    ],
    ids=range(7),
)
def test_a_damaged_mark_begins_anew(sync, annotated, tool, store, damage):
    project = project_of(tool)
    store.create(keys.repaired(QUEUE), damage.replace(b"%s", f"{project.id} of {iso(project.created)}".encode()))
    annotated(1, away=True)
    assert counts(sync(thorough=True))["repaired"] == 1


def test_a_mark_lets_repairs_rest_for_minutes_only(sync, store, clock):
    sync()
    before = store.head(keys.repaired(QUEUE)).modified
    clock.pass_(minutes=6)
    sync()
    assert store.head(keys.repaired(QUEUE)).modified - before == timedelta(minutes=6)


def test_a_task_older_than_its_classs_name_is_shown_with_todays(store, sync, tool, queued):
    queued()
    ref = keys.class_list()
    renamed = releases.class_list(store).renamed("Dairy product", "Milk & co")
    store.replace(ref, dump(renamed.to_document()), etag=store.get(ref).etag)
    assert counts(sync()) == {"new": 1}
    (task,) = tool.tasks.values()
    (guess,) = task.task["predictions"]
    assert guess["result"][0]["value"] == {"choices": ["Milk & co"]}


def test_without_a_class_list_tasks_are_shown_as_they_are(store, sync, tool, queued):
    queued()
    for name in ("", "food11"):
        store.delete(keys.class_list(name))
    assert counts(sync()) == {"new": 1}
    (task,) = tool.tasks.values()
    assert task.task["predictions"][0]["result"][0]["value"] == {"choices": ["Dairy product"]}


def test_a_task_that_cannot_be_told_is_named_and_keeps_no_other_one_waiting(store, sync, tool, annotated):
    good, bad = annotated(2, away=True)
    (failing,) = (task.id for task in tool.tasks.values() if bad in task.answers)
    tool.unreadable = {failing}
    told = sync(thorough=True)
    assert counts(told) == {"known": 2, "repaired": 1, "unreadable": 1}
    assert files(store).keys() == {good}
    assert told["stopped"] == [
        f"{QUEUE}: Label Studio fails to tell about 1 tasks ({failing}); the others were compared."
    ]


def test_a_task_that_cannot_be_told_loses_no_file(store, sync, tool, annotated):
    annotations = annotated(2)
    tool.unreadable = {task.id for task in tool.tasks.values()}
    write(store, QUEUE, "999", dump({"id": 999}))
    sync(thorough=True)
    assert files(store).keys() == {*annotations, 999}
