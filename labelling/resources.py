"""What the set-up makes in Label Studio, each kind of resource with the same verbs."""

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
class Resource:
    """One that Label Studio has."""

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


class Resources(Protocol):
    """All of one kind. Label Studio lets several have one title."""

    @property
    def name(self) -> str:
        """What one of them is called."""

    def listed(self, title: str) -> list[Resource]:
        """Those with exactly this title, the oldest first."""

    def create(self, fields: Fields) -> None:
        """Make one."""

    def update(self, resource: Resource, changes: Fields) -> None:
        """Change some of its fields."""

    def delete(self, resource: Resource) -> None:
        """Remove it; one that is gone already is fine."""


@dataclass(frozen=True, slots=True)
class Projects:
    """The projects of a server that may be one queue's: `noted` is the id and the birth of the one that was."""

    client: LabelStudio
    target: Fields
    noted: tuple[int, datetime] | None = None
    name: str = "project"

    def listed(self, title: str) -> list[Resource]:
        """The noted one, whatever it is called by now, then those with exactly this title, the oldest first.

        Without any of these, those whose answers go where the queue's belong.
        """
        projects = [Resource(one.id, _fields(one)) for one in self.client.projects.list(page_size=_MANY).items or []]
        noted = [one for one in projects if one.birth == self.noted]
        titled = [one for one in projects if one.fields["title"] == title and one not in noted]
        return noted + _oldest_first(titled) or _oldest_first(one for one in projects if self._exports_there(one))

    def _exports_there(self, project: Resource) -> bool:
        location = location_of(self.target)
        targets = Storages(self.client.export_storage.s3, "target storage", project.id, location)
        return any(not target.differing(location) for target in targets.listed(self.target["title"]))

    def create(self, fields: Fields) -> None:
        """Make one, whole, in one call."""
        self.client.projects.create(**fields)

    def update(self, resource: Resource, changes: Fields) -> None:
        """Change some of its fields."""
        others = {name: value for name, value in changes.items() if name != "model_version"}
        if others:
            self.client.projects.update(resource.id, **others)
        if others != changes:
            try:
                self.client.projects.update(resource.id, model_version=changes["model_version"])
            except ApiError as error:  # it takes a version only when a prediction has it
                if error.status_code != _BAD:
                    raise
                self.client.projects.update(resource.id, model_version="")

    def delete(self, resource: Resource) -> None:
        """Remove it; one that is gone already is fine."""
        with _gone_is_fine():
            self.client.projects.delete(resource.id)


@dataclass(frozen=True, slots=True)
class Storages:
    """The source or the target storages of a project; `location` is the bucket and the prefix of ours."""

    calls: Sources | Targets
    name: str
    project: int
    location: Fields

    def listed(self, title: str) -> list[Resource]:
        """Those with exactly this title, the oldest first; without any, those of our location under other titles."""
        storages = [Resource(storage.id, dict(storage)) for storage in self.calls.list(project=self.project)]
        titled = _oldest_first(one for one in storages if one.fields["title"] == title)
        return titled or _oldest_first(one for one in storages if not one.differing(self.location))

    def create(self, fields: Fields) -> None:
        """Make one. Label Studio looks whether it can reach the bucket."""
        self.calls.create(project=self.project, **fields)

    def update(self, resource: Resource, changes: Fields) -> None:
        """Change some of its fields."""
        self.calls.update(resource.id, **changes)

    def delete(self, resource: Resource) -> None:
        """Remove it, and nothing of what it wrote; one that is gone already is fine."""
        with _gone_is_fine():
            self.calls.delete(resource.id)


@dataclass(frozen=True, slots=True)
class Views:
    """The tabs of a project. What people add to them, such as hidden columns, stays."""

    client: LabelStudio
    project: int
    name: str = "view"

    def listed(self, title: str) -> list[Resource]:
        """Those with exactly this title, the oldest first."""
        views = [Resource(view.id, dict(view.data or {})) for view in self.client.views.list(project=self.project)]
        return _oldest_first(view for view in views if view.fields.get("title") == title)

    def create(self, fields: Fields) -> None:
        """Make one; which columns it shows is up to people from then on."""
        self.client.views.create(project=self.project, data={**columns(), **fields})

    def update(self, resource: Resource, changes: Fields) -> None:
        """Change some of its fields."""
        self.client.views.update(str(resource.id), project=self.project, data={**resource.fields, **changes})

    def delete(self, resource: Resource) -> None:
        """Remove it; one that is gone already is fine."""
        with _gone_is_fine():
            self.client.views.delete(str(resource.id))


def location_of(storage: Fields) -> Fields:
    """Where a storage reads or writes."""
    return {name: storage[name] for name in ("bucket", "prefix")}


def _oldest_first(resources: Iterable[Resource]) -> list[Resource]:
    return sorted(resources, key=lambda resource: resource.id)


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
