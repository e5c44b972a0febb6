"""Whether annotators who see the model's answer follow it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from feedloop.domain.observations import Day, Row
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.intervals import wilson
from feedloop.estimation.paired import paired_difference
from feedloop.estimation.window import Window


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Of pictures that annotators answered in sight of the model's answer."""

    accepted: Estimate | None
    """How often they agreed with it."""
    blind_agreement: Estimate | None
    """How often blind annotators would have: `accepted` less the difference."""
    difference: Estimate | None
    """Of pictures with both answers, accepted minus blind: above 0 they follow."""


def anchoring(days: Sequence[Day], rows: Iterable[Row]) -> Anchoring:
    """Compare informed with blind answers to the same pictures; without such pictures only `accepted` is known."""
    answers = Window.of(days, rows).answers
    known, double = answers.known, answers.known & answers.drawn
    count = int(known.sum())
    if not count:
        return Anchoring(None, None, None)
    share = float(answers.said_right[known].mean())
    accepted = Estimate(share, *wilson(share, count), count)
    if not double.any():
        return Anchoring(accepted, None, None)
    gain = answers.said_right[double].astype(float) - answers.right[double]
    follow = paired_difference(gain, answers.weight[double])
    value, low, high = (float(np.clip(share - end, 0, 1)) for end in (follow.value, follow.high, follow.low))
    return Anchoring(accepted, Estimate(value, low, high, follow.labels), follow)
