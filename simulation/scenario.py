"""The whole scenario: days with the old model, retraining through the gate, days with the new one, and the table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from local import data_directory, stack
from local.settings import Choices
from simulation import console, retraining, scores
from simulation.annotation_queue import AnnotationQueue, Annotators
from simulation.days import World, check
from simulation.direct import DirectQueue
from simulation.journal import HOME, Journal
from simulation.label_studio import LabelStudioQueue
from simulation.plan import DIRECT, Plan
from simulation.site import Site
from simulation.system import System, running
from simulation.truth import Truth
from simulation.visitors import Visitors
from training.commands import store_connection


@dataclass(frozen=True, slots=True)
class Scenario:
    """A simulation in a data directory. `environment` is what its system is started with."""

    choices: Choices
    plan: Plan
    environment: Mapping[str, str]

    def run(self, wait: Callable[[], object]) -> None:
        """Simulate what is left, show the table, and leave everything running until `wait` returns.

        Raises WrongSetting for a data directory that is not ours, and Unavailable when a part does not work.
        """
        home = self.choices.data_dir / HOME
        with data_directory.locked(home):
            journal = Journal.open(self.choices.data_dir, self.plan)
            console.say(_beginning(journal))
            with running(self.choices, home, self.environment) as system:
                world = self._world(system, journal)
                for (
                    function
                ) in world.schedules:  # leases of runs that were killed: else nobody comes before they run out
                    world.store.delete(keys.lease(function))
                for day in range(journal.done):
                    check(world.store, world.truth, journal.date(day))
                _simulate_days(world, system)
                system.clock.set(utc_now())
                self._conclude(world, system)
                wait()

    def _world(self, system: System, journal: Journal) -> World:
        truth = Truth(journal.path.with_name("truth.jsonl"))
        site = Site(self.choices.gateway)
        return World(
            journal=journal,
            site=site,
            store=store_connection.open_store({"DATA_DIR": str(self.choices.data_dir)}),
            clock=system.clock,
            truth=truth,
            visitors=Visitors(self.plan, site, truth, system.clock),
            annotators=Annotators(self.plan, truth),
            annotation_queue=_annotation_queue(self.plan, system, journal.path.with_name("annotators.json")),
            schedules={function.name: function.schedule for function in stack.load_functions() if function.schedule},
            show_progress=console.show_progress,
        )

    def _conclude(self, world: World, system: System) -> None:
        """The table, what was done, and where to look."""
        console.show_scores(scores.by_phase(world.journal, world.truth, world.site))
        visits = scores.visits(self.plan, world.truth)
        console.say(
            f"{visits.uploads} uploads, {visits.nothing} of none of the classes;"
            f" {visits.flags} flagged ({visits.false_flags} falsely),"
            f" {visits.relabels} corrected ({visits.false_relabels} falsely)"
        )
        login = system.connection().get("label_studio", {})
        console.say(f"website {self.choices.gateway}/   report {self.choices.gateway}/report.html")
        if login:
            console.say(f"Label Studio {login['url']}   {login.get('username')} / {login.get('password')}")
        console.say(f"data, logs and true classes in {self.choices.data_dir}; Ctrl-C stops everything and keeps them")


def _annotation_queue(plan: Plan, system: System, kept: Path) -> AnnotationQueue:
    if plan.annotator == DIRECT:
        data_dir = str(system.data_dir)
        return DirectQueue(store_connection.open_store({"DATA_DIR": data_dir}), system.clock)
    return LabelStudioQueue(lambda: system.connection().get("label_studio", {}), len(plan.annotators), kept)


def _simulate_days(world: World, system: System) -> None:
    """Every day that has not passed yet, and retraining between the two models."""
    journal, plan = world.journal, world.journal.plan
    for day in range(journal.done, plan.whole):
        if day == plan.days and not journal.decision:
            console.say("retraining on what was collected")
            journal = retraining.retrain(journal, world.site, system, world.show_progress)
            console.say(journal.decision)
        answers = world.simulate_day(day, settle=day + 1 in (plan.days, plan.whole))
        console.say(_day(journal, world.truth, day, answers.total()))
        journal = replace(journal, done=day + 1).written()


def _beginning(journal: Journal) -> str:
    plan = journal.plan
    goes_on = f"going on after day {journal.done}" if journal.done else "a new simulation"
    many = sum(map(plan.uploads, range(plan.whole)))
    return (
        f"{goes_on}: {plan.whole} days from {journal.first} to {journal.date(plan.whole - 1)}, {many} pictures,"
        f" {len(plan.annotators)} annotators ({plan.annotator})"
    )


def _day(journal: Journal, truth: Truth, day: int, answers: int) -> str:
    facts = [fact for fact in truth if fact.day == day]
    answered = f"{answers} answers of annotators" if answers else "annotators answer later"
    drift = max(getattr(journal.plan.style_of(day), name) for name in ("palette", "line", "background", "scale"))
    return (
        f"day {day + 1:2d} ({journal.date(day)}): {len(facts):4d} pictures, drift {drift:.0%},"
        f" true accuracy {truth.accuracy(range(day, day + 1)):.0%}; {answered}"
    )
