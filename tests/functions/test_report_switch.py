"""Days of two models: the numbers are those of the one that serves, with what it replaced beside them."""

from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.clock import iso
from feedloop.domain.documents import dump
from functions.report import prometheus
from functions.report.closing import close
from functions.report.report import report
from tests.support import world
from tests.support.feedback import sampled, visited, voted
from tests.support.world import CLASSES, MODEL, NOON

OLD, NEW = MODEL, "22222222" * 8
BLIND = keys.RANDOM_SAMPLED
SURE = 0.9


class Days:
    """A store whose models serve one after the other; the clock stands behind all of it."""

    def __init__(self):
        self.clock = world.SettableClock(NOON)
        self.store = MemoryStore(clock=self.clock)

    def switch(self, model, after, **moment):
        """Release a model, so many days after the first."""
        self.clock.time = NOON + timedelta(days=after, **moment)
        card = {"v": 1, "name": "food11", "sha256": model, "classes": CLASSES}
        releases.publish(self.store, b"weights", card, now=self.clock())

    def answers(self, model, after, right, wrong, *, unlabelled=0, **moment):
        """Predictions of a day: the first ones are labelled blind, then wrong ones among them."""
        time = NOON + timedelta(days=after, **moment)
        self.clock.time = max(self.clock.time, time)
        for number in range(right + wrong + unlabelled):
            random = f"{number:08x}{model[:8]}{time.hour:02x}{time.day:014x}"
            made = visited(self.store, 1, confidence=SURE, time=time, model=model, sample_key=random)
            if number < right + wrong:
                sampled(self.store, made)
                voted(self.store, BLIND, made, 1 if number < right else 2)

    def report(self, until, *, closed=False, **query):
        """What is told on the day after that."""
        self.clock.time = NOON + timedelta(days=until + 1)
        if closed:
            close(self.store, classes=len(CLASSES), now=self.clock())
        classes = releases.class_list(self.store)
        return report(query or {"days": "7"}, store=self.store, classes=classes, now=self.clock(), threshold=700)


@pytest.fixture
def days():
    return Days()


@pytest.fixture
def better(days):
    """Four days of a model that is right in 60 of 100 cases, then three days of one that is in 95."""
    days.switch(OLD, 0)
    for after in range(4):
        days.answers(OLD, after, 12, 8)
    days.switch(NEW, 4, hours=-2)
    for after in range(4, 7):
        days.answers(NEW, after, 19, 1)
    return days


def kinds(told):
    return {limit["kind"]: limit for limit in told["limits"]}


@pytest.mark.parametrize("closed", [False, True])
def test_the_headline_is_of_the_model_that_serves(better, closed):
    told = better.report(6, closed=closed)
    assert (told["accuracy"]["best"]["value"], told["accuracy"]["labels"]["blind"]) == (0.95, 60)
    assert [part["best"] and part["best"]["value"] for part in told["trend"]] == [None] * 4 + [0.95] * 3
    assert told["change"]["difference"]["value"] == pytest.approx(0.35)
    assert told["change"]["difference"]["low"] > 0
    assert told["change"]["previous"] == {"from": "20261122", "to": "20261125", "model": OLD[:8]}


def test_what_it_replaced_stands_beside_it(better):
    switch = better.report(6)["switch"]
    serving, replaced = switch["serving"], switch["replaced"]
    assert (serving["model"], serving["since"], serving["serves_now"]) == ("22222222", "2026-11-26T10:00:00Z", True)
    assert (serving["best"]["value"], serving["answers"]) == (0.95, {"right": 57, "of": 60})
    assert (replaced["model"], replaced["from"], replaced["to"]) == (OLD[:8], "20261122", "20261125")
    assert (replaced["best"]["value"], replaced["answers"], replaced["predictions"]) == (
        0.6,
        {"right": 48, "of": 80},
        80,
    )
    assert [part["best"] and part["best"]["value"] for part in replaced["trend"]] == [0.6] * 4 + [None] * 3


def test_a_new_model_that_fails_does_not_hide_behind_the_old_one(days):
    days.switch(OLD, 0)
    for after in range(6):
        days.answers(OLD, after, 18, 2)
    days.switch(NEW, 6, hours=-2)
    days.answers(NEW, 6, 0, 5, unlabelled=20)
    told = days.report(6)
    assert told["accuracy"]["best"]["value"] == 0
    assert told["accuracy"]["best"]["high"] < 0.5
    assert told["change"]["difference"]["high"] < 0
    assert told["switch"]["serving"]["answers"] == {"right": 0, "of": 5}
    assert kinds(told)["few-labels"] == {"kind": "few-labels", "labels": 5}
    metrics = prometheus.text(told)
    assert 'feedloop_accuracy{bound="value",estimate="best"} 0.0' in metrics
    assert 'feedloop_accuracy_by_model{bound="value",estimate="best",model="9f2c11aa"} 0.9' in metrics
    assert 'feedloop_accuracy_model_info{model="22222222"} 1.0' in metrics


def test_a_model_without_answers_has_no_number_and_the_old_one_stands_beside(days):
    days.switch(OLD, 0)
    for after in range(3):
        days.answers(OLD, after, 18, 2)
    days.switch(NEW, 3, hours=-2)
    days.answers(NEW, 3, 0, 0, unlabelled=9)
    told = days.report(3)
    assert (told["accuracy"]["best"], told["change"]["difference"]) == (None, None)
    assert told["switch"]["replaced"]["best"]["value"] == 0.9
    assert "feedloop_accuracy{" not in prometheus.text(told)
    assert "no-labels" in kinds(told)


def test_both_together_are_a_choice_that_says_so(better):
    told = better.report(6, days="7", model="all")
    assert told["window"]["model"] == "all"
    assert told["accuracy"]["blind"]["value"] == pytest.approx((48 + 57) / 140, abs=1e-6)
    assert kinds(told)["all-models"] == {"kind": "all-models", "models": 2}
    assert 'feedloop_accuracy_model_info{model="all"} 1.0' in prometheus.text(told)
    assert told["switch"]["serving"]["best"]["value"] == 0.95


def test_one_model_may_be_asked_for(better):
    told = better.report(6, days="7", model=OLD[:8])
    assert (told["accuracy"]["blind"]["value"], told["window"]["model"]) == (0.6, OLD[:8])
    assert "switch" not in told
    assert better.report(6, days="7", model=NEW[:8])["accuracy"] == better.report(6)["accuracy"]


def test_counts_are_of_all_that_was_predicted(better):
    told = better.report(6)["predictions"]
    assert told["total"] == 140
    assert [(one["model"], one["total"]) for one in told["by_model"]] == [("22222222", 60), (OLD[:8], 80)]


def test_days_before_the_switch_are_about_the_model_of_those_days(better):
    told = better.report(6, **{"from": "20261122", "to": "20261124"})
    assert told["accuracy"]["best"]["value"] == 0.6
    assert "switch" not in told
    assert kinds(told)["not-serving"] == {"kind": "not-serving", "model": OLD[:8], "serves": "22222222"}


def test_days_after_the_switch_are_compared_with_what_was_replaced(better):
    told = better.report(6, days="3")
    assert told["accuracy"]["best"]["value"] == 0.95
    assert told["change"]["previous"]["model"] == OLD[:8]
    assert told["change"]["difference"]["value"] == pytest.approx(0.35)


def test_later_days_are_compared_with_the_models_own(better):
    better.answers(NEW, 7, 10, 10)
    told = better.report(7, days="2")
    assert told["change"]["previous"] == {"from": "20261126", "to": "20261127"}
    assert told["change"]["difference"]["value"] < 0


@pytest.mark.parametrize("closed", [False, True])
def test_a_model_that_came_back_counts_since_it_came_back(days, closed):
    """Right all the time, away for a day, and wrong since it is back, a few hours after it was away."""
    days.switch(OLD, 0)
    for after in range(3):
        days.answers(OLD, after, 20, 0)
    days.switch(NEW, 3, hours=-2)
    days.answers(NEW, 3, 5, 15)
    days.answers(OLD, 3, 10, 0, hours=-5)
    days.switch(OLD, 3, hours=2)
    days.answers(OLD, 3, 6, 6, hours=4)
    days.answers(OLD, 4, 10, 10)
    told = days.report(4, closed=closed)
    assert told["switch"]["serving"]["answers"] == {"right": 16, "of": 32}
    assert told["switch"]["serving"]["predictions"] == 32
    assert told["accuracy"]["blind"]["value"] == pytest.approx(0.5)
    assert (told["switch"]["replaced"]["model"], told["switch"]["replaced"]["answers"]["of"]) == ("22222222", 20)
    assert kinds(told)["served-before"] == {"kind": "served-before", "model": OLD[:8], "predictions": 70}


def test_a_clock_that_was_ahead_at_the_release_takes_nothing_away(days):
    days.switch(OLD, 0)
    days.answers(OLD, 0, 10, 10)
    days.answers(OLD, 1, 5, 5, hours=-2)
    days.answers(NEW, 1, 10, 10, hours=-1)
    days.switch(NEW, 1)
    days.answers(NEW, 1, 20, 0, hours=1)
    told = days.report(1)
    assert told["switch"]["serving"]["answers"] == {"right": 30, "of": 40}
    assert "served-before" not in kinds(told)


def test_replicas_that_serve_both_for_a_moment_are_told_apart(days):
    days.switch(OLD, 0)
    days.answers(OLD, 0, 10, 10)
    days.switch(NEW, 1)
    days.answers(OLD, 1, 5, 5, minutes=1)
    days.answers(NEW, 1, 20, 0, minutes=1)
    told = days.report(1)
    assert (told["accuracy"]["best"]["value"], told["switch"]["replaced"]["best"]["value"]) == (1.0, 0.5)


@pytest.mark.parametrize(
    "pointer",
    [
        {"sha256": NEW},
        {"sha256": NEW, "moved_at": 3, "previous": 4},
        {"sha256": NEW, "moved_at": "0001-01-01T00:00:00+14:00"},
        {"sha256": NEW, "moved_at": "2999-01-01T00:00:00Z"},
        {"sha256": "33333333", "moved_at": "2026-11-23T00:00:00Z"},
    ],
    ids=str,
)
def test_a_pointer_that_tells_nothing_of_these_days_leaves_the_newest_model(better, pointer):
    better.store.delete(keys.current_model())
    better.store.create(keys.current_model(), dump({"v": 1, "name": "food11", **pointer}))
    told = better.report(6)
    assert (told["accuracy"]["best"]["value"], told["switch"]["serving"]["model"]) == (0.95, "22222222")
    assert told["switch"]["serving"]["since"] is None


def test_a_class_is_that_of_the_model_that_serves(better):
    told = better.report(6, days="7", **{"class": "Dairy product"})
    assert told["accuracy"]["best"]["value"] == 0.95
    assert told["switch"]["replaced"]["best"]["value"] == 0.6


def test_what_both_judged_is_compared_in_pairs(better):
    better.store.create(keys.model_file("food11", NEW, "verdict.json"), dump(decision(NEW, OLD, 0.3)))
    told = better.report(6)["switch"]["paired"]
    assert told == {"at": iso(NOON), "difference": {"value": 0.3, "low": 0.2, "high": 0.4, "labels": 412}}
    assert 'feedloop_accuracy_change_paired{bound="low"} 0.2' in prometheus.text(better.report(6))


def test_a_comparison_is_turned_when_the_model_came_back(days):
    days.switch(OLD, 0)
    days.answers(OLD, 0, 5, 5)
    days.switch(NEW, 1)
    days.answers(NEW, 1, 5, 5)
    days.switch(OLD, 2)
    days.answers(OLD, 2, 5, 5)
    days.store.create(keys.model_file("food11", NEW, "verdict.json"), dump(decision(NEW, OLD, 0.3)))
    assert days.report(2)["switch"]["paired"]["difference"] == {"value": -0.3, "low": -0.4, "high": -0.2, "labels": 412}


@pytest.mark.parametrize(
    "body", [b"\xff", b"[]", b"{}", dump({"difference": None}), b'{"v":1,"against":3,"difference":{"value":"x"}}']
)
def test_a_verdict_that_cannot_be_read_is_none(better, body):
    better.store.create(keys.model_file("food11", NEW, "verdict.json"), body)
    told = better.report(6)
    assert (told["switch"]["paired"], told["accuracy"]["best"]["value"]) == (None, 0.95)


def decision(new, old, value):
    difference = {"value": value, "low": value - 0.1, "high": value + 0.1, "labels": 412}
    names = {"model": {"name": "food11", "sha256": new}, "against": {"name": "food11", "sha256": old}}
    return {"v": 1, "at": iso(NOON), **names, "difference": difference, "released": True}


def test_one_model_has_no_switch(days):
    days.switch(OLD, 0)
    days.answers(OLD, 0, 5, 5)
    told = days.report(0)
    assert "switch" not in told
    assert told["change"]["previous"] == {"from": "20261109", "to": "20261115"}
    assert set(kinds(told)) == {"unwritten", "few-labels", "no-change"}
