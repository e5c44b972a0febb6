"""One reader tells report, gate and retraining what people answered: by whole keys, and by the label of record."""

import pytest

from feedloop.domain import keys
from feedloop.domain.answers import DISPUTED, OTHER, UNCLEAR
from feedloop.evidence import human_labels
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, only_listed, sampled, visited, voted
from tests.support.world import CLASSES

BLIND = keys.RANDOM_SAMPLED


@pytest.fixture
def made(store):
    return visited(store, confidence=0.9)


def fetch(store):
    return human_labels.fetch(store, classes=len(CLASSES))


def answer(store, made):
    return fetch(store).answers[BLIND].get(made.id.sample_key)


@pytest.mark.parametrize(("said", "code"), [(2, 2), (NONE_OF_THESE, OTHER), (CANNOT_TELL, UNCLEAR)])
def test_a_picture_in_a_second_class_counts_as_its_label_of_record_says(store, made, said, code):
    voted(store, BLIND, made, said)
    for index in (1, 3):
        only_listed(store, BLIND, made, index)
    assert answer(store, made) == code


def test_a_picture_that_is_moved_out_of_its_class_counts_as_its_label_of_record_says(store, made):
    voted(store, BLIND, made, 2)
    store.create(keys.outcome(BLIND, CANNOT_TELL, made.id), b"")
    assert answer(store, made) == 2


def test_a_picture_in_two_classes_whose_label_is_withdrawn_has_no_answer(store, made):
    voted(store, BLIND, made, "withdrawn")
    for index in (1, 3):
        only_listed(store, BLIND, made, index)
    assert answer(store, made) is None


def test_a_picture_in_two_classes_without_a_label_counts_as_listed_last(store, made):
    for index in (1, 3):
        only_listed(store, BLIND, made, index)
    assert answer(store, made) == 3


@pytest.mark.parametrize("key", ["class_02/{key}.jpg", "class_02/x-{key}-00000.jpg", "class_002/{id}.jpg", "{id}.jpg"])
def test_a_key_that_is_not_whole_is_no_answer(store, made, key):
    key = key.format(key=made.id.sample_key, id=made.id)
    store.create(keys.ObjectRef(keys.DATASETS[BLIND], key), b"somebody else's")
    assert answer(store, made) is None


def test_a_class_that_nobody_released_is_no_answer(store, made):
    store.create(keys.dataset(BLIND, len(CLASSES), made.id), b"jpeg")
    assert answer(store, made) is None


def test_an_outcome_that_nobody_knows_is_no_answer(store, made):
    store.create(keys.outcome(BLIND, "soup", made.id), b"")
    assert answer(store, made) is None


def test_an_answer_about_what_was_never_committed_is_none_but_nobody_is_waited_for(store, made):
    sampled(store, made)
    store.create(keys.outcome(BLIND, "uncommitted", made.id), b"")
    assert (answer(store, made), fetch(store).tasks[BLIND].waiting) == (None, 0)


def test_a_task_counts_by_a_whole_key_alone(store, made):
    for name in (made.id.sample_key, f"x-{made.id.sample_key}", "soup"):
        store.create(keys.ObjectRef(keys.LABELSTUDIO, f"tasks/{BLIND}/{name}.json"), b"{}")
    assert fetch(store).tasks[BLIND].sample_keys == human_labels.list_tasks(store, BLIND) == {made.id.sample_key}


def test_who_skips_or_cannot_tell_abstains(store, made):
    said: list[int | str] = [2, CANNOT_TELL, "skipped", 2]
    for queue, one in zip(keys.QUEUES, said, strict=True):
        voted(store, queue, made, one)
    assert fetch(store).answers_about(made.id.sample_key) == [2, 2]


def test_two_who_disagree_are_a_dispute(store, made):
    voted(store, BLIND, made, 1, by="3")
    voted(store, BLIND, made, 2, by="4")
    assert answer(store, made) == DISPUTED


def test_tasks_are_counted_wherever_their_sample_keys_begin(store):
    for digit in "0123456789abcdef":
        sampled(store, visited(store, confidence=0.9, sample_key=digit * 32))
    tasks = fetch(store).tasks[BLIND]
    assert (tasks.waiting, len(tasks.sample_keys)) == (16, 16)
