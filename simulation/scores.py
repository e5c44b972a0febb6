"""True accuracy beside what the report says of the same days."""

from dataclasses import dataclass
from typing import Any

from feedloop.domain.classes import NONE_OF_THESE
from simulation.journal import Journal
from simulation.plan import Plan
from simulation.site import Site
from simulation.truth import Truth
from simulation.visitors import reaction

Told = dict[str, Any] | None
"""An estimate of the report: `value`, `low`, `high`, `labels`; None where there are no labels."""


@dataclass(frozen=True, slots=True)
class Row:
    """One phase of the simulation."""

    phase: str
    pictures: int
    true: float
    blind: Told
    best: Told
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
    found = {
        "drifting": range(plan.adrift),
        "drifted": range(plan.adrift, plan.days),
        "retrained": range(plan.days, plan.whole),
    }
    return {f"{days[0] + 1}-{days[-1] + 1} {what}": days for what, days in found.items() if days}


def rows(journal: Journal, truth: Truth, site: Site) -> list[Row]:
    """Every phase. Raises Unavailable."""
    return [_row(phase, days, journal, truth, site) for phase, days in phases(journal.plan).items()]


def _row(phase: str, days: range, journal: Journal, truth: Truth, site: Site) -> Row:
    told = site.report(journal.date(days[0]), journal.date(days[-1]))["accuracy"]
    pictures = sum(fact.day in days for fact in truth)
    labels = sum(told["labels"].values())
    return Row(phase, pictures, truth.accuracy(days), told["blind"], told["best"], labels)


def visits(plan: Plan, truth: Truth) -> Visits:
    """What visitors did: decided by chance that is drawn again here, from the same plan."""
    deeds = [(fact, reaction(plan, fact)) for fact in truth]
    return Visits(
        uploads=len(deeds),
        nothing=sum(fact.truth == NONE_OF_THESE for fact, _ in deeds),
        flags=sum(deed.flags for _, deed in deeds),
        false_flags=sum(deed.flags and fact.right for fact, deed in deeds),
        relabels=sum(bool(deed.relabels) for _, deed in deeds),
        false_relabels=sum(deed.relabels not in ("", fact.truth) for fact, deed in deeds),
    )
