"""Annotators of Label Studio, by its own SDK: it lives in another environment, so a program there does what we say."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import requests

from local.label_studio import PROGRAMS
from tests.support.label_studio import LabelStudio

Entity = dict[str, Any]
_PROGRAM = Path(__file__).with_name("annotator_sdk.py")
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Refused(Exception):
    """Label Studio did not do it; `status` is its answer's, if it gave one."""

    def __init__(self, reason: str, status: int | None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Annotator:
    """One user; all of them share the program, which starts when the first needs it."""

    label_studio: LabelStudio
    token: str
    program: Callable[[], subprocess.Popen[str]]

    def projects(self) -> list[Entity]:
        return cast("list[Entity]", self._do("projects"))

    def project(self, title: str) -> int:
        """The id of the only project with this title."""
        (id_,) = [project["id"] for project in self.projects() if project["title"] == title]
        return int(id_)

    def storages(self, project: int) -> dict[str, list[Entity]]:
        """By `source` and `target`."""
        return cast("dict[str, list[Entity]]", self._do("storages", project=project))

    def views(self, project: int) -> list[Entity]:
        return cast("list[Entity]", self._do("views", project=project))

    def bring(self, project: int, *tasks: Entity) -> list[int]:
        """Import tasks; their ids."""
        return cast("list[int]", self._do("bring", project=project, tasks=tasks))

    def tasks(self, project: int) -> list[Entity]:
        return cast("list[Entity]", self._do("tasks", project=project))

    def annotate(self, task: int, choice: str | None, **facts: Any) -> int:
        """Answer a task, or skip it when no choice is given; the annotation's id. Facts: origin, lead_time."""
        return cast("int", self._do("annotate", task=task, choice=choice, **facts))

    def change(self, annotation: int, choice: str | None, origin: str = "manual") -> None:
        self._do("change", annotation=annotation, choice=choice, origin=origin)

    def delete_annotation(self, annotation: int) -> None:
        self._do("delete_annotation", annotation=annotation)

    def delete_task(self, task: int) -> None:
        self._do("delete_task", task=task)

    def next_task(self, project: int, **body: Any) -> Entity:
        """What the label stream serves; it is locked for this user."""
        answer = self._ask("POST", f"/api/dm/actions?id=next_task&project={project}", json=body)
        return cast("Entity", answer.json())

    def get(self, path: str) -> requests.Response:
        """Anything else that Label Studio tells this user."""
        return self._ask("GET", path)

    def colleague(self, email: str) -> "Annotator":
        """Another annotator, who was sent the link that invites to this Label Studio."""
        link, password = self.get("/api/invite").json()["invite_url"], "a-password-of-tests"
        with requests.Session() as browser:
            page = browser.get(self.label_studio.url + link, timeout=60)
            (csrf,) = _CSRF.findall(page.text)
            form = {"csrfmiddlewaretoken": csrf, "email": email, "password": password, "allow_newsletters": "false"}
            browser.post(page.url, data=form, headers={"Referer": page.url}, timeout=60).raise_for_status()
            token = browser.get(f"{self.label_studio.url}/api/current-user/token", timeout=60).json()["token"]
        return Annotator(self.label_studio, token, self.program)

    def _ask(self, method: str, path: str, **how: Any) -> requests.Response:
        headers = {"Authorization": f"Token {self.token}"}
        answer = requests.request(method, self.label_studio.url + path, headers=headers, timeout=120, **how)
        answer.raise_for_status()
        return answer

    def _do(self, verb: str, **how: Any) -> object:
        program = self.program()
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(json.dumps({"do": verb, "token": self.token, "with": how}) + "\n")
        program.stdin.flush()
        answer = json.loads(program.stdout.readline())
        if "refused" in answer:
            raise Refused(answer["refused"], answer["status"])
        return answer["answer"]


@contextmanager
def annotator(label_studio: LabelStudio) -> Iterator[Annotator]:
    """The first user of a server."""
    with ExitStack() as closing:
        yield Annotator(label_studio, label_studio.token, cache(lambda: closing.enter_context(_program(label_studio))))


@contextmanager
def _program(label_studio: LabelStudio) -> Iterator[subprocess.Popen[str]]:
    command = [str(PROGRAMS / "python"), str(_PROGRAM)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        program.stdin.write(json.dumps(label_studio.url) + "\n")
        yield program
        program.stdin.close()
