"""Annotators without Label Studio: their answers are written to the store in its file's shape."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from feedloop.domain import keys
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists
from feedloop.ports import Clock, ObjectStore
from simulation.annotation_queue import Task
from simulation.label_studio import annotation
from simulation.personas import Answer

_ID = 13
"""Hexadecimal digits of a sample key that make an annotation's id: a number that any JSON reader takes."""


@dataclass(frozen=True, slots=True)
class Direct:
    """The same answers as Label Studio's, in their time of the simulation."""

    store: ObjectStore
    clock: Clock

    def is_open(self) -> bool:
        """Always."""
        return True

    def tasks(self, queue: str) -> list[Task]:
        """Those without a file. Raises Unavailable."""
        done = {entry.key for entry in self.store.list(keys.outputs(queue))}
        randoms = [keys.read_task(queue, entry.key) for entry in self.store.list(keys.tasks(queue))]
        waiting = [random for random in randoms if keys.output(queue, _number(random)).key not in done]
        return [Task(queue, _number(random), random, self._shown(queue, random)) for random in waiting]

    def submit(self, task: Task, who: int, answer: Answer, seconds: float) -> None:
        """Write once. Raises Unavailable."""
        ref, now = keys.output(task.queue, task.number), self.clock()
        with suppress(AlreadyExists):
            self.store.create(ref, dump(self._file(task, who, answer, seconds, iso(now - timedelta(seconds=1)))))

    def _file(self, task: Task, who: int, answer: Answer, seconds: float, at: str) -> Document:
        image = self.store.url(keys.image(task.random))
        made = {"id": int(task.number), "completed_by": {"id": who + 1}, "created_at": at, "updated_at": at}
        return {**annotation(answer, seconds), **made, "task": {"data": {"image": image}}}

    def _shown(self, queue: str, random: str) -> str:
        if queue == keys.RANDOM_SAMPLED:
            return ""
        return str(load(self.store.get(keys.task(queue, random)).body)["data"]["ml_prediction"])


def _number(random: str) -> str:
    return str(int(random[:_ID], 16))
