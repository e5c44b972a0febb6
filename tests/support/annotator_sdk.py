"""A program for Label Studio's environment: does what it reads, by the SDK; the first line is the address."""

import json
import sys
from functools import cache
from typing import Any

import httpx
from label_studio_sdk.client import LabelStudio
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.core.jsonable_encoder import jsonable_encoder

CHOICES, IMAGE = "choice", "image"


class User:
    """One user's actions; their names are those that are asked for."""

    def __init__(self, url: str, token: str) -> None:
        self.sdk = LabelStudio(base_url=url, api_key=token, timeout=120)

    def projects(self) -> Any:
        return list(self.sdk.projects.list(page_size=100))

    def storages(self, project: int) -> Any:
        return {
            "source": self.sdk.import_storage.s3.list(project=project),
            "target": self.sdk.export_storage.s3.list(project=project),
        }

    def views(self, project: int) -> Any:
        return self.sdk.views.list(project=project)

    def bring(self, project: int, tasks: list[dict[str, Any]]) -> Any:
        return self.sdk.projects.import_tasks(id=project, request=tasks, return_task_ids=True).task_ids

    def tasks(self, project: int) -> Any:
        return list(self.sdk.tasks.list(project=project, fields="all", page_size=100))

    def annotate(self, task: int, choice: str | None, **facts: Any) -> Any:
        made = self.sdk.annotations.create(id=task, **_answer(choice, facts.pop("origin", "manual")), **facts)
        return made.id

    def change(self, annotation: int, choice: str | None, origin: str = "manual") -> None:
        self.sdk.annotations.update(id=annotation, **_answer(choice, origin))

    def delete_annotation(self, annotation: int) -> None:
        self.sdk.annotations.delete(id=annotation)

    def delete_task(self, task: int) -> None:
        self.sdk.tasks.delete(id=str(task))


def _answer(choice: str | None, origin: str) -> dict[str, Any]:
    chosen = {"type": "choices", "origin": origin, "value": {"choices": [choice]}}
    result = [{"from_name": CHOICES, "to_name": IMAGE, **chosen}] if choice else []
    return {"result": result, "was_cancelled": choice is None}


def main() -> None:
    url = json.loads(sys.stdin.readline())
    user = cache(lambda token: User(url, token))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": getattr(user(request["token"]), request["do"])(**request["with"])}
        except (ApiError, httpx.HTTPError) as error:
            answer = {"refused": str(error), "status": getattr(error, "status_code", None)}
        print(json.dumps(jsonable_encoder(answer)), flush=True)


if __name__ == "__main__":
    main()
