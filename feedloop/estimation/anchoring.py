"""Whether annotators who see the model's answer follow it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from feedloop.estimation.change import change
from feedloop.estimation.counted import Day, Row
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.sample import Sample
from feedloop.estimation.shares import weighted_share


@dataclass(frozen=True, slots=True)
class Anchoring:
    """On low-confidence pictures: how often annotators agree with the model, seeing its answer and not seeing it."""

    accepted: Estimate | None
    blind_agreement: Estimate | None
    difference: Estimate | None
    """Accepted minus blind: above 0 they follow."""


def anchoring(days: Sequence[Day], rows: Iterable[Row]) -> Anchoring:
    """Compare informed answers with the random sample's answers to low-confidence pictures."""
    sample = Sample.of(days, [row for row in rows if row.low])
    known, drawn = sample.known, sample.drawn
    accepted = weighted_share((sample.predicted == sample.informed)[known], np.ones(int(known.sum())))
    blind = weighted_share((sample.predicted == sample.blind)[drawn], sample.weight[drawn])
    return Anchoring(accepted, blind, change(blind, accepted))
