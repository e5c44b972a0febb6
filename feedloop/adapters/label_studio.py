"""The ReviewDesk on Label Studio's HTTP interface, five endpoints of it."""

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from threading import Lock
from typing import Any

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from feedloop.domain.clock import parse_iso
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import DeskDown, DeskMisconfigured, TaskRefused
from feedloop.ports import Answer, Project

_SET_UP = "run `python -m labelling setup`"
_PROJECT_FIELDS = "id,title,created_at,total_annotations_number,skipped_annotations_number"
_PAGE, _MANY = 500, 1000
_IMAGES_PER_QUESTION = 25  # gunicorn takes addresses up to 4,094 characters
_CONNECT, _SILENCE = 3.05, 120.0
_BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0)
_OK, _UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _BROKEN = 200, 401, 403, 404, 500
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


class _Token(AuthBase):
    """Who we are. A legacy token is shown as it is; a personal one (a JWT) is exchanged for access of five minutes."""

    def __init__(self, token: str) -> None:
        self.personal = token if token.count(".") == 2 else ""  # noqa: PLR2004 - header, claims, signature
        self.shown = f"Token {token}"

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self.shown
        return request


class LabelStudioDesk:
    """A ReviewDesk.

    Questions and deletions that fail are asked again. An import is not: tasks are committed before Label
    Studio counts them, so an error may follow success. We look whether they are there, then try again. Imports take
    turns: SQLite has one writer, and Label Studio lets whoever meets another one wait for many seconds. When it then
    tries an import again by itself it has lost the predictions, and says so only by their number: we add them.
    """

    def __init__(self, *, url: str, token: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._url = url.rstrip("/")
        self._token = _Token(token)
        self._pause = pause
        self._turn = Lock()
        again = Retry(
            total=3,
            backoff_factor=0.2,
            status_forcelist=[500, 502, 503, 504],
            allowed_methods=["GET", "DELETE"],
            raise_on_status=False,
        )
        self._session = Session()
        self._session.auth = self._token
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=again))

    def projects(self) -> Mapping[str, Project]:
        """All projects by title; of two with the same title the older."""
        asked = {"include": _PROJECT_FIELDS, "page_size": _MANY}
        answer = self._ask("GET", "/api/projects", params=asked)
        found = sorted(_document(answer)["results"], key=lambda project: project["id"], reverse=True)
        return {project["title"]: _project(project, answer) for project in found}

    def storages(self, project: Project) -> tuple[list[str], list[str]]:
        """Buckets of its source storages, and of its target storages: where pictures come from, and answers go."""
        asked = {"project": project.id}
        sources = self._told("GET", "/api/storages/s3/", params=asked)
        targets = self._told("GET", "/api/storages/export/s3", params=asked)
        return _buckets(sources), _buckets(targets)

    def add(self, project: Project, tasks: Sequence[Document]) -> list[int]:
        """Import all tasks, or none, and return their ids in order. Raises TaskRefused."""
        path, asked = f"/api/projects/{project.id}/import", {"return_task_ids": "true"}
        for pause in (*_BACKOFF, None):
            with self._turn:
                answer = self._ask("POST", path, params=asked, json=tasks)
            if answer.status_code < _BROKEN:
                return self._complete(project, tasks, _task_ids(answer), answer.json().get("prediction_count"))
            images = [task["data"]["image"] for task in tasks]
            found = self.find(project, images)
            if len(found) == len(tasks):
                return self._complete(project, tasks, [found[image] for image in images], None)
            if pause is not None:
                self._pause(pause)
        raise DeskDown(f"Label Studio failed to import {len(tasks)} tasks: {_reason(answer)}")

    def find(self, project: Project, images: Collection[str]) -> dict[str, int]:
        """The tasks that show these pictures, by the picture's address; of two the older."""
        wanted = list(images)
        found: dict[str, int] = {}
        for start in range(0, len(wanted), _IMAGES_PER_QUESTION):
            few = wanted[start : start + _IMAGES_PER_QUESTION]
            for task in self._tasks(project, [_line("data.image", "in_list", "List", few)]):
                found.setdefault(task["data"]["image"], int(task["id"]))
        return found

    def remove(self, task: int, image: str) -> None:
        """Delete a task that shows this picture, unless somebody began to answer it."""
        path = f"/api/tasks/{task}/"
        answer = self._ask("GET", path, params={"resolve_uri": "false"})
        if answer.status_code == _NOT_FOUND:
            return
        found = _document(answer)
        begun = found["annotations"] or found["drafts"] or found.get("draft_exists")
        if not begun and found["data"].get("image") == image:  # SQLite gives the id of a deleted task away again
            self._ask("DELETE", path)

    def answers(self, project: Project, *, since: datetime, after: int) -> Iterator[Answer]:
        """Annotations of tasks that changed later than `since`, and those with a higher id than `after`."""
        changed = _line("updated_at", "greater", "Datetime", f"{since:%Y-%m-%dT%H:%M:%S.%fZ}")
        answered = _line("annotations_ids", "greater", "Number", 0)
        newer = _line("annotations_ids", "greater", "Number", after)
        seen: set[int] = set()  # a task comes once for each of its annotations that fits
        for task in self._tasks(project, [{**changed, "child_filter": answered}, newer], fields="all"):
            if task["id"] not in seen:
                seen.add(task["id"])
                yield from (_answer(annotation, task) for annotation in task["annotations"])

    def has_answer(self, annotation: int) -> bool:
        """Whether there is an annotation with this id."""
        answer = self._ask("GET", f"/api/annotations/{annotation}/")
        if answer.status_code == _NOT_FOUND:
            return False
        return bool(_document(answer))

    def _complete(self, project: Project, tasks: Sequence[Document], ids: list[int], kept: int | None) -> list[int]:
        """The ids, once all predictions are with their tasks; `kept` is how many came in with the import, if told."""
        said = [{**guess, "task": id_} for id_, task in zip(ids, tasks, strict=True) for guess in task["predictions"]]
        if said and kept != len(said):  # a blind project has none, and every one of its tasks would be asked for
            bare = {task["id"] for task in self._tasks(project, [_line("total_predictions", "equal", "Number", 0)])}
            self._predict(project, [guess for guess in said if guess["task"] in bare])
        return ids

    def _predict(self, project: Project, predictions: list[Document]) -> None:
        for pause in (*_BACKOFF, None) if predictions else ():
            answer = self._ask("POST", f"/api/projects/{project.id}/import/predictions", json=predictions)
            if answer.status_code < _BROKEN or pause is None:
                _document(answer)
                return
            self._pause(pause)

    def _tasks(self, project: Project, lines: list[Document], **more: str) -> Iterator[Document]:
        """Tasks for which one of the lines holds, in the order of their ids."""
        query = {"filters": {"conjunction": "or", "items": lines}, "ordering": ["tasks:id"]}
        asked = {"project": project.id, "query": json.dumps(query), "page_size": _PAGE, "resolve_uri": "false", **more}
        for page in count(1):
            found = self._told("GET", "/api/tasks", params={**asked, "page": page})
            yield from found["tasks"]
            if page * _PAGE >= found["total"]:
                return

    def _told(self, method: str, path: str, **how: Any) -> Document:  # noqa: ANN401 - what requests takes
        return _document(self._ask(method, path, **how))

    def _ask(self, method: str, path: str, **how: Any) -> Response:  # noqa: ANN401 - what requests takes
        answer = self._send(method, path, **how)
        if answer.status_code == _UNAUTHORISED and self._token.personal:
            self._exchange()
            answer = self._send(method, path, **how)
        if answer.status_code in {_UNAUTHORISED, _FORBIDDEN}:
            raise DeskMisconfigured(
                "Label Studio does not accept the token: put a valid one into feedloop-label-studio-token."
            )
        return answer

    def _exchange(self) -> None:
        answer = self._send("POST", "/api/token/refresh", json={"refresh": self._token.personal})
        if answer.status_code == _OK:
            self._token.shown = f"Bearer {_document(answer)['access']}"

    def _send(self, method: str, path: str, **how: Any) -> Response:  # noqa: ANN401 - what requests takes
        try:
            return self._session.request(method, self._url + path, timeout=(_CONNECT, _SILENCE), **how)
        except RequestException as error:
            raise DeskDown(f"Label Studio does not answer: {error}") from error


def _line(column: str, operator: str, kind: str, value: object) -> Document:
    """A condition as Label Studio's data manager writes it."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _project(found: Document, answer: Response) -> Project:
    annotations = found["total_annotations_number"] + found["skipped_annotations_number"]
    try:
        asked = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError) as error:
        raise DeskDown("Label Studio, or what stands before it, does not tell the time.") from error
    return Project(int(found["id"]), parse_iso(found["created_at"]), annotations, asked)


def _buckets(storages: Iterable[Any]) -> list[str]:
    return [str(storage["bucket"]) for storage in storages]


def _answer(annotation: Document, task: Document) -> Answer:
    nested = {name: task[name] for name in _TASK_FIELDS if name in task}
    body = {**annotation, "completed_by": {"id": annotation["completed_by"]}, "task": nested}
    return Answer(int(annotation["id"]), parse_iso(annotation["updated_at"]), dump(body))


def _task_ids(answer: Response) -> list[int]:
    if answer.status_code in _REFUSALS:
        raise TaskRefused(_reason(answer))
    return [int(task) for task in _document(answer)["task_ids"]]


def _document(answer: Response) -> Document:
    """The JSON object of a good answer. Raises DeskDown and DeskMisconfigured."""
    if answer.status_code == _NOT_FOUND:
        raise DeskMisconfigured(f"Label Studio has lost a project: {_SET_UP}.")
    if not answer.ok:
        raise DeskDown(f"Label Studio failed: {_reason(answer)}")
    try:
        document: Document = answer.json()
    except RequestException as error:
        raise DeskDown("What answers at LABEL_STUDIO_URL is not Label Studio.") from error
    return document


def _reason(answer: Response) -> str:
    return f"HTTP {answer.status_code}: {answer.text[:500]}"
