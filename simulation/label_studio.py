"""The annotators' queue in a real Label Studio: they were invited, and answer through its API."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from requests import RequestException

from feedloop import http_client
from feedloop.domain.documents import Document
from feedloop.domain.errors import Unavailable
from feedloop.domain.review import CHOICES, IMAGE, TITLES
from local import data_directory
from simulation.annotation_queue import Task
from simulation.personas import Submission

Login = Callable[[], dict[str, Any]]
"""How connection.json says that Label Studio is reached; empty until it is ready."""

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_PATIENCE, _PAGE, _ATTEMPTS = 120, 500, 3


@dataclass(frozen=True, slots=True)
class LabelStudioQueue:
    """Label Studio as annotators use it; `kept` remembers who was invited."""

    login: Login
    annotators: int
    kept: Path

    def is_open(self) -> bool:
        """Whether it is ready. The first time, annotators sign up by the link that they were sent."""
        if not self.login():
            return False
        while len(known := data_directory.load_json(self.kept)) < self.annotators:
            name = f"annotator-{len(known) + 1}-{secrets.token_hex(3)}@feedloop.local"
            data_directory.write_json(self.kept, {**known, name: self._sign_up(name)})
        return True

    def tasks(self, queue: str) -> list[Task]:
        """Those without any answer. Raises Unavailable."""
        return [
            Task(queue, str(task["id"]), Path(task["data"]["image"]).stem, task["data"].get("ml_prediction", ""))
            for task in self._waiting(self._project(queue))
        ]

    def submit(self, task: Task, who: int, answer: Submission, seconds: float) -> None:
        """Save, as the labelling page does. Raises Unavailable."""
        token = list(data_directory.load_json(self.kept).values())[who]
        self._ask("POST", f"/api/tasks/{task.number}/annotations/", token, json=annotation(answer, seconds))

    def _project(self, queue: str) -> int:
        projects = self._ask("GET", "/api/projects", params={"page_size": 100})["results"]
        return next(int(project["id"]) for project in projects if project["title"] == TITLES[queue])

    def _waiting(self, project: int) -> Iterator[Document]:
        columns = ("total_annotations", "cancelled_annotations")
        none = [{"filter": f"filter:tasks:{c}", "operator": "equal", "type": "Number", "value": 0} for c in columns]
        query = json.dumps({"filters": {"conjunction": "and", "items": none}, "ordering": ["tasks:id"]})
        search = {"project": project, "query": query, "page_size": _PAGE, "resolve_uri": "false"}
        for page in count(1):
            answer = self._ask("GET", "/api/tasks", params={**search, "page": page})
            yield from answer["tasks"]
            if page * _PAGE >= answer["total"]:
                return

    def _sign_up(self, email: str) -> str:
        """The token of a new annotator."""
        url, link = self.login()["url"], self._ask("GET", "/api/invite")["invite_url"]
        with http_client.session() as browser:
            page = browser.get(url + link, timeout=_PATIENCE)
            form = {"csrfmiddlewaretoken": _CSRF.findall(page.text), "email": email, "password": secrets.token_hex(12)}
            browser.post(page.url, data={**form, "allow_newsletters": "false"}, headers={"Referer": page.url})
            token: str = browser.get(f"{url}/api/current-user/token", timeout=_PATIENCE).json()["token"]
            return token

    def _ask(self, method: str, path: str, token: str = "", **how: Any) -> Document:  # noqa: ANN401 - requests' own
        login, why = self.login(), ""
        headers = {"Authorization": f"Token {token or login['token']}"}
        for _ in range(_ATTEMPTS if method == "GET" else 1):
            try:
                answer = http_client.request(method, login["url"] + path, headers=headers, timeout=_PATIENCE, **how)
            except RequestException as error:
                why = f"{error}"
                continue
            if answer.ok:
                document: Document = answer.json()
                return document
            why = f"{answer.status_code} {answer.text[:300]}"
        raise Unavailable(f"Label Studio does not do its work: {why}")


def annotation(answer: Submission, seconds: float) -> Document:
    """What the labelling page sends."""
    chosen = {"from_name": CHOICES, "to_name": IMAGE, "type": "choices", "origin": answer.origin}
    result = [{**chosen, "value": {"choices": [answer.choice]}}] if answer.choice else []
    return {"result": result, "was_cancelled": not answer.choice, "lead_time": seconds}
