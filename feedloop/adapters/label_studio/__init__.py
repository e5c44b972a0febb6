"""The AnnotationTool on Label Studio's HTTP interface."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from threading import Lock
from typing import Any

from requests import Response

from feedloop.adapters.label_studio.server import BROKEN, NOT_FOUND, Server, document_of, reason
from feedloop.domain.clock import parse_iso
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import AnnotationToolDown, Changed, ConfigRefused, TaskRefused
from feedloop.domain.proxies import DIRECT, Route
from feedloop.domain.review import CHOICES, is_chosen
from feedloop.ports import PreAnnotation, Project, RemoteAnnotation

_PROJECT_FIELDS = "id,title,created_at,total_annotations_number,skipped_annotations_number"
_PAGE, _MANY = 512, 1000
"""Tasks on a page (a power of two: one that fails is halved), and more projects than anybody has."""
_MOST_UNREADABLE = 100
"""More tasks that cannot be serialised are an outage."""
_IMAGES_PER_QUESTION = 25  # gunicorn takes addresses up to 4,094 characters
_BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0)
_REFUSALS = {400, 413, 422}

_TASK_FIELDS = (
    "id",
    "data",
    "meta",
    "created_at",
    "updated_at",
    "is_labeled",
    "overlap",
    "inner_id",
    "total_annotations",
    "cancelled_annotations",
    "total_predictions",
    "comment_count",
    "unresolved_comment_count",
    "last_comment_updated_at",
    "project",
    "file_upload",
    "comment_authors",
)
"""What Label Studio itself writes of a task into an annotation's file, as far as it tells it."""


class LabelStudioTool:
    """An AnnotationTool.

    What can be repeated is tried again when it fails. A list of tasks that goes on failing is halved down to the tasks
    that Label Studio cannot serialise: it keeps half of a surrogate pair, and fails whenever it should send it. An
    import is not tried again at once: tasks are committed before Label Studio counts them, so an error may follow
    success. We check whether they are there, then try again. Imports take turns: SQLite has one writer, and Label
    Studio lets whoever meets another one wait for many seconds. When it then tries an import again by itself it has
    lost the predictions, and only their number says so: we add them.
    """

    def __init__(
        self, *, url: str, token: str, route: Route = DIRECT, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._server = Server(url, token, route)
        self._pause = pause
        self._turn = Lock()

    def projects(self) -> Sequence[Project]:
        """All projects, the oldest first; several may have one title."""
        params = {"include": _PROJECT_FIELDS, "page_size": _MANY}
        response = self._server.ask("GET", "/api/projects", params=params)
        projects = (_project(one, response) for one in document_of(response)["results"])
        return sorted(projects, key=lambda project: project.id)

    def storages(self, project: Project) -> tuple[list[str], list[str]]:
        """Buckets of its source storages, and of its target storages: where pictures come from, and annotations go."""
        kinds = ("/api/storages/s3/", "/api/storages/export/s3")
        lists = (self._server.ask("GET", kind, params={"project": project.id}) for kind in kinds)
        sources, targets = (list[Any](document_of(response)) for response in lists)
        return [str(storage["bucket"]) for storage in sources], [str(storage["bucket"]) for storage in targets]

    def add(self, project: Project, tasks: Sequence[Document]) -> list[int]:
        """Import all tasks, or none, and return their ids in order. Raises TaskRefused."""
        path, params = f"/api/projects/{project.id}/import", {"return_task_ids": "true"}
        for pause in (*_BACKOFF, None):
            with self._turn:
                response = self._server.ask("POST", path, params=params, json=tasks)
            if response.status_code < BROKEN:
                return self._complete(project, tasks, _task_ids(response), response.json().get("prediction_count"))
            images = [task["data"]["image"] for task in tasks]
            ids = self.find(project, images)
            if len(ids) == len(tasks):
                return self._complete(project, tasks, [ids[image] for image in images], None)
            if pause is not None:
                self._pause(pause)
        raise AnnotationToolDown(f"Label Studio failed to import {len(tasks)} tasks: {reason(response)}")

    def find(self, project: Project, images: Collection[str]) -> dict[str, int]:
        """The tasks that show these pictures, by the picture's address; of two the older."""
        wanted = list(images)
        ids: dict[str, int] = {}
        for start in range(0, len(wanted), _IMAGES_PER_QUESTION):
            few = wanted[start : start + _IMAGES_PER_QUESTION]
            for task in self._tasks(project, [_filter("data.image", "in_list", "List", few)], set(), include="id,data"):
                ids.setdefault(task["data"]["image"], int(task["id"]))
        return ids

    def remove(self, task: int, image: str) -> None:
        """Delete a task that shows this picture, unless somebody began to answer it."""
        path = f"/api/tasks/{task}/"
        response = self._server.ask("GET", path, params={"resolve_uri": "false"})
        if response.status_code in {NOT_FOUND, BROKEN}:  # of ours, only what somebody added can make it fail
            return
        document = document_of(response)
        begun = document["annotations"] or document["drafts"] or document.get("draft_exists")
        if not begun and document["data"].get("image") == image:  # SQLite gives the id of a deleted task away again
            self._server.ask("DELETE", path)

    def annotations(
        self, project: Project, *, since: datetime, after: int, unreadable: set[int] | None = None
    ) -> Iterator[RemoteAnnotation]:
        """Annotations of tasks that changed later than `since`, and those with a higher id than `after`."""
        changed = _filter("updated_at", "greater", "Datetime", f"{since:%Y-%m-%dT%H:%M:%S.%fZ}")
        answered = _filter("annotations_ids", "greater", "Number", 0)
        newer = _filter("annotations_ids", "greater", "Number", after)
        filters, missed = [{**changed, "child_filter": answered}, newer], set() if unreadable is None else unreadable
        listed: set[int] = set()  # a task comes once for each of its annotations that fits
        for task in self._tasks(project, filters, missed, fields="all"):
            if task["id"] in listed:
                continue
            listed.add(task["id"])
            try:
                annotations = [_annotation(one, task) for one in task["annotations"]]
            except (KeyError, TypeError, ValueError, OverflowError):
                missed.add(task["id"])
            else:
                yield from annotations

    def has_annotation(self, annotation: int) -> bool:
        """Whether there is an annotation with this id."""
        response = self._server.ask("GET", f"/api/annotations/{annotation}/")
        if response.status_code in {NOT_FOUND, BROKEN}:  # it fails to serialise only what it has
            return response.status_code == BROKEN
        return bool(document_of(response))

    def label_config(self, project: Project) -> str:
        """What an annotator sees beside a picture, as XML."""
        response = self._server.ask("GET", f"/api/projects/{project.id}/", params={"include": "label_config"})
        return str(document_of(response)["label_config"] or "")

    def set_label_config(self, project: Project, config: str, *, instead_of: str) -> None:
        """Give the project another one. Raises Changed when it is not `instead_of` by now, and ConfigRefused."""
        if self.label_config(project) != instead_of:
            raise Changed(f"the label config of {project.title}")
        response = self._server.ask("PATCH", f"/api/projects/{project.id}/", json={"label_config": config})
        if response.status_code in _REFUSALS:
            raise ConfigRefused(reason(response))
        document_of(response)

    def choices_in_use(self, project: Project, among: Collection[str]) -> set[str]:
        """Those of these choices that annotations and drafts have.

        Label Studio counts them, but not those of annotations that somebody imported; of drafts also former ones.
        """
        summary = document_of(self._server.ask("GET", f"/api/projects/{project.id}/summary/"))
        counts = [(summary[kind] or {}).get(CHOICES, {}) for kind in ("created_labels", "created_labels_drafts")]
        counted = {choice for choice in among if any(choice in by_choice for by_choice in counts)}
        return counted | {choice for choice in {*among} - counted if self._is_answered(project, choice)}

    def _is_answered(self, project: Project, choice: str) -> bool:
        """Whether an annotation says so; `contains` also gives those of other case."""
        tasks = self._mentioning(project, "annotations_results", choice, include="id,annotations,result")
        return any(is_chosen(choice, one["result"]) for task in tasks for one in task["annotations"])

    def pre_annotations(self, project: Project, choice: str) -> Iterator[PreAnnotation]:
        """Those of unanswered tasks that choose this; perhaps some more that only mention it."""
        unanswered = _filter("total_annotations", "equal", "Number", 0)
        for task in self._mentioning(project, "predictions_results", choice, unanswered, include="id,predictions"):
            for prediction in task["predictions"]:
                yield PreAnnotation(int(prediction["id"]), prediction["result"])

    def _mentioning(
        self, project: Project, column: str, text: str, also: Document | None = None, *, include: str
    ) -> Iterator[Document]:
        """Tasks with this text in a column of JSON, which databases keep in different spellings.

        Only that is asked for: Label Studio may fail to tell the rest.
        """
        spelt = {json.dumps([text], ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
        filters = [_filter(column, "contains", "String", one) for one in sorted(spelt)]
        if also:
            filters = [{**one, "child_filter": also} for one in filters]
        return self._tasks(project, filters, set(), fields="all", include=include)

    def set_pre_annotation(self, pre_annotation: PreAnnotation) -> None:
        """Give the one with this id another result; one that is gone is fine."""
        path = f"/api/predictions/{pre_annotation.id}/"
        response = self._server.ask("PATCH", path, json={"result": pre_annotation.result})
        if response.status_code != NOT_FOUND:
            document_of(response)

    def _complete(self, project: Project, tasks: Sequence[Document], ids: list[int], kept: int | None) -> list[int]:
        """The ids, once all predictions are with their tasks; `kept` is how many came in with the import, if told."""
        predictions = [
            {**guess, "task": id_} for id_, task in zip(ids, tasks, strict=True) for guess in task["predictions"]
        ]
        if predictions and kept != len(predictions):  # of a blind project, which has none, all tasks would be listed
            none = _filter("total_predictions", "equal", "Number", 0)
            bare = {task["id"] for task in self._tasks(project, [none], set(), include="id")}
            self._predict(project, [guess for guess in predictions if guess["task"] in bare])
        return ids

    def _predict(self, project: Project, predictions: list[Document]) -> None:
        for pause in (*_BACKOFF, None) if predictions else ():
            response = self._server.ask("POST", f"/api/projects/{project.id}/import/predictions", json=predictions)
            if response.status_code < BROKEN or pause is None:
                document_of(response)
                return
            self._pause(pause)

    def _tasks(self, project: Project, either: list[Document], unreadable: set[int], **more: str) -> Iterator[Document]:
        """Tasks for which one of the filters holds, in the order of their ids; `unreadable` gets those that fail."""
        query = {"filters": {"conjunction": "or", "items": either}, "ordering": ["tasks:id"]}
        params = {"project": project.id, "query": json.dumps(query), "resolve_uri": "false", **more}
        for page in count(1):
            tasks, total = self._page(params, page, _PAGE, unreadable)
            yield from tasks
            if page * _PAGE >= total:
                return

    def _page(self, params: Document, page: int, size: int, unreadable: set[int]) -> tuple[list[Document], int]:
        """A page's tasks and the number of all, without tasks that Label Studio fails to serialise.

        Their ids it can list; when it cannot, or when many fail, it is down.
        """
        params = {**params, "page": page, "page_size": size}
        response = self._server.ask("GET", "/api/tasks", insist=size == _PAGE, params=params)
        if response.status_code != BROKEN:
            return _task_page(response)
        named, total = _task_page(self._server.ask("GET", "/api/tasks", params={**params, "include": "id"}))
        if len(named) <= 1:
            unreadable.update(int(task["id"]) for task in named)
            if len(unreadable) > _MOST_UNREADABLE:
                raise AnnotationToolDown(f"Label Studio failed to send {len(unreadable)} tasks: {reason(response)}")
            return [], total
        half = size // 2
        pages = [number for number in (2 * page - 1, 2 * page) if (number - 1) * half < total]
        return [task for number in pages for task in self._page(params, number, half, unreadable)[0]], total


def _filter(column: str, operator: str, kind: str, value: object) -> Document:
    """A condition as Label Studio's data manager writes it."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _project(document: Document, response: Response) -> Project:
    annotations = document["total_annotations_number"] + document["skipped_annotations_number"]
    try:
        as_of = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError) as error:
        raise AnnotationToolDown("Label Studio, or what stands before it, does not tell the time.") from error
    return Project(int(document["id"]), document["title"], parse_iso(document["created_at"]), annotations, as_of)


def _task_page(response: Response) -> tuple[list[Document], int]:
    """The tasks of a page, and how many there are on all. Raises AnnotationToolDown and AnnotationToolMisconfigured."""
    document = document_of(response)
    return document["tasks"], int(document["total"])


def _annotation(annotation: Document, task: Document) -> RemoteAnnotation:
    nested = {name: task[name] for name in _TASK_FIELDS if name in task}
    by = annotation["completed_by"]  # nobody, when the account was deleted
    body = {**annotation, "completed_by": by if by is None else {"id": by}, "task": nested}
    return RemoteAnnotation(int(annotation["id"]), parse_iso(annotation["updated_at"]), dump(body))


def _task_ids(response: Response) -> list[int]:
    if response.status_code in _REFUSALS:
        raise TaskRefused(reason(response))
    return [int(task) for task in document_of(response)["task_ids"]]
