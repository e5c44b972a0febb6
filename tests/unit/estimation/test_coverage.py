"""A small benchmarks/coverage.py: the same worlds, fixed seeds, wide margins."""

from dataclasses import replace
from functools import cache
from statistics import fmean

import numpy as np
import pytest

from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.confusion import per_class
from tests.support.worlds import UNSEEN, World, window

SEEDS = 40
WORLDS = {
    "days alike": World(),
    "small days are hard": World(uneven=100, tied=3),
    "large days are hard": World(uneven=100, tied=-3),
    "all together": World(uneven=100, tied=2, drift=2, reviewed=0.5, trust=0.5, anchored=0.2, slips=0.03),
}


def best(found):
    assert found.best is not None
    return found.best


@cache
def windows(name):
    return [window(WORLDS[name], np.random.default_rng(seed)) for seed in range(SEEDS)]


@cache
def reported(name):
    return [accuracy(one.observed) for one in windows(name)]


@pytest.mark.parametrize("name", WORLDS)
def test_the_reported_accuracy_is_not_off_to_one_side(name):
    errors = [best(found).value - one.accuracy for found, one in zip(reported(name), windows(name), strict=True)]
    assert abs(fmean(errors)) < 4 * np.std(errors) / np.sqrt(SEEDS)
    assert abs(fmean(errors)) < 0.02


@pytest.mark.parametrize("kind", ["best", "blind"])
@pytest.mark.parametrize("name", WORLDS)
def test_intervals_hold_the_truth_as_often_as_they_say(name, kind):
    found = [getattr(each, kind) for each in reported(name)]
    held = [each.low <= one.accuracy <= each.high for each, one in zip(found, windows(name), strict=True)]
    assert sum(held) >= 0.86 * SEEDS  # 95 of 100 promised: fewer than 35 of 40 in one case of 70


def test_the_queue_makes_the_interval_narrower():
    ratios = [best(found).half_width / found.blind.half_width for found in reported("days alike")]
    assert fmean(ratios) < 0.75


def test_pooling_the_queue_would_be_off_by_thirty_points():
    one = windows("days alike")[0]
    answered = one.blind | (one.informed != UNSEEN)
    pooled = (one.predicted == one.truth)[answered].mean()
    assert pooled < one.accuracy - 0.2
    assert abs(best(reported("days alike")[0]).value - one.accuracy) < 0.08


def test_pooling_days_would_be_off_by_five_points():
    errors = [(one.predicted == one.truth)[one.blind].mean() - one.accuracy for one in windows("small days are hard")]
    assert fmean(errors) < -0.04


def test_taking_annotators_who_follow_the_model_at_their_word_would_flatter_it():
    world = World(anchored=0.3, labels=20)
    flattered, corrected = [], []
    for seed in range(20):
        one = window(world, np.random.default_rng(seed))
        told = one.informed == one.predicted
        flattered.append((told & one.low).sum() / one.low.sum() - (one.truth == one.predicted)[one.low].mean())
        corrected.append(best(accuracy(one.observed)).value - one.accuracy)
    assert fmean(flattered) > 0.1
    assert abs(fmean(corrected)) < 0.01


@pytest.mark.parametrize("measure", ["precision", "recall"])
def test_intervals_of_classes_hold_the_truth(measure):
    held = []
    for seed in range(15):
        one = window(replace(WORLDS["all together"], labels=20), np.random.default_rng(seed))
        for index, found in per_class(one.observed).items():
            estimate, truth = getattr(found, measure), getattr(one, measure)(index)
            held.append(estimate.low <= truth <= estimate.high)
    assert fmean(held) > 0.88
