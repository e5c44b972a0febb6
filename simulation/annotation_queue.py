"""Annotators at work: every open task gets one answer, each annotator answering one after the other."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from feedloop.domain import keys
from simulation import personas
from simulation.personas import Answer
from simulation.plan import Plan
from simulation.truth import Truth


@dataclass(frozen=True, slots=True)
class Task:
    """One picture that waits for an answer."""

    queue: str
    number: str  # where the answers go calls it so
    random: str  # of the prediction behind its picture
    shown: str  # the model's answer; empty where annotators are blind


class Office(Protocol):
    """Where annotators see their tasks and answer them."""

    def is_open(self) -> bool:
        """Whether annotators can work already."""

    def tasks(self, queue: str) -> list[Task]:
        """What waits. Raises Unavailable."""

    def submit(self, task: Task, who: int, answer: Answer, seconds: float) -> None:
        """One answer, which took the annotator so many seconds. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Annotators:
    """The invented people of a plan, who know what every picture shows."""

    plan: Plan
    truth: Truth

    def work(self, office: Office, step: Callable[[int, int], None]) -> Counter[str]:
        """Answer all that waits; how many answers went to which queue. `step` is told how far they are."""
        tasks = [task for queue in keys.REVIEW_QUEUES for task in office.tasks(queue)]
        done = Counter[str]()
        with ThreadPoolExecutor(len(self.plan.annotators)) as pool:
            for queue in pool.map(lambda task: self._answer(office, task), tasks):
                done[queue] += 1
                step(done.total(), len(tasks))
        return done

    def _answer(self, office: Office, task: Task) -> str:
        fact = self.truth.of(task.random)
        if fact is None:  # somebody's picture that we did not draw
            return "not ours"
        who = int(task.random, 16) % len(self.plan.annotators)
        chance = self.plan.chance("annotator", task.queue, task.random)
        answer = personas.annotate(self.plan, self.plan.annotators[who], fact.truth, task.shown, chance)
        office.submit(task, who, answer, round(chance.uniform(1, 9), 1))
        return task.queue
