"""What Label Studio is made of here, each part with the same verbs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from label_studio_sdk.client import LabelStudio
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.export_storage.s3.client import S3Client as Targets
from label_studio_sdk.import_storage.s3.client import S3Client as Sources

from feedloop.domain.review import COMMON_MODEL_VERSION
from labelling.desired import Fields, columns

_BAD, _GONE = 400, 404
_MANY = 1000  # on one page: asked for the next one, Label Studio says that there is none, and logs an error


@dataclass(frozen=True, slots=True)
class Part:
    """One that is there."""

    id: int
    fields: Fields

    def differing(self, fields: Fields) -> Fields:
        """Those of these fields that it has otherwise."""
        return {name: value for name, value in fields.items() if self.fields.get(name) != value}

    @property
    def birth(self) -> tuple[int, datetime]:
        """Which project it is, whatever it is called: an id alone may be given away again."""
        return self.id, self.fields["created_at"]

    @property
    def tasks(self) -> int:
        """What would be lost with it; only projects have tasks."""
        return self.fields.get("task_number") or 0


class Parts(Protocol):
    """All of one kind. Label Studio lets several have one title."""

    @property
    def name(self) -> str:
        """What one of them is called."""

    def listed(self, title: str) -> list[Part]:
        """Those with exactly this title, the oldest first."""

    def create(self, fields: Fields) -> None:
        """Make one."""

    def update(self, part: Part, changes: Fields) -> None:
        """Change some of its fields."""

    def delete(self, part: Part) -> None:
        """Remove it; one that is gone already is fine."""


@dataclass(frozen=True, slots=True)
class Projects:
    """The projects of a server that may be one queue's: `noted` is the id and the birth of the one that was."""

    desk: LabelStudio
    target: Fields
    noted: tuple[int, datetime] | None = None
    name: str = "project"

    def listed(self, title: str) -> list[Part]:
        """The noted one, whatever it is called by now, then those with exactly this title, the oldest first.

        Without any of these, those whose answers go where the queue's belong.
        """
        found = [Part(one.id, _fields(one)) for one in self.desk.projects.list(page_size=_MANY).items or []]
        noted = [part for part in found if part.birth == self.noted]
        titled = [part for part in found if part.fields["title"] == title and part not in noted]
        return noted + _oldest_first(titled) or _oldest_first(part for part in found if self._answers_there(part))

    def _answers_there(self, part: Part) -> bool:
        ref = place_of(self.target)
        targets = Storages(self.desk.export_storage.s3, "target storage", part.id, ref).listed(self.target["title"])
        return any(not target.differing(ref) for target in targets)

    def create(self, fields: Fields) -> None:
        """Make one, whole, in one call."""
        self.desk.projects.create(**fields)

    def update(self, part: Part, changes: Fields) -> None:
        """Change some of its fields."""
        others = {name: value for name, value in changes.items() if name != "model_version"}
        if others:
            self.desk.projects.update(part.id, **others)
        if others != changes:
            self._choose(part, changes["model_version"])

    def delete(self, part: Part) -> None:
        """Remove it; one that is gone already is fine."""
        with _gone_is_fine():
            self.desk.projects.delete(part.id)

    def _choose(self, part: Part, version: str) -> None:
        """Label Studio takes a version only when a prediction has it."""
        try:
            self.desk.projects.update(part.id, model_version=version)
        except ApiError as error:
            if error.status_code != _BAD:
                raise
            self.desk.projects.update(part.id, model_version="")


@dataclass(frozen=True, slots=True)
class Storages:
    """The source or the target storages of a project; `place` is the bucket and the prefix of ours."""

    calls: Sources | Targets
    name: str
    project: int
    ref: Fields

    def listed(self, title: str) -> list[Part]:
        """Those with exactly this title, the oldest first; without any, those of our place under other titles."""
        found = [Part(storage.id, dict(storage)) for storage in self.calls.list(project=self.project)]
        titled = _oldest_first(part for part in found if part.fields["title"] == title)
        return titled or _oldest_first(part for part in found if not part.differing(self.ref))

    def create(self, fields: Fields) -> None:
        """Make one. Label Studio looks whether it can reach the bucket."""
        self.calls.create(project=self.project, **fields)

    def update(self, part: Part, changes: Fields) -> None:
        """Change some of its fields."""
        self.calls.update(part.id, **changes)

    def delete(self, part: Part) -> None:
        """Remove it, and nothing of what it wrote; one that is gone already is fine."""
        with _gone_is_fine():
            self.calls.delete(part.id)


@dataclass(frozen=True, slots=True)
class Views:
    """The tabs of a project. What people add to them, such as hidden columns, stays."""

    desk: LabelStudio
    project: int
    name: str = "view"

    def listed(self, title: str) -> list[Part]:
        """Those with exactly this title, the oldest first."""
        found = [Part(view.id, dict(view.data or {})) for view in self.desk.views.list(project=self.project)]
        return _oldest_first(view for view in found if view.fields.get("title") == title)

    def create(self, fields: Fields) -> None:
        """Make one; which columns it shows is up to people from then on."""
        self.desk.views.create(project=self.project, data={**columns(), **fields})

    def update(self, part: Part, changes: Fields) -> None:
        """Change some of its fields."""
        self.desk.views.update(str(part.id), project=self.project, data={**part.fields, **changes})

    def delete(self, part: Part) -> None:
        """Remove it; one that is gone already is fine."""
        with _gone_is_fine():
            self.desk.views.delete(str(part.id))


def place_of(storage: Fields) -> Fields:
    """Where a storage reads or writes."""
    return {name: storage[name] for name in ("bucket", "prefix")}


def _oldest_first(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: part.id)


def _fields(project: Iterable[tuple[str, object]]) -> Fields:
    """An empty version is as good as ours before there is a prediction: the first import sets it."""
    fields = dict(project)
    is_to_come = not fields["model_version"] and not fields["total_predictions_number"]
    return {**fields, "model_version": COMMON_MODEL_VERSION} if is_to_come else fields


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        if error.status_code != _GONE:
            raise
