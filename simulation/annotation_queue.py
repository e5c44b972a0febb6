"""Annotators at work: every open task gets one answer, each annotator answering one after the other."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from feedloop.domain import keys
from simulation import personas
from simulation.personas import Submission
from simulation.plan import Plan
from simulation.truth import Truth


@dataclass(frozen=True, slots=True)
class Task:
    """One picture that waits for an answer."""

    queue: str
    number: str  # where the answers go calls it so
    sample_key: str  # of the prediction behind its picture
    predicted: str  # the class that annotators see chosen already; empty where they are blind


class AnnotationQueue(Protocol):
    """Where annotators see their tasks and answer them."""

    def is_open(self) -> bool:
        """Whether annotators can work already."""

    def tasks(self, queue: str) -> list[Task]:
        """What waits. Raises Unavailable."""

    def submit(self, task: Task, who: int, answer: Submission, seconds: float) -> None:
        """One answer, which took the annotator so many seconds. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Annotators:
    """The simulated annotators of a plan, who know what every picture shows."""

    plan: Plan
    truth: Truth

    def work(self, annotation_queue: AnnotationQueue, on_progress: Callable[[int, int], None]) -> Counter[str]:
        """Answer all that waits; answers by queue. `on_progress` hears how many are done, of all."""
        tasks = [task for queue in keys.REVIEW_QUEUES for task in annotation_queue.tasks(queue)]
        done = Counter[str]()
        with ThreadPoolExecutor(len(self.plan.annotators)) as pool:
            for queue in pool.map(lambda task: self._answer(annotation_queue, task), tasks):
                done[queue] += 1
                on_progress(done.total(), len(tasks))
        return done

    def _answer(self, annotation_queue: AnnotationQueue, task: Task) -> str:
        fact = self.truth.of(task.sample_key)
        if fact is None:  # a picture that the simulation did not upload
            return "not ours"
        who = int(task.sample_key, 16) % len(self.plan.annotators)
        chance = self.plan.chance("annotator", task.queue, task.sample_key)
        answer = personas.annotate(self.plan, self.plan.annotators[who], fact.true_class, task.predicted, chance)
        annotation_queue.submit(task, who, answer, round(chance.uniform(1, 9), 1))
        return task.queue
