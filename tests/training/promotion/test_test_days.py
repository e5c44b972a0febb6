"""Which blind labels judge: the answered prefix of each closed day's order, and the days' sizes."""

from datetime import timedelta

import pytest

from feedloop import reviews
from feedloop.domain import keys
from feedloop.domain.answers import OTHER
from feedloop.domain.clock import DayRange
from feedloop.domain.errors import BadRequest
from feedloop.evidence import human_labels
from functions.report import closing
from tests.support import world
from tests.support.labelled import commit, label
from tests.support.world import CLASSES, NOON
from training.promotion import test_days

SAMPLED = keys.RANDOM_SAMPLED
TODAY = NOON + timedelta(days=2)
DAY = "20261122"
EVER = DayRange("20261101", "20261130")


@pytest.fixture
def store(memory_store):
    world.release(memory_store)
    return memory_store


def predicted(at, time=NOON):
    return world.prediction(1, sample_key=f"{at:032x}", time=time)


def fetch(store, days=EVER, now=TODAY):
    labels = human_labels.fetch(store, classes=len(CLASSES))
    return test_days.fetch_days(store, days, labels, classes=len(CLASSES), now=now)


def test_only_the_answered_prefix_of_a_day_counts(store):
    for at in (1, 2, 4):
        label(store, SAMPLED, "Egg", predicted(at))
    commit(store, predicted(3))
    (day,) = fetch(store)
    assert ([one.sample_key[-1] for one in day.labelled], day.predictions) == (["1", "2"], 4)


def test_a_label_stands_for_its_share_of_those_that_were_asked_and_not_for_the_day(store):
    for at in (1, 2, 4):
        label(store, SAMPLED, "Egg", predicted(at))
    label(store, SAMPLED, "Can't tell", predicted(0))
    for at in range(5, 20):
        commit(store, predicted(at))
    reviews.queue_blind(store, commit(store, predicted(3)).id)
    (day,) = fetch(store)
    assert (day.predictions, day.sampled, len(day.labelled), day.silent) == (20, 5, 2, 1)
    assert day.predictions_per_label == 5


def test_none_of_these_judges_and_silence_does_not(store):
    for at, choice in enumerate(("Egg", "None of these", "Can't tell", None, "Meat")):
        label(store, SAMPLED, choice, predicted(at))
    (day,) = fetch(store)
    assert ([one.blind for one in day.labelled], day.silent) == ([3, OTHER, 5], 2)


def test_an_open_day_judges_nothing(store):
    label(store, SAMPLED, "Egg", predicted(1))
    assert fetch(store, now=NOON + timedelta(hours=1)) == []


def test_other_queues_judge_nothing(store):
    label(store, keys.LOW_CONFIDENCE, "Egg", predicted(1))
    assert fetch(store) == []


def test_a_day_that_is_written_down_needs_no_production_pictures(store):
    for at in (1, 2):
        label(store, SAMPLED, "Egg", predicted(at))
    before = fetch(store)
    closing.close(store, classes=len(CLASSES), now=TODAY)
    for at in (1, 2):
        store.delete(keys.production(predicted(at).id))
    assert fetch(store) == before


def test_the_test_days_end_with_the_newest_closed_day_that_has_labels(store):
    for days in (0, 1, 2):
        label(store, SAMPLED, "Egg", predicted(days, NOON + timedelta(days=days)))
    assert test_days.choose_days(store, "", "", now=TODAY) == DayRange("20261110", "20261123")
    assert test_days.choose_days(store, "20261121", "20261122", now=TODAY) == DayRange("20261121", "20261122")


def test_days_without_labels_or_days_is_told(store):
    with pytest.raises(BadRequest, match="No closed day has a blind label"):
        test_days.choose_days(store, "", "", now=TODAY)
    with pytest.raises(BadRequest, match="before they begin"):
        test_days.choose_days(store, "20261123", "20261122", now=TODAY)


def test_what_was_put_before_annotators_is_known_before_they_answer(store):
    made = commit(store, predicted(7))
    reviews.queue_blind(store, made.id)
    assert human_labels.list_tasks(store, SAMPLED) == {made.id.sample_key}
