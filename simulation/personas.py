"""Invented people: what a visitor does with an answer, and what an annotator says of a picture.

Whoever drew a picture knows what it shows: its truth is the name of a class, or NONE_OF_THESE.
"""

from dataclasses import dataclass
from random import Random

from feedloop.domain.classes import CANNOT_TELL, NONE_OF_THESE
from simulation.plan import Plan
from training.data.drawings import CLASSES

MANUAL, ACCEPTED, CHANGED = "manual", "prediction", "prediction-changed"
"""Where an answer comes from, in Label Studio's words."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a visitor does after an answer: perhaps flags it, perhaps names another class."""

    flags: bool
    relabels: str  # empty: no


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotator submits; no choice at all is a skip."""

    choice: str
    origin: str


def visit(plan: Plan, truth: str, told: str, chance: Random) -> Deed:
    """A visitor who was told a class. Most say nothing, a few are wrong about it."""
    wrong = truth != told
    flags = chance.random() < (plan.flags if wrong else plan.false_flags)
    relabels = chance.random() < (plan.relabels if wrong else plan.false_relabels)
    better = truth if wrong and truth != NONE_OF_THESE else _other(told, chance)
    return Deed(flags, better if relabels else "")


def annotate(plan: Plan, mistakes: float, truth: str, shown: str, chance: Random) -> Answer:
    """An annotator's answer, wrong with that probability; the model's was `shown` (empty: blind)."""
    fate = chance.random()
    if fate < plan.skips:
        return Answer("", MANUAL)
    choice = CANNOT_TELL if fate < plan.skips + plan.unclear else _chosen(plan, mistakes, truth, shown, chance)
    if not shown:
        return Answer(choice, MANUAL)
    return Answer(choice, ACCEPTED if choice == shown else CHANGED)


def _chosen(plan: Plan, mistakes: float, truth: str, shown: str, chance: Random) -> str:
    if shown and shown != truth and chance.random() < plan.anchoring:
        return shown
    return _other(truth, chance) if chance.random() < mistakes else truth


def _other(than: str, chance: Random) -> str:
    return chance.choice([name for name in CLASSES if name != than])
