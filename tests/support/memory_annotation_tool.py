"""Label Studio in memory, and what annotators do there."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Any

from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import (
    AnnotationToolDown,
    AnnotationToolMisconfigured,
    Changed,
    ConfigRefused,
    StoreDown,
    TaskRefused,
)
from feedloop.domain.label_config import choices, label_config
from feedloop.domain.review import TITLES, is_chosen
from feedloop.ports import Clock, ObjectStore, PreAnnotation, Project, RemoteAnnotation
from tests.support import world
from tests.support.world import NOON


@dataclass
class Task:
    id: int
    project: int
    task: Document
    updated_at: datetime
    answers: dict[int, Document] = field(default_factory=dict)
    draft: bool | str = False
    """Whether there is one, or what it chooses."""

    @property
    def image(self) -> str:
        return str(self.task["data"]["image"])


class MemoryAnnotationTool:
    """A AnnotationTool; with a store it writes annotations there, as the target storages of the set-up do."""

    def __init__(self, store: ObjectStore | None = None, *, clock: Clock = lambda: NOON) -> None:
        self._store, self._clock, self._lock = store, clock, Lock()
        self._births: dict[str, tuple[int, datetime]] = {}
        self.tasks: dict[int, Task] = {}
        self.configs: dict[int, str] = {}
        self._written: set[int] = set()
        self._next_project, self._next_task, self._next_annotation = count(1), count(1), count(1)
        self.down, self.store_is_away = False, False
        self.refuses: set[str] = set()
        self.unreadable: set[int] = set()
        for title in TITLES.values():
            self.open(title)

    def open(self, title: str) -> None:
        """A new project, of this birth."""
        self._births[title] = (next(self._next_project), self._clock())
        self.configs[self._births[title][0]] = label_config(ClassList.of(world.CLASSES))

    def close(self, title: str) -> None:
        """Delete a project with all that is in it; its files stay in the store."""
        gone, _ = self._births.pop(title)
        self.tasks = {task.id: task for task in self.tasks.values() if task.project != gone}

    def projects(self) -> list[Project]:
        with self._working():
            now, births = self._clock(), sorted(self._births.items(), key=lambda one: one[1])
            return [Project(id_, title, at, self._annotations(id_), now) for title, (id_, at) in births]

    def add(self, project: Project, tasks: Sequence[Document]) -> list[int]:
        with self._working():
            self._check(project)
            for task in tasks:
                if not isinstance(task["data"].get("image"), str) or task["data"]["image"] in self.refuses:
                    raise TaskRefused(f"HTTP 400: Error at item {tasks.index(task)}")
            made = [Task(next(self._next_task), project.id, task, self._clock()) for task in tasks]
            self.tasks.update({task.id: task for task in made})
            return [task.id for task in made]

    def find(self, project: Project, images: Collection[str]) -> dict[str, int]:
        with self._working():
            tasks = sorted(self._of(project), key=lambda task: task.id, reverse=True)
            return {task.image: task.id for task in tasks if task.image in images}

    def remove(self, task: int, image: str) -> None:
        with self._working():
            found = self.tasks.get(task)
            if found and found.image == image and not found.answers and not found.draft:
                del self.tasks[task]

    def annotations(
        self, project: Project, *, since: datetime, after: int, unreadable: set[int] | None = None
    ) -> Iterator[RemoteAnnotation]:
        with self._working():
            tasks = [task for task in self._of(project) if task.answers]
            chosen = [task for task in tasks if task.updated_at > since or max(task.answers) > after]
            failing = {task.id for task in chosen if task.id in self.unreadable}
            (set() if unreadable is None else unreadable).update(failing)
            told = [task for task in chosen if task.id not in failing]
            found = [self._answer(task, annotation) for task in told for annotation in task.answers.values()]
        yield from found

    def has_annotation(self, annotation: int) -> bool:
        with self._working():
            return any(annotation in task.answers for task in self.tasks.values())

    def label_config(self, project: Project) -> str:
        with self._working():
            self._check(project)
            return self.configs[project.id]

    def set_label_config(self, project: Project, config: str, *, instead_of: str) -> None:
        with self._working():
            self._check(project)
            if self.configs[project.id] != instead_of:
                raise Changed(project.title)
            if not choices(config):  # as where a question is gone that somebody has answered
                raise ConfigRefused("HTTP 400: Created annotations are incompatible")
            self.configs[project.id] = config

    def choices_in_use(self, project: Project, among: Collection[str]) -> set[str]:
        with self._working():
            tasks = self._of(project)
            answers = [answer["result"] for task in tasks for answer in task.answers.values()]
            drafts = {task.draft for task in tasks}
            return {one for one in among if one in drafts or any(is_chosen(one, result) for result in answers)}

    def pre_annotations(self, project: Project, choice: str) -> Iterator[PreAnnotation]:
        with self._working():
            found = [
                PreAnnotation(task.id, guess["result"])
                for task in self._of(project)
                for guess in task.task["predictions"]
                if not task.answers and is_chosen(choice, guess["result"])
            ]
        yield from found

    def set_pre_annotation(self, pre_annotation: PreAnnotation) -> None:
        with self._working():
            if task := self.tasks.get(pre_annotation.id):  # each has at most one
                (guess,) = task.task["predictions"]
                task.task = {**task.task, "predictions": [{**guess, "result": pre_annotation.result}]}

    def annotate(self, task: int, choice: str | None) -> int:
        """Answer or skip; the annotation stays although its file may not be written."""
        annotation = next(self._next_annotation)
        found = self.tasks[task]
        found.answers[annotation] = {"id": annotation, "created_at": iso(self._clock()), **self._said(choice)}
        with suppress(StoreDown):
            self._write(found, annotation)
            found.updated_at = self._clock()
        return annotation

    def change(self, annotation: int, choice: str | None) -> None:
        task = self._task_of(annotation)
        task.answers[annotation] |= self._said(choice)
        task.updated_at = self._clock()
        with suppress(StoreDown):
            self._write(task, annotation)

    def delete_annotation(self, annotation: int) -> None:
        """With its file, if Label Studio itself has ever written that."""
        task = self._task_of(annotation)
        if self._store and annotation in self._written:
            self._store.delete(keys.output(self._queue(task.project), str(annotation)))
        del task.answers[annotation]
        task.updated_at = self._clock()

    def delete_task(self, task: int) -> None:
        for annotation in list(self.tasks[task].answers):
            self.delete_annotation(annotation)
        del self.tasks[task]

    def shown(self, queue: str) -> list[str]:
        """The pictures before annotators, as often as they are there."""
        project, _ = self._births[TITLES[queue]]
        return sorted(task.image.rpartition("/")[2][:32] for task in self.tasks.values() if task.project == project)

    def _working(self) -> Lock:
        if self.down:
            raise AnnotationToolDown("Label Studio does not answer.")
        return self._lock

    def _check(self, project: Project) -> None:
        if project.id not in {number for number, _ in self._births.values()}:
            raise AnnotationToolMisconfigured("Label Studio has lost a project.")

    def _of(self, project: Project) -> list[Task]:
        self._check(project)
        return [task for task in self.tasks.values() if task.project == project.id]

    def _annotations(self, project: int) -> int:
        return sum(len(task.answers) for task in self.tasks.values() if task.project == project)

    def _task_of(self, annotation: int) -> Task:
        (found,) = [task for task in self.tasks.values() if annotation in task.answers]
        return found

    def _queue(self, project: int) -> str:
        (title,) = [title for title, (number, _) in self._births.items() if number == project]
        (queue,) = [queue for queue, named in TITLES.items() if named == title]
        return queue

    def _said(self, choice: str | None) -> dict[str, Any]:
        return {"result": world.result(choice), "was_cancelled": choice is None, "updated_at": iso(self._clock())}

    def _answer(self, task: Task, annotation: Document) -> RemoteAnnotation:
        body = {
            **annotation,
            "completed_by": {"id": 1},
            "lead_time": None,
            "project": task.project,
            "task": {"id": task.id, "data": task.task["data"]},
        }
        return RemoteAnnotation(annotation["id"], datetime.fromisoformat(annotation["updated_at"]), dump(body))

    def _write(self, task: Task, annotation: int) -> None:
        if self.store_is_away:
            raise StoreDown("The store does not answer.")
        if self._store:
            body = self._answer(task, task.answers[annotation]).body
            world.write(self._store, self._queue(task.project), str(annotation), body)
            self._written.add(annotation)
