from dataclasses import replace

import numpy as np
import pytest

from feedloop.domain.keys import LOW_CONFIDENCE, RANDOM_SAMPLED
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.allocation import allocate_labels
from feedloop.estimation.window import Window
from tests.support.observations import counts, observed
from tests.support.worlds import PLAIN, UNSEEN, window


def day(name, size, low=0):
    return counts(name, [(0, 900, False)] * (size - low) + [(0, 400, True)] * low)


def answered(name, count, wrong=1):
    answers = [1] * wrong + [0] * (count - wrong)
    return [observed(name, 0, 900, low=False, blind=answer, informed=None) for answer in answers]


def test_the_largest_day_comes_first():
    advice = allocate_labels(Window.of([day("1", 100), day("2", 5000)], answered("1", 5) + answered("2", 5)), 20)
    assert [(one.queue, one.day, one.labels) for one in advice] == [(RANDOM_SAMPLED, "2", 20)]


def test_days_alike_share_the_labels():
    advice = allocate_labels(Window.of([day("1", 500), day("2", 500)], answered("1", 5) + answered("2", 5)), 20)
    assert {(one.day, one.labels) for one in advice} == {("1", 10), ("2", 10)}


def test_a_day_without_answers_is_worth_the_first():
    (first, *_) = allocate_labels(Window.of([day("1", 500), day("2", 500)], answered("1", 20, 2)), 5)
    assert first.day == "2"


def test_nobody_is_asked_for_more_than_there_is():
    days, rows = [day("1", 8), day("2", 9)], answered("1", 5) + answered("2", 9)
    assert [(one.day, one.labels) for one in allocate_labels(Window.of(days, rows), 20)] == [("1", 3)]


def test_an_unfinished_queue_is_named_after_the_random_labels_that_tell_more():
    advice = allocate_labels(Window.of([day("1", 1000, low=200)], answered("1", 30, 3)), 20)
    assert [one.queue for one in advice] == [RANDOM_SAMPLED, LOW_CONFIDENCE]


def test_what_is_promised_is_about_what_comes():
    (advice,) = allocate_labels(Window.of([day("1", 5000)], answered("1", 30, 3)), 30)
    (then,) = allocate_labels(Window.of([day("1", 5000)], answered("1", 60, 6)), 30)
    assert abs(advice.interval_then - then.interval_now) < 0.02


def width(one):
    best = accuracy(one.observed).best
    assert best is not None
    return best.high - best.low


def promised_and_kept(one):
    """How much narrower the interval is said to be with the queue's next answers, and how much it is then."""
    advised = allocate_labels(one.observed)
    (queue,) = [each for each in advised if each.queue == LOW_CONFIDENCE]
    waiting = (one.day == int(queue.day)) & one.low & (one.informed == UNSEEN)
    answered = one.informed.copy()
    answered[np.flatnonzero(waiting)[: queue.labels]] = one.truth[np.flatnonzero(waiting)[: queue.labels]]
    return queue.interval_now - queue.interval_then, queue.interval_now - width(replace(one, informed=answered))


def test_what_a_queue_is_said_to_tell_is_about_what_it_tells():
    half = replace(PLAIN, reviewed=0.5, labels=20)
    promised, kept = np.mean([promised_and_kept(window(half, np.random.default_rng(seed))) for seed in range(30)], 0)
    assert promised == pytest.approx(kept, rel=0.2)


def test_before_the_first_labels_there_is_nothing_to_say():
    assert allocate_labels(Window.of([day("1", 100)], []), 20) == ()
