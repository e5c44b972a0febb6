"""What Feedloop asks of the outside world, each as a protocol of a few verbs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from feedloop.domain.keys import Place


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
    """An object with its body."""

    body: bytes


class ObjectStore(Protocol):
    """An S3-compatible store, reduced to what is safe under concurrent writers.

    Every verb raises StoreDown when the store cannot be reached or fails, and
    StoreMisconfigured for a missing bucket or a refused key.
    """

    def get(self, place: Place) -> Stored:
        """The object. Raises Missing."""

    def head(self, place: Place) -> Head:
        """The object without its body. Raises Missing."""

    def create(
        self,
        place: Place,
        body: bytes,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> str:
        """Write once and return the ETag; a second writer gets AlreadyExists.

        Raises MetadataTooLarge before sending when the metadata is not ASCII or
        its names and values exceed 1,900 bytes.
        """

    def replace(self, place: Place, body: bytes, *, etag: str) -> str:
        """Compare-and-swap a JSON document; return the new ETag. Raises Changed, also when missing."""

    def copy(self, source: Place, target: Place) -> None:
        """The same bytes and metadata at another place, also of another bucket. Raises Missing."""

    def delete(self, place: Place) -> None:
        """Remove the object; one that is not there is fine."""

    def list(self, folder: Place, *, start_after: str = "", limit: int | None = None) -> Iterator[Entry]:
        """Entries below `folder` (its key ends in `/`) in byte order of their keys.

        `start_after` is a full key; that key itself is not listed. At most `limit` entries.
        """

    def now(self) -> datetime:
        """The store's own clock, to judge the age of what it keeps."""

    def url(self, place: Place) -> str:
        """The object's s3:// address, with the deployment's bucket prefix."""


@dataclass(frozen=True, slots=True)
class View:
    """A picture decoded at a smaller scale, as rows of RGB bytes."""

    rgb: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked and normalised picture: an upright JPEG without private metadata."""

    jpeg: bytes
    width: int
    height: int
    view: View | None = None
    """What was decoded to check the picture: a classifier need not decode it again."""


class Shrink(Protocol):
    """How a classifier gets its pixels, whatever decodes them."""

    def __call__(self, picture: Picture, size: int) -> bytes:
        """The picture stretched to `size` x `size`, as rows of RGB bytes. Raises BrokenPicture."""


class Classifier(Protocol):
    """A released model that can look at a picture."""

    def probabilities(self, picture: Picture) -> list[float]:
        """One probability per class index; they sum to 1."""


class Clock(Protocol):
    """Where a function takes its time from."""

    def __call__(self) -> datetime:
        """The time now, timezone-aware, UTC."""
