"""Every estimate of a report, in every world whose truth is known: how often its interval holds it, and how wide it is.

An interval of 95 % reaches as far as 1.96 standard deviations of its errors: errors by the distance to the end that
lies towards the truth have a root mean square of about 0.51. Wider intervals promise less than the labels tell.
"""

from collections import defaultdict
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.annotator_bias import anchoring
from feedloop.estimation.calibration import calibration
from feedloop.estimation.confusion import per_class
from feedloop.estimation.intervals import change
from tests.support.seeds import SOAK, seeds
from tests.support.worlds import SCENARIOS, UNSEEN, window

WINDOWS, LABELS, ENOUGH = seeds(24, soak=200), 20, 10
FOLLOWED = [name for name, world in SCENARIOS.items() if world.anchored]
WIDTHS = {  # per world: root mean square of errors by the distance to the interval's end
    "best": (0.33, 0.8),
    "blind": (0.33, 0.8),
    "change": (0.33, 0.8),
    "precision": (0.36, 0.56),
    "recall": (0.36, 0.56),
    "bin": (0.25, 0.65),
    "anchoring": (0.33, 0.75),
}
SIDES = {  # as found over all worlds: by the end that is too high, and by the end that is too low
    "best": (0.57, 0.52),
    "blind": (0.55, 0.57),
    "change": (0.55, 0.69),
    "precision": (0.33, 0.55),
    "recall": (0.32, 0.59),
    "bin": (0.56, 0.29),
    "anchoring": (0.44, 0.56),
}
CASES = [
    (world, kind)
    for world in SCENARIOS
    for kind in WIDTHS
    if (kind != "anchoring" or world in FOLLOWED) and (kind != "bin" or world not in FOLLOWED)
]
"""A bin is corrected by the whole window's annotator bias: where annotators follow the model it holds less often."""


def estimates(one):
    """Each estimate of a window that rests on enough labels, and the truth."""
    whole, right, seen = accuracy(one.observed), one.predicted == one.truth, one.informed != UNSEEN
    yield "best", whole.best, one.accuracy
    yield "blind", whole.blind, one.accuracy
    agreed = (one.informed == one.predicted)[seen].mean()
    yield "anchoring", anchoring(one.observed.columns).difference, agreed - right[seen].mean()
    for index, found in per_class(one.observed).items():
        if (one.blind & (one.predicted == index)).sum() >= ENOUGH:
            yield "precision", found.precision, one.precision(index)
        if (one.blind & (one.truth == index)).sum() >= ENOUGH:
            yield "recall", found.recall, one.recall(index)
    for number, of_bin in enumerate(calibration(one.observed).bins):
        inside = one.per_mille // 100 == number
        if (one.blind & inside).sum() >= ENOUGH:
            yield "bin", of_bin.accuracy, right[inside].mean()


def ends(estimate, truth):
    """How far an estimate lies above the truth, and how far it reaches to either side."""
    assert estimate is not None
    return estimate.value - truth, estimate.value - estimate.low, estimate.high - estimate.value


@cache
def errors(name):
    found, before = defaultdict(list), None
    for seed in WINDOWS:
        one = window(replace(SCENARIOS[name], labels=LABELS), np.random.default_rng(seed))
        for kind, estimate, truth in estimates(one):
            found[kind].append(ends(estimate, truth))
            if kind == "best":
                if before:
                    found["change"].append(ends(change(before[0], estimate), truth - before[1]))
                before = estimate, truth
    return {kind: np.array(rows) for kind, rows in found.items()}


def reached(rows):
    """Errors by the distance to the end of the interval that lies towards the truth; above 0 is an end too high."""
    error, below, above = rows.T
    return error / np.maximum(np.where(error > 0, below, above), 1e-9)


def spread(shares):
    return float(np.sqrt((shares**2).mean()))


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_an_interval_holds_the_truth_on_either_side(name, kind):
    shares = reached(errors(name)[kind])
    allowed = 0.08 * len(shares) + 1.5
    assert (shares > 1 + 1e-6).sum() <= allowed
    assert (shares < -1 - 1e-6).sum() <= allowed


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_an_interval_is_about_as_wide_as_its_errors(name, kind):
    narrow, wide = WIDTHS[kind]
    assert narrow < spread(reached(errors(name)[kind])) < wide


@pytest.mark.parametrize("kind", WIDTHS)
def test_no_end_of_an_interval_moves_unnoticed(kind):
    shares = np.concatenate([reached(errors(name)[kind]) for name, other in CASES if other == kind])
    found = spread(shares[shares > 0]), spread(shares[shares <= 0])
    assert found == pytest.approx(SIDES[kind], rel=0.3 if SOAK else 0.04)
