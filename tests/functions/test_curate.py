"""What an annotation does to the datasets, one worker at a time."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import md5
from itertools import product

import pytest

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import Malformed, MetadataTooLarge, StoreDown
from feedloop.sweeps import MOST_DOWN
from functions.curate.curator import MOST_VOTES, Curator
from functions.curate.sweep import handle_event, sweep, to_document
from tests.support import world
from tests.support.counting import Counted
from tests.support.refusing import Refusing
from tests.support.world import NOON, annotation, commit, outcomes, pictures, prediction, write

QUEUE = keys.LOW_CONFIDENCE
PATIENCE = timedelta(minutes=15)


@pytest.fixture
def curator(store, clock):
    return Curator(store, releases.class_list(store), clock)


def swept(curator):
    return to_document(sweep(curator, patience=PATIENCE))


def label(store, made, queue=QUEUE):
    return load(store.get(keys.label(queue, made.id)).body)


def test_a_picture_lands_in_the_class_that_a_person_gave(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    assert swept(curator)["curated"] == 1
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]


def test_the_dataset_picture_keeps_bytes_and_record(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    found = store.get(keys.dataset(QUEUE, 3, made.id))
    assert (found.body, dict(found.metadata)) == (b"jpeg", made.to_metadata())


@pytest.mark.parametrize("queue", keys.QUEUES)
def test_every_queue_has_its_own_dataset(curator, store, queue):
    made = commit(store, prediction(1))
    write(store, queue, "7", annotation(store, made, "Egg"))
    swept(curator)
    assert {q: len(pictures(store, q)) for q in keys.QUEUES} == {q: int(q == queue) for q in keys.QUEUES}


def test_the_label_of_record_keeps_who_when_and_how(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "12", annotation(store, made, "Egg"))
    swept(curator)
    vote = label(store, made)["votes"]["12"]
    assert (vote["annotator"], vote["class_index"], vote["lead_time"], vote["origin"]) == ("3", 3, 3.2, "manual")


def test_the_ledger_archives_the_raw_annotation(curator, store):
    made = commit(store, prediction(1))
    body = annotation(store, made, "Egg")
    write(store, QUEUE, "12", body)
    swept(curator)
    assert list(world.everything(store, keys.TRACKING, "curated/").values()) == [body]


def test_an_update_moves_the_picture(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    write(store, QUEUE, "1", annotation(store, made, "Meat", at=NOON + timedelta(minutes=1)))
    assert swept(curator)["moved"] == 1
    assert pictures(store, QUEUE) == [f"class_05/{made.id}.jpg"]


def test_a_changed_mind_keeps_its_history(curator, store):
    made = commit(store, prediction(1))
    for minute, choice in enumerate(["Egg", "Meat", "Egg"]):
        write(store, QUEUE, "1", annotation(store, made, choice, at=NOON + timedelta(minutes=minute)))
        swept(curator)
    assert [entry["class_index"] for entry in label(store, made)["history"]] == [3, 5, 3]


def test_an_older_version_that_arrives_late_changes_nothing(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg", at=NOON + timedelta(minutes=1)))
    swept(curator)
    write(store, QUEUE, "1", annotation(store, made, "Meat"))
    swept(curator)
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]


def test_a_rewritten_file_of_the_same_answer_only_adds_a_ledger_entry(curator, store):
    made = commit(store, prediction(1))
    for age in ("0 minutes", "3 hours"):
        write(store, QUEUE, "1", annotation(store, made, "Egg", created_ago=age))
        before = swept(curator)
    assert before["unchanged"] == 1
    assert len(world.everything(store, keys.TRACKING, "curated/")) == 2


@pytest.mark.parametrize(("choice", "kind"), [(None, "skipped"), ("None of these", "other"), ("Can't tell", "unclear")])
def test_an_answer_without_a_class_counts_as_outcome(curator, store, choice, kind):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, choice))
    assert swept(curator)[kind] == 1
    assert (pictures(store, QUEUE), outcomes(store, QUEUE)) == ([], [f"{kind}/{made.id}"])


def test_an_outcome_gives_way_to_a_class(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, None))
    swept(curator)
    write(store, QUEUE, "1", annotation(store, made, "Egg", at=NOON + timedelta(minutes=1)))
    swept(curator)
    assert (pictures(store, QUEUE), outcomes(store, QUEUE)) == ([f"class_03/{made.id}.jpg"], [])


def test_two_annotators_who_disagree_keep_the_picture_out(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg", by=3))
    swept(curator)
    write(store, QUEUE, "2", annotation(store, made, "Meat", by=4))
    assert swept(curator)["disputed"] == 1
    assert (pictures(store, QUEUE), outcomes(store, QUEUE)) == ([], [f"disputed/{made.id}"])


def test_a_third_annotator_settles_a_dispute(curator, store):
    made = commit(store, prediction(1))
    for name, by, choice in (("1", 3, "Egg"), ("2", 4, "Meat"), ("3", 5, "Meat")):
        write(store, QUEUE, name, annotation(store, made, choice, by=by))
    swept(curator)
    assert (pictures(store, QUEUE), outcomes(store, QUEUE)) == ([f"class_05/{made.id}.jpg"], [])


def test_a_deleted_annotation_withdraws_the_picture(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    store.delete(keys.output(QUEUE, "1"))
    assert swept(curator)["withdrawn"] == 1
    assert (pictures(store, QUEUE), outcomes(store, QUEUE)) == ([], [])


def test_a_withdrawn_vote_stays_on_record(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    store.delete(keys.output(QUEUE, "1"))
    swept(curator)
    found = label(store, made)
    assert (found["outcome"], found["votes"]["1"]["outcome"], len(found["history"])) == ("withdrawn", "withdrawn", 2)


def test_an_annotation_that_comes_back_counts_again(curator, store):
    made = commit(store, prediction(1))
    body = annotation(store, made, "Egg")
    write(store, QUEUE, "1", body)
    swept(curator)
    store.delete(keys.output(QUEUE, "1"))
    swept(curator)
    write(store, QUEUE, "1", body)
    swept(curator)
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg"]


def test_a_sweep_with_nothing_new_does_nothing(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    assert not any(swept(curator).values())


def test_a_sweep_with_nothing_new_only_lists(curator, store):
    for queue, number in product(keys.QUEUES, range(80)):
        write(store, queue, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    write(store, QUEUE, "unreadable", b"{")
    swept(curator)
    store.delete(keys.output(QUEUE, "7"))
    swept(curator)
    counted = Counted(store)
    assert not any(swept(replace(curator, store=counted)).values())
    assert counted.calls == {"list": 4 * len(keys.QUEUES) + 1}


MALFORMED = [
    b"",
    b"{",
    b"42",
    b"{}",
    b'{"result": [], "completed_by": 1, "updated_at": "2026-11-22T12:00:00Z", "task": {"data": {"image": "s3://x"}}}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("body", MALFORMED)
def test_a_malformed_file_is_set_aside_with_its_reason(curator, store, body):
    write(store, QUEUE, "1", body)
    assert swept(curator)["quarantined"] == 1
    (entry,) = world.everything(store, keys.TRACKING, f"quarantine/{QUEUE}/").values()
    assert json.loads(entry)["reason"]


def test_a_malformed_file_stays_where_it_is_and_is_not_looked_at_again(curator, store):
    write(store, QUEUE, "1", b"{")
    swept(curator)
    assert store.get(keys.output(QUEUE, "1")).body == b"{"
    assert not any(swept(curator).values())


def test_a_malformed_file_does_not_stop_the_others(curator, store):
    many = [commit(store, prediction(1)) for _ in range(5)]
    write(store, QUEUE, "0", b"{")
    for number, made in enumerate(many, start=1):
        write(store, QUEUE, str(number), annotation(store, made, "Egg"))
    counts = swept(curator)
    assert (counts["curated"], counts["quarantined"]) == (5, 1)


@pytest.mark.parametrize("name", ["stray.json", "a-b", "10-5", "ä"])
def test_a_stray_file_is_set_aside_under_its_name(curator, store, name):
    write(store, QUEUE, name, b"{")
    assert swept(curator)["quarantined"] == 1
    assert not any(swept(curator).values())


def test_a_class_outside_the_set_is_set_aside(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Pizza"))
    assert swept(curator)["quarantined"] == 1
    (entry,) = world.everything(store, keys.TRACKING, f"quarantine/{QUEUE}/").values()
    assert "Pizza" in json.loads(entry)["reason"]


def test_two_choices_in_one_answer_are_set_aside(curator, store):
    made = commit(store, prediction(1))
    body = annotation(store, made, "Egg").replace(b'["Egg"]', b'["Egg","Meat"]')
    write(store, QUEUE, "1", body)
    assert swept(curator)["quarantined"] == 1


def test_a_picture_of_somebody_else_is_set_aside(curator, store):
    made = commit(store, prediction(1), shown=False)
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    assert swept(curator)["quarantined"] == 1


def test_a_task_never_committed_waits_and_is_then_uncommitted(curator, store, clock):
    made = prediction(1)
    store.create(keys.image(made.id.sample_key), b"jpeg", metadata=made.to_metadata())
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    assert swept(curator)["waiting"] == 1
    clock.pass_(hours=25)
    assert swept(curator)["uncommitted"] == 1
    assert (pictures(store, QUEUE), outcomes(store, QUEUE)) == ([], [f"uncommitted/{made.id}"])


def test_a_task_committed_late_is_curated(curator, store):
    made = prediction(1)
    store.create(keys.image(made.id.sample_key), b"jpeg", metadata=made.to_metadata())
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    commit(store, made, shown=False)
    assert swept(curator)["curated"] == 1


@pytest.mark.parametrize("queue", keys.REVIEW_QUEUES)
def test_an_answer_that_nobody_was_asked_for_enters_no_dataset(curator, store, clock, queue):
    """As whoever has Label Studio's key, or its administrator, could put there; the picture is another queue's."""
    made = commit(store, prediction(1))
    for other in {*keys.REVIEW_QUEUES} - {queue}:
        world.queue_task(store, made, other)
    world.forge(store, queue, "1", annotation(store, made, "Egg"))
    assert swept(curator)["waiting"] == 1
    clock.pass_(hours=25)
    assert swept(curator)["quarantined"] == 1
    assert swept(curator)["quarantined"] == 0
    assert (pictures(store, queue), outcomes(store, queue)) == ([], [])
    (entry,) = world.everything(store, keys.TRACKING, f"quarantine/{queue}/").values()
    assert load(entry)["reason"] == "nobody was asked about its picture in this queue"


def test_a_forged_answer_about_no_prediction_counts_as_nothing(curator, store, clock):
    made = prediction(1)
    store.create(keys.image(made.id.sample_key), b"jpeg", metadata=made.to_metadata())
    world.forge(store, QUEUE, "1", annotation(store, made, "Egg"))
    clock.pass_(hours=25)
    assert swept(curator)["quarantined"] == 1
    assert outcomes(store, QUEUE) == []


def test_an_answer_before_its_tasks_record_waits_for_it(curator, store):
    made = commit(store, prediction(1))
    world.forge(store, QUEUE, "1", annotation(store, made, "Egg"))
    assert swept(curator)["waiting"] == 1
    world.queue_task(store, made, QUEUE)
    assert swept(curator)["curated"] == 1


def test_an_answer_to_a_task_that_was_removed_since_counts(curator, store):
    """Once imported, or once answered, a task is known to have been there."""
    imported, answered = commit(store, prediction(1)), commit(store, prediction(2))
    store.create(keys.imported(QUEUE, imported.id.sample_key), b"{}")
    world.forge(store, QUEUE, "1", annotation(store, imported, "Egg"))
    write(store, QUEUE, "2", annotation(store, answered, "Egg"))
    assert swept(curator)["curated"] == 2
    store.delete(keys.task(QUEUE, answered.id.sample_key))
    world.forge(store, QUEUE, "2", annotation(store, answered, "Bread", at=NOON + timedelta(hours=1)))
    assert swept(curator)["moved"] == 1


def test_a_visitor_needs_no_task(curator, store):
    made = commit(store, prediction(1))
    write(store, keys.USER_FEEDBACK_2, made.id.sample_key, annotation(store, made, "Egg", by="visitor"))
    assert swept(curator)["curated"] == 1


def test_an_annotation_id_used_again_is_a_new_annotation(curator, store):
    old, new = commit(store, prediction(1)), commit(store, prediction(2))
    write(store, QUEUE, "1", annotation(store, old, "Egg"))
    swept(curator)
    write(store, QUEUE, "1", annotation(store, new, "Meat", at=NOON + timedelta(days=1)))
    swept(curator)
    assert pictures(store, QUEUE) == [f"class_03/{old.id}.jpg", f"class_05/{new.id}.jpg"]


def test_deleting_a_reused_id_leaves_the_old_label(curator, store):
    old, new = commit(store, prediction(1)), commit(store, prediction(2))
    for made, choice, days in ((old, "Egg", 0), (new, "Meat", 1)):
        write(store, QUEUE, "1", annotation(store, made, choice, at=NOON + timedelta(days=days)))
        swept(curator)
    store.delete(keys.output(QUEUE, "1"))
    swept(curator)
    assert pictures(store, QUEUE) == [f"class_03/{old.id}.jpg"]


def test_an_emptied_output_folder_withdraws_nothing_and_says_so(curator, store):
    for number in range(30):
        write(store, QUEUE, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    swept(curator)
    for number in range(30):
        store.delete(keys.output(QUEUE, str(number)))
    assert "30 of 30" in swept(curator)["stopped"][0]
    assert len(pictures(store, QUEUE)) == 30


def test_the_guard_counts_over_an_hour_so_that_many_small_sweeps_cannot_pass_it(curator, store):
    for number in range(30):
        write(store, QUEUE, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    swept(curator)
    for number in range(30):
        store.delete(keys.output(QUEUE, str(number)))
        swept(curator)
    assert len(pictures(store, QUEUE)) == 20


def test_an_hour_later_the_guard_lets_a_few_more_go(curator, store, clock):
    for number in range(30):
        write(store, QUEUE, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    swept(curator)
    for number in range(12):
        store.delete(keys.output(QUEUE, str(number)))
        swept(curator)
    clock.pass_(hours=2)
    swept(curator)
    assert len(pictures(store, QUEUE)) == 18


def test_a_sweep_that_loses_the_store_says_so(curator, store, monkeypatch):
    for number in range(MOST_DOWN):
        write(store, QUEUE, str(number), annotation(store, commit(store, prediction(1)), "Egg"))
    monkeypatch.setattr(store, "get", partial(_fail, StoreDown("no answer")))
    with pytest.raises(StoreDown):
        swept(curator)


def test_an_event_that_meets_a_store_without_an_answer_is_to_be_sent_again(curator, store):
    bad, good = (commit(store, prediction(1)) for _ in range(2))
    for name, made in (("1", bad), ("2", good)):
        write(store, QUEUE, name, annotation(store, made, "Egg"))
    failing = Refusing(store, "create", f"labels/{QUEUE}/{bad.id}", StoreDown("no answer"))
    with pytest.raises(StoreDown):
        handle_event(replace(curator, store=failing), [keys.output(QUEUE, name) for name in "12"])
    assert pictures(store, QUEUE) == [f"class_03/{good.id}.jpg"]


TROUBLE = [StoreDown("no answer"), MetadataTooLarge("n"), Malformed("damaged"), UnicodeError(), MemoryError()]


@pytest.mark.parametrize("error", TROUBLE, ids=repr)
@pytest.mark.parametrize("call", ["create labels/", "head class_", "create open/", "copy class_", "create curated/"])
def test_an_annotation_that_cannot_be_worked_off_does_not_stop_the_others(curator, store, capsys, call, error):
    bad, good = (commit(store, prediction(1)) for _ in range(2))
    for name, made in (("1", bad), ("2", good)):
        write(store, QUEUE, name, annotation(store, made, "Egg"))
    verb, part = call.split()
    of_label, of_picture = f"labels/{QUEUE}/{bad.id}", keys.production(bad.id).key
    named = {"labels/": of_label, "class_": of_picture}.get(part, f"{part}{QUEUE}/1-")
    answer = swept(replace(curator, store=Refusing(store, verb, named, error)))
    assert (answer["failed"], answer["curated"]) == (1, 1)
    assert '"curate.failed"' in capsys.readouterr().out
    swept(curator)
    assert pictures(store, QUEUE) == [f"class_03/{made.id}.jpg" for made in (bad, good)]
    assert len(world.everything(store, keys.TRACKING, "curated/")) == 2


@pytest.mark.parametrize("damage", [b"{}", b"no label", b'{"votes": {"1": 7}, "history": []}'])
def test_a_damaged_label_does_not_stop_withdrawals_of_others(curator, store, damage):
    bad, good = (commit(store, prediction(1)) for _ in range(2))
    for name, made in (("1", bad), ("2", good)):
        write(store, QUEUE, name, annotation(store, made, "Egg"))
    swept(curator)
    ref = keys.label(QUEUE, bad.id)
    store.replace(ref, damage, etag=store.head(ref).etag)
    for name in "12":
        store.delete(keys.output(QUEUE, name))
    answer = swept(curator)
    assert (answer["failed"], answer["withdrawn"]) == (1, 1)
    assert pictures(store, QUEUE) == [f"class_03/{bad.id}.jpg"]


def test_a_note_that_cannot_be_repaired_does_not_stop_the_others(curator, store, clock):
    notes = []
    for name in "12":
        made = commit(store, prediction(1))
        write(store, QUEUE, name, annotation(store, made, "Egg"))
        notes.append(made)
    swept(curator)
    for name, made in zip("12", notes, strict=True):
        body = store.get(keys.output(QUEUE, name)).body
        store.create(keys.begun(QUEUE, name, "0" * 32, "0" * 8), body)
        store.delete(keys.dataset(QUEUE, 3, made.id))
    ref = keys.label(QUEUE, notes[0].id)
    store.replace(ref, b"no label", etag=store.head(ref).etag)
    clock.pass_(hours=1)
    answer = swept(curator)
    assert (answer["failed"], answer["repaired"]) == (2, 1)  # the annotation, and its note
    assert pictures(store, QUEUE) == [f"class_03/{notes[1].id}.jpg"]


HALF = b'"origin":"\\ud800"'
UNREADABLE = [b"{", b"", b'{"updated_at":"0001-01-01T00:00:00+14:00"}', b"\xff" * 600_000]


def left_open(store, name, body, times=3):
    """What sweeps of an earlier version left behind, one note for each that failed."""
    for number in range(times):
        store.create(keys.begun(QUEUE, name, md5(body).hexdigest(), f"{number:08x}"), body)


def notes(store):
    return world.everything(store, keys.TRACKING, "open/")


def test_half_a_character_that_an_earlier_version_choked_on_is_taken_and_its_notes_go(curator, store, clock):
    made = commit(store, prediction(1))
    body = annotation(store, made, "Egg").replace(b'"origin":"manual"', HALF)
    write(store, QUEUE, "1", body)
    left_open(store, "1", body)
    assert (swept(curator)["curated"], pictures(store, QUEUE)) == (1, [f"class_03/{made.id}.jpg"])
    clock.pass_(hours=1)
    swept(curator)
    assert notes(store) == {}


@pytest.mark.parametrize("body", [annotation, *UNREADABLE], ids=lambda body: str(body)[:12])
def test_deleting_what_an_earlier_version_choked_on_heals(curator, store, clock, body):
    made = commit(store, prediction(1))
    if callable(body):
        body = annotation(store, made, "Egg").replace(b'"origin":"manual"', HALF)
    left_open(store, "1", body)
    clock.pass_(hours=1)
    assert (swept(curator).get("failed", 0), notes(store)) == (0, {})
    assert not any(swept(curator).values())
    assert pictures(store, QUEUE) == []


def test_what_older_rules_set_aside_is_read_once_more(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    write(store, QUEUE, "2", b"{")
    for name in "12":
        etag = store.head(keys.output(QUEUE, name)).etag
        store.create(keys.version(keys.QUARANTINED, QUEUE, name, etag), b'{"reason":"the label of record is damaged"}')
    counts = swept(curator)
    assert (counts["curated"], counts["quarantined"]) == (1, 1)
    assert not any(swept(curator).values())


def test_a_label_of_record_that_does_not_read_for_a_moment_quarantines_nobody(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    ref = keys.label(QUEUE, made.id)
    whole = store.get(ref)
    broken = store.replace(ref, whole.body[:-9], etag=whole.etag)
    write(store, QUEUE, "2", annotation(store, made, "Egg", by=4))
    counts = swept(curator)
    assert (counts["failed"], counts["quarantined"]) == (1, 0)
    store.replace(ref, whole.body, etag=broken)
    swept(curator)
    assert set(label(store, made)["votes"]) == {"1", "2"}


def test_a_label_that_an_earlier_version_made_too_large_shrinks_with_the_next_answer(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    ref = keys.label(QUEUE, made.id)
    whole = store.get(ref)
    store.replace(ref, whole.body.replace(b'"manual"', b'"' + b"\\\\" * 3_000_000 + b'"'), etag=whole.etag)
    write(store, QUEUE, "2", annotation(store, made, "Egg", by=4))
    swept(curator)
    assert len(store.get(ref).body) < 2000


def test_an_event_works_off_its_own_annotation(curator, store):
    one, two = commit(store, prediction(1)), commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, one, "Egg"))
    write(store, QUEUE, "2", annotation(store, two, "Egg"))
    tally = handle_event(curator, [keys.output(QUEUE, "2")])
    assert (tally.counts, pictures(store, QUEUE)) == ({"curated": 1}, [f"class_03/{two.id}.jpg"])


def test_an_event_delivered_twice_changes_nothing(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    handle_event(curator, [keys.output(QUEUE, "1")])
    before = label(store, made)
    assert handle_event(curator, [keys.output(QUEUE, "1")]).counts == {"unchanged": 1}
    assert label(store, made) == before


def test_events_of_other_objects_are_ignored(curator):
    others = [
        keys.ObjectRef("labelstudio", "tasks/lowconfidence/x.json"),
        keys.ObjectRef("production", "output/lowconfidence/1"),
    ]
    assert handle_event(curator, others).counts == {}


def test_an_event_of_a_deleted_annotation_asks_for_a_sweep(curator):
    assert handle_event(curator, [keys.output(QUEUE, "1")]).counts == {"vanished": 1}


def _fail(error, *args, **kwargs):
    raise error


def test_a_picture_takes_a_thousand_answers_and_no_more(curator, store):
    made = commit(store, prediction(1))
    write(store, QUEUE, "1", annotation(store, made, "Egg"))
    swept(curator)
    ref = keys.label(QUEUE, made.id)
    stored = store.get(ref)
    document = load(stored.body)
    document["votes"] |= {f"9{number}": document["votes"]["1"] for number in range(MOST_VOTES - 1)}
    store.replace(ref, dump(document), etag=stored.etag)
    write(store, QUEUE, "2", annotation(store, made, "Meat", by=4))
    write(store, QUEUE, "1", annotation(store, made, "Meat", at=NOON + timedelta(minutes=1)))
    counts = swept(curator)
    assert (counts["quarantined"], counts["moved"]) == (1, 1)
    assert not any(swept(curator).values())
