"""True accuracy beside what the report says of the same days."""

from dataclasses import dataclass
from typing import Any

from feedloop.domain.class_names import NONE_OF_THESE
from simulation.journal import Journal
from simulation.plan import Plan
from simulation.site import Site
from simulation.truth import Truth
from simulation.visitors import reaction

ReportedEstimate = dict[str, Any] | None
"""An estimate of the report: `value`, `low`, `high`, `labels`; None where there are no labels."""


@dataclass(frozen=True, slots=True)
class Score:
    """One phase of the simulation."""

    phase: str
    pictures: int
    true: float
    blind: ReportedEstimate
    best: ReportedEstimate
    labels: int


@dataclass(frozen=True, slots=True)
class Visits:
    """What visitors did, counted."""

    uploads: int
    nothing: int
    flags: int
    false_flags: int
    relabels: int
    false_relabels: int


def phases(plan: Plan) -> dict[str, range]:
    """The days of each phase, by what is going on."""
    named = {
        "drifting": range(plan.adrift),
        "drifted": range(plan.adrift, plan.days),
        "retrained": range(plan.days, plan.whole),
    }
    return {f"{days[0] + 1}-{days[-1] + 1} {what}": days for what, days in named.items() if days}


def by_phase(journal: Journal, truth: Truth, site: Site) -> list[Score]:
    """Every phase. Raises Unavailable."""
    return [_score(phase, days, journal, truth, site) for phase, days in phases(journal.plan).items()]


def _score(phase: str, days: range, journal: Journal, truth: Truth, site: Site) -> Score:
    accuracy = site.report(journal.date(days[0]), journal.date(days[-1]))["accuracy"]
    pictures = sum(fact.day in days for fact in truth)
    labels = sum(accuracy["labels"].values())
    return Score(phase, pictures, truth.accuracy(days), accuracy["blind"], accuracy["best"], labels)


def visits(plan: Plan, truth: Truth) -> Visits:
    """What visitors did: decided by chance that is drawn again here, from the same plan."""
    reactions = [(fact, reaction(plan, fact)) for fact in truth]
    return Visits(
        uploads=len(reactions),
        nothing=sum(fact.true_class == NONE_OF_THESE for fact, _ in reactions),
        flags=sum(one.flags for _, one in reactions),
        false_flags=sum(one.flags and fact.right for fact, one in reactions),
        relabels=sum(bool(one.relabels) for _, one in reactions),
        false_relabels=sum(one.relabels not in ("", fact.true_class) for fact, one in reactions),
    )
