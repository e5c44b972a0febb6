"""What is learned from: never what judges, each picture once, and what must not be forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from feedloop import reviews
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import DayRange
from feedloop.evidence import human_labels
from tests.support import demo, world
from tests.support.labelled import label
from tests.support.world import NOON
from training.data.image_folder import FOOD_11
from training.data.manifests import ManifestEntry
from training.promotion import retraining_data

SAMPLED, LOW, FLAGGED, VISITORS = keys.QUEUES
CLASSES = ClassList.of(FOOD_11)
DAYS = DayRange("20261122", "20261130")


@pytest.fixture
def store(memory_store):
    world.release(memory_store)
    return memory_store


def labels(store):
    return human_labels.fetch(store, classes=len(world.CLASSES))


def chosen(store):
    return {(one.queue, str(one.prediction)) for one in retraining_data.choose_pictures(store, DAYS, labels(store))}


def asked(store, made):
    """It is in the random sample, whether somebody answers or not."""
    reviews.queue_blind(store, made.id)
    return made


def line(sha256, index=0, source="lowconfidence", key="a"):
    return ManifestEntry(key, sha256, index, "Bread", source, ("3",), "", "9f2c11aa")


def test_what_annotators_say_and_what_visitors_say_with_them_is_learned(store):
    low, flagged = label(store, LOW, "Egg"), label(store, FLAGGED, "Meat")
    label(store, VISITORS, "Egg")
    agreed = label(store, FLAGGED, "Egg", label(store, VISITORS, "Egg"))
    named = {(LOW, low), (FLAGGED, flagged), (FLAGGED, agreed), (VISITORS, agreed)}
    assert chosen(store) == {(queue, str(made.id)) for queue, made in named}


def test_blind_labels_are_learned_once_they_are_older_than_the_window(store):
    label(store, SAMPLED, "Egg")
    older = label(store, SAMPLED, "Egg", world.prediction(time=NOON - timedelta(days=1)))
    assert chosen(store) == {(SAMPLED, str(older.id))}


def test_what_judges_is_not_learned_through_another_queue(store):
    made = asked(store, label(store, LOW, "Egg"))
    label(store, SAMPLED, "Egg", made)
    assert chosen(store) == set()


def test_what_may_judge_later_is_not_learned_either(store):
    asked(store, label(store, LOW, "Egg"))
    assert chosen(store) == set()


def test_a_sampled_picture_of_an_older_day_may_be_learned_from_any_queue(store):
    made = asked(store, label(store, LOW, "Egg", world.prediction(time=NOON - timedelta(days=1))))
    assert chosen(store) == {(LOW, str(made.id))}


def test_the_same_bytes_that_judge_are_not_learned():
    distinct = retraining_data.distinct([line("a"), line("b")], {"a"})
    assert (distinct.entries, distinct.left_out["in_test_set"]) == ((line("b"),), 1)


def test_a_picture_that_came_twice_is_learned_once_from_annotators_first():
    twice = [line("a", source="userfeedback2"), line("a", source="userfeedback", key="b")]
    distinct = retraining_data.distinct(twice, set())
    assert ([one.source for one in distinct.entries], distinct.left_out["duplicate"]) == (["userfeedback"], 1)


def test_a_picture_that_is_conflicting_teaches_neither():
    distinct = retraining_data.distinct([line("a"), line("a", 1, key="b"), line("b")], set())
    assert (distinct.entries, distinct.left_out["conflicting"]) == ((line("b"),), 1)


def test_pictures_that_annotators_call_none_of_the_classes_and_nobody_a_class_are_outliers(store):
    made = label(store, LOW, "None of these")
    label(store, VISITORS, "Egg", label(store, FLAGGED, "None of these"))
    label(store, LOW, "Can't tell")
    (outlier,) = retraining_data.choose_pictures(store, DAYS, labels(store))
    assert (outlier.class_index, outlier.ref) == (None, keys.production(made.id))


def test_an_outlier_that_may_judge_is_not_learned(store):
    asked(store, label(store, LOW, "None of these"))
    assert chosen(store) == set()


def test_a_class_and_none_of_them_about_the_same_bytes_teach_neither():
    none = replace(line("a", key="b"), class_index=None, class_name=None)
    assert retraining_data.distinct([line("a"), none], set()).entries == ()


def test_the_drawings_of_the_demonstration_model_are_drawn_again(tmp_path, monkeypatch):
    monkeypatch.setattr(retraining_data, "REPLAYED", 22)
    replay = retraining_data.draw_replay(demo.CARD["trained_on"], tmp_path, CLASSES, lambda things, *_: iter(things))
    assert (len(replay.examples), len(replay.outliers)) == (22, 11)
    assert replay.facts() == {"dataset": "drawings", "pictures": 22, "outliers": 11, "seed": 11}
    again = retraining_data.draw_replay(
        {"dataset": "loop", "replay": replay.facts()}, tmp_path / "b", CLASSES, lambda things, *_: iter(things)
    )
    assert [one.path.read_bytes() for one in again.examples] == [one.path.read_bytes() for one in replay.examples]


@pytest.mark.parametrize("trained_on", [{}, {"dataset": "food11", "pictures": 9000, "seed": 1}])
def test_what_cannot_be_drawn_is_not_replayed(tmp_path, trained_on):
    assert retraining_data.draw_replay(trained_on, tmp_path, CLASSES, lambda things, *_: iter(things)).facts() == {}


def test_classes_without_a_picture_are_named():
    assert retraining_data.missing_classes([line("a", 1)], retraining_data.Replay(), range(3)) == [0, 2]
