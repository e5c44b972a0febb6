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
from simulation.personas import Submission

_ID = 13
"""Hexadecimal digits of a sample key that make an annotation's id: a number that any JSON reader takes."""


@dataclass(frozen=True, slots=True)
class DirectQueue:
    """The same answers as Label Studio's, in their time of the simulation."""

    store: ObjectStore
    clock: Clock

    def is_open(self) -> bool:
        """Always."""
        return True

    def tasks(self, queue: str) -> list[Task]:
        """Those without a file. Raises Unavailable."""
        done = {entry.key for entry in self.store.list(keys.outputs(queue))}
        sample_keys = [keys.parse_task(queue, entry.key) for entry in self.store.list(keys.tasks(queue))]
        waiting = [sample_key for sample_key in sample_keys if keys.output(queue, _number(sample_key)).key not in done]
        return [
            Task(queue, _number(sample_key), sample_key, self._predicted(queue, sample_key)) for sample_key in waiting
        ]

    def submit(self, task: Task, who: int, answer: Submission, seconds: float) -> None:
        """Write once. Raises Unavailable."""
        ref, now = keys.output(task.queue, task.number), self.clock()
        with suppress(AlreadyExists):
            self.store.create(ref, dump(self._file(task, who, answer, seconds, iso(now - timedelta(seconds=1)))))

    def _file(self, task: Task, who: int, answer: Submission, seconds: float, at: str) -> Document:
        image = self.store.url(keys.image(task.sample_key))
        made = {"id": int(task.number), "completed_by": {"id": who + 1}, "created_at": at, "updated_at": at}
        return {**annotation(answer, seconds), **made, "task": {"data": {"image": image}}}

    def _predicted(self, queue: str, sample_key: str) -> str:
        if queue == keys.RANDOM_SAMPLED:
            return ""
        return str(load(self.store.get(keys.task(queue, sample_key)).body)["data"]["ml_prediction"])


def _number(sample_key: str) -> str:
    return str(int(sample_key[:_ID], 16))
