"""What Feedloop needs from outside, each as a protocol of a few verbs."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from feedloop.domain.cards import Preprocessing
from feedloop.domain.documents import Document
from feedloop.domain.keys import ObjectRef

ForEach = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function for each of many, and gives the results in their order: `map`, or a thread pool's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing."""

    key: str
    etag: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """An object without its body. `etag` carries no quotes; `modified` is the store's clock."""

    etag: str
    size: int
    modified: datetime
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stored(Head):
    """An object with its body, or with the beginning of one that is larger than was asked for."""

    body: bytes

    @property
    def is_whole(self) -> bool:
        """Whether `body` is all of it."""
        return len(self.body) == self.size


class ObjectStore(Protocol):
    """An S3-compatible store, reduced to what is safe under concurrent writers.

    Every verb raises StoreDown when the store cannot be reached or fails, and
    StoreMisconfigured for a missing bucket or a refused key.
    """

    def get(self, ref: ObjectRef, *, most: int | None = None) -> Stored:
        """The object, of its body at most so many bytes: no more is held in memory. Raises Missing."""

    def head(self, ref: ObjectRef) -> Head:
        """The object without its body. Raises Missing."""

    def create(
        self,
        ref: ObjectRef,
        body: bytes,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> str:
        """Write once and return the ETag; a second writer gets AlreadyExists.

        Raises MetadataTooLarge before sending when the metadata is not ASCII or
        its names and values exceed 1,900 bytes.
        """

    def replace(self, ref: ObjectRef, body: bytes, *, etag: str) -> str:
        """Compare-and-swap a JSON document; return the new ETag. Raises Changed, also when missing."""

    def copy(self, source: ObjectRef, target: ObjectRef) -> None:
        """The same bytes and metadata under another key, also of another bucket. Raises Missing."""

    def delete(self, ref: ObjectRef) -> None:
        """Remove the object; one that is not there is fine."""

    def list(self, folder: ObjectRef, *, start_after: str = "", limit: int | None = None) -> Iterator[Entry]:
        """Entries below `folder` (its key ends in `/`) in byte order of their keys.

        `start_after` is a full key; that key itself is not listed. At most `limit` entries.
        """

    def now(self) -> datetime:
        """The store's own clock, to judge the age of what it keeps."""

    def url(self, ref: ObjectRef) -> str:
        """The object's s3:// address, with the deployment's bucket prefix."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project of the annotation tool: a queue. One that is deleted and made anew has another id, or a later birth."""

    id: int
    title: str
    created: datetime
    annotations: int
    """How many it has, skips included."""
    as_of: datetime
    """When this was true, by the tool's own clock, which also dates its annotations."""


@dataclass(frozen=True, slots=True)
class RemoteAnnotation:
    """An annotation in a project; `body` is the file that the tool writes for it."""

    id: int
    updated_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class PreAnnotation:
    """What a task has chosen already; `result` are its parts, as in an annotation."""

    id: int
    result: list[Document]


class AnnotationTool(Protocol):
    """Where annotators work, reduced to what sync and the set-up's choices ask of it.

    Every verb raises AnnotationToolDown when the tool cannot be reached or fails, and
    AnnotationToolMisconfigured when it does not accept our token or has lost the project.
    """

    def projects(self) -> Sequence[Project]:
        """All projects, the oldest first; several may have one title."""

    def add(self, project: Project, tasks: Sequence[Document]) -> list[int]:
        """Import all tasks, or none, and return their ids in order; a task with the same picture is not noticed.

        Raises TaskRefused. After AnnotationToolDown they may have arrived, or arrive later.
        """

    def find(self, project: Project, images: Collection[str]) -> dict[str, int]:
        """The tasks that show these pictures, by the picture's address; of two the older."""

    def remove(self, task: int, image: str) -> None:
        """Delete a task that shows this picture, unless somebody began to answer it."""

    def annotations(
        self, project: Project, *, since: datetime, after: int, unreadable: set[int] | None = None
    ) -> Iterator[RemoteAnnotation]:
        """Annotations of every task that changed later than `since`, and those with a higher id than `after`.

        Both are needed: an annotation whose file could not be written leaves its task's time as it was. A task that
        the tool fails to list keeps no other one waiting; `unreadable` gets its id.
        """

    def has_annotation(self, annotation: int) -> bool:
        """Whether there is an annotation with this id, also one that the tool fails to list."""

    def label_config(self, project: Project) -> str:
        """What an annotator sees beside a picture, as XML."""

    def set_label_config(self, project: Project, config: str, *, instead_of: str) -> None:
        """Give the project another one. Raises Changed when it is not `instead_of` by now, and ConfigRefused.

        Whoever edits it within the same milliseconds may still lose: the tool has no compare-and-swap.
        """

    def choices_in_use(self, project: Project, among: Collection[str]) -> set[str]:
        """Those of these choices that an annotation or a draft has; perhaps one more that a draft had."""

    def pre_annotations(self, project: Project, choice: str) -> Iterator[PreAnnotation]:
        """Those of unanswered tasks that choose this; perhaps some more that only mention it."""

    def set_pre_annotation(self, pre_annotation: PreAnnotation) -> None:
        """Give the one with this id another result; one that is gone is fine."""


@dataclass(frozen=True, slots=True)
class View:
    """What a classifier with this preprocessing gets to see, as rows of RGB bytes."""

    rgb: bytes
    preprocessing: Preprocessing


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked and normalised picture: an upright JPEG without private metadata."""

    jpeg: bytes
    width: int
    height: int
    view: View | None = None
    """What the check of the picture left for a classifier, which need not decode it again."""


class Prepare(Protocol):
    """How a classifier gets its pixels, whatever decodes them."""

    def __call__(self, picture: Picture, preprocessing: Preprocessing) -> bytes:
        """The picture resized and cropped to size x size, as rows of RGB bytes. Raises BrokenPicture."""


class Classifier(Protocol):
    """A released model that classifies pictures."""

    @property
    def preprocessing(self) -> Preprocessing:
        """What becomes of a picture before it gets it."""

    def probabilities(self, picture: Picture) -> list[float]:
        """One probability per class index; they sum to 1."""


class Clock(Protocol):
    """Where a function takes its time from."""

    def __call__(self) -> datetime:
        """The time now, timezone-aware, UTC."""
