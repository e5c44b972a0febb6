"""A store in this process's memory that behaves like a real one: for tests and simulations."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import md5
from itertools import islice
from threading import Lock

from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import AlreadyExists, Changed, Missing, StoreMisconfigured
from feedloop.domain.keys import ObjectRef
from feedloop.domain.store_limits import check_folder, check_metadata
from feedloop.ports import Clock, Entry, Head, Stored


class MemoryStore:
    """An ObjectStore; times have whole seconds, as in the headers of a real store."""

    def __init__(self, buckets: Iterable[str] = keys.BUCKETS, *, prefix: str = "", clock: Clock = utc_now) -> None:
        self._buckets: dict[str, dict[str, Stored]] = {bucket: {} for bucket in buckets}
        self._prefix = prefix
        self._clock = clock
        self._lock = Lock()

    def get(self, ref: ObjectRef, *, most: int | None = None) -> Stored:
        """The object, of its body at most so many bytes. Raises Missing."""
        with self._lock:
            stored = self._stored(ref)
        return replace(stored, body=stored.body[:most])

    def head(self, ref: ObjectRef) -> Head:
        """The object without its body. Raises Missing."""
        stored = self.get(ref)
        return Head(stored.etag, stored.size, stored.modified, stored.metadata)

    def create(
        self,
        ref: ObjectRef,
        body: bytes,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/json",  # noqa: ARG002 - only a browser would see it
    ) -> str:
        """Write once and return the ETag. Raises AlreadyExists and MetadataTooLarge."""
        check_metadata(metadata or {})
        with self._lock:
            if ref.key in self._bucket(ref):
                raise AlreadyExists(ref.key)
            return self._write(ref, body, metadata or {})

    def replace(self, ref: ObjectRef, body: bytes, *, etag: str) -> str:
        """Compare-and-swap; return the new ETag. Raises Changed, also when missing."""
        with self._lock:
            stored = self._bucket(ref).get(ref.key)
            if stored is None or stored.etag != etag:
                raise Changed(ref.key)
            return self._write(ref, body, {})

    def copy(self, source: ObjectRef, target: ObjectRef) -> None:
        """The same bytes and metadata under another key. Raises Missing."""
        with self._lock:
            stored = self._stored(source)
            self._write(target, stored.body, stored.metadata)

    def delete(self, ref: ObjectRef) -> None:
        """Remove the object; one that is not there is fine."""
        with self._lock:
            self._bucket(ref).pop(ref.key, None)

    def list(self, folder: ObjectRef, *, start_after: str = "", limit: int | None = None) -> Iterator[Entry]:
        """Entries below `folder` in byte order, as they were when the first is asked for."""
        check_folder(folder.key)
        with self._lock:
            bucket = dict(self._bucket(folder))
        matching = sorted(key for key in bucket if key.startswith(folder.key) and key > start_after)
        for key in islice(matching, limit):
            stored = bucket[key]
            yield Entry(key, stored.etag, stored.size, stored.modified)

    def now(self) -> datetime:
        """The clock that the constructor was given."""
        return self._clock().replace(microsecond=0)

    def url(self, ref: ObjectRef) -> str:
        """The object's s3:// address, with the bucket prefix."""
        return f"s3://{self._prefix}{ref.bucket}/{ref.key}"

    def _bucket(self, ref: ObjectRef) -> dict[str, Stored]:
        try:
            return self._buckets[ref.bucket]
        except KeyError as error:
            raise StoreMisconfigured(f"The bucket {self._prefix}{ref.bucket} does not exist.") from error

    def _stored(self, ref: ObjectRef) -> Stored:
        stored = self._bucket(ref).get(ref.key)
        if stored is None:
            raise Missing(ref.key)
        return replace(stored, metadata=dict(stored.metadata))

    def _write(self, ref: ObjectRef, body: bytes, metadata: Mapping[str, str]) -> str:
        etag = md5(body, usedforsecurity=False).hexdigest()
        self._bucket(ref)[ref.key] = Stored(etag, len(body), self.now(), dict(metadata), bytes(body))
        return etag
