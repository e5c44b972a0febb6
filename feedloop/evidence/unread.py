"""What a report could not read: each object is left out, told and counted, and the report goes on without it."""

from collections.abc import Callable
from typing import TypeVar

from feedloop.domain.annotations import LARGEST
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import Malformed
from feedloop.domain.keys import ObjectRef
from feedloop.ports import ObjectStore
from feedloop.sweeps import ErrorBoundary

Result = TypeVar("Result")


class Unread:
    """Their keys, in the order in which they were met."""

    def __init__(self) -> None:
        self._boundary = ErrorBoundary("report.unreadable")
        self.keys: list[str] = []

    def read(self, ref: ObjectRef, work: Callable[[], Result]) -> Result | None:
        """What `work` makes of an object, else None. Raises Unavailable when the store fails again and again."""

        def noted() -> Result:
            try:
                return work()
            except Exception:
                self.keys.append(ref.key)
                raise

        return self._boundary.run(noted, None, key=ref.key)


def fetch_document(store: ObjectStore, ref: ObjectRef) -> Document:
    """A label of record or a verdict. Raises Missing, and Malformed for a large one: several are read at once."""
    stored = store.get(ref, most=LARGEST)
    if not stored.is_whole:
        raise Malformed(f"a document of {stored.size} bytes")
    return load(stored.body)
