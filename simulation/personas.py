"""Simulated people: what a visitor does with an answer, and what an annotator says of a picture.

The true class of a picture is known, since it was drawn: the name of a class, or NONE_OF_THESE.
"""

from dataclasses import dataclass
from random import Random

from feedloop.domain.class_names import CANNOT_TELL, NONE_OF_THESE
from simulation.plan import Plan
from training.data.drawings import CLASSES

MANUAL, ACCEPTED, CHANGED = "manual", "prediction", "prediction-changed"
"""Where an answer comes from, in Label Studio's words."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a visitor does after an answer: perhaps flags it, perhaps names another class."""

    flags: bool
    relabels: str  # empty: no


@dataclass(frozen=True, slots=True)
class Submission:
    """What an annotator submits; no choice at all is a skip."""

    choice: str
    origin: str


def visit(plan: Plan, true_class: str, predicted: str, chance: Random) -> Reaction:
    """A visitor's reaction to a predicted class. Most do nothing, a few are wrong about it."""
    wrong = true_class != predicted
    flags = chance.random() < (plan.flags if wrong else plan.false_flags)
    relabels = chance.random() < (plan.relabels if wrong else plan.false_relabels)
    better = true_class if wrong and true_class != NONE_OF_THESE else _other(predicted, chance)
    return Reaction(flags, better if relabels else "")


def annotate(plan: Plan, mistakes: float, true_class: str, predicted: str, chance: Random) -> Submission:
    """An annotator's answer, wrong with that probability; they see `predicted` chosen already (empty: blind)."""
    fate = chance.random()
    if fate < plan.skips:
        return Submission("", MANUAL)
    choice = CANNOT_TELL if fate < plan.skips + plan.unclear else _chosen(plan, mistakes, true_class, predicted, chance)
    if not predicted:
        return Submission(choice, MANUAL)
    return Submission(choice, ACCEPTED if choice == predicted else CHANGED)


def _chosen(plan: Plan, mistakes: float, true_class: str, predicted: str, chance: Random) -> str:
    if predicted and predicted != true_class and chance.random() < plan.anchoring:
        return predicted
    return _other(true_class, chance) if chance.random() < mistakes else true_class


def _other(than: str, chance: Random) -> str:
    return chance.choice([name for name in CLASSES if name != than])
