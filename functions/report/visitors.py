"""What visitors said, and whether annotators agree: their words never count in the accuracy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feedloop.domain.answers import is_known
from feedloop.domain.observations import Observation


@dataclass(frozen=True, slots=True)
class Said:
    """Of so many, so many were confirmed by annotators who looked at them."""

    told: int
    looked_at: int
    confirmed: int


def flags(observations: Iterable[Observation]) -> Said:
    """Predictions that visitors called wrong; annotators who saw the model's answer say so too, or not."""
    flagged = [one for one in observations if one.flagged]
    answered = [one for one in flagged if is_known(one.flag)]
    return Said(len(flagged), len(answered), sum(one.flag != one.predicted for one in answered))


def relabels(observations: Iterable[Observation]) -> Said:
    """Predictions that visitors gave a class; annotators of any queue, the blind ones first, say the same or not."""
    relabelled = [one for one in observations if is_known(one.visitor)]
    answers = [(one.visitor, _annotators(one)) for one in relabelled]
    known = [(visitor, annotators) for visitor, annotators in answers if annotators is not None]
    return Said(len(relabelled), len(known), sum(visitor == annotators for visitor, annotators in known))


def _annotators(one: Observation) -> int | None:
    given: Sequence[int | None] = (one.blind, one.informed, one.flag)
    return next((answer for answer in given if is_known(answer)), None)
