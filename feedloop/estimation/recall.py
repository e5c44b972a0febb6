"""How much of a class the model finds: a ratio, since nobody knows how many pictures of a class there are."""

from math import inf, sqrt

import numpy as np

from feedloop.estimation.estimate import Estimate
from feedloop.estimation.shares import Known, Part, by_sample, mixed
from feedloop.estimation.truths import Truths
from feedloop.estimation.window import Window


def recall(index: int, window: Window, truths: Truths) -> Estimate | None:
    """The share of the class that the model called so.

    found / (found + missed). Found is the precision times what was called so; missed is the share of the class in what
    was called otherwise, times the number of that. Both are shares with a known whole and independent samples. Where
    one sample is empty: the share among random labels of the class, None without those.
    """
    found = window.best(window.called(index))
    missed = _missed(index, window, truths)
    if found is None or missed is None:
        return by_sample(window.answers, np.equal(window.answers.blind, index))
    called = window.called(index).predictions
    others = window.called(None).predictions - called
    value = found.value * called / (found.value * called + missed.value * others or 1)
    low, high = _ratio(_times(missed, others), _times(found, called))
    answers = window.answers
    labels = np.equal(answers.blind, index).sum() + (answers.known & np.equal(answers.informed, index)).sum()
    return Estimate(value, min(1 / (1 + high), value), max(1 / (1 + low), value), int(labels))


def _missed(index: int, window: Window, truths: Truths) -> Estimate | None:
    """The share of the class in what was called otherwise."""
    answers = window.answers
    called = window.called(index)
    part = Part(~called.rows, window.called(None).predictions - called.predictions, 0.0)
    named = sum(number for (truth, called), number in truths.said.items() if truth == index != called)
    hidden = sum(number for (truth, _), number in truths.hidden.items() if truth == index)
    honesty = window.honesty
    known = Known(
        int((part.rows & answers.known).sum()),
        named * (1 - honesty.refused_wrongly.value) + hidden * honesty.agreed_wrongly.value,
        honesty.variance(hidden, named),
    )
    return mixed(answers, part, known, np.equal(answers.blind, index))


def _times(share: Estimate, size: int) -> tuple[float, float, float]:
    return share.value * size, share.low * size, share.high * size


def _ratio(above: tuple[float, float, float], below: tuple[float, float, float]) -> tuple[float, float]:
    """The interval of the ratio of two independent estimates, each given with its own.

    MOVER-R: Donner and Zou (2012), Statistical Methods in Medical Research 21:347; Newcombe (2016), ibid. 25:1774.
    """
    a, a_low, a_high = above
    b, b_low, b_high = below
    near, far = a_low * (2 * a - a_low), a_high * (2 * a - a_high)
    root_near = sqrt(max((a * b) ** 2 - near * b_high * (2 * b - b_high), 0))
    root_far = sqrt(max((a * b) ** 2 - far * b_low * (2 * b - b_low), 0))
    low = near / (a * b + root_near) if a * b + root_near else 0.0
    high = (a * b + root_far) / (b_low * (2 * b - b_low)) if b_low else inf
    return low, high
