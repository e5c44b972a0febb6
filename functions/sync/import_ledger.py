"""The ledger of imported tasks: an entry is a worker's claim until it is done, and then it never changes again.

A claim is longer than any done entry, so that a listing alone tells them apart.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from feedloop.compare_and_swap import attempts
from feedloop.domain import keys
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Missing
from feedloop.ports import Entry, Head, ObjectStore

PATIENCE = timedelta(minutes=5)
"""A claim this old belongs to nobody who is alive: no call of Label Studio takes as long."""

LARGEST = 1000
"""Bytes of an entry; ours have 60."""


def _claim(worker: str) -> bytes:
    return dump({"v": 1, "worker": worker})


CLAIM_SIZE = len(_claim("0" * 32))
"""Bytes; every worker's name is as long."""


def is_done(entry: Entry | Head) -> bool:
    """Whether this entry says that its task is in Label Studio."""
    return entry.size != CLAIM_SIZE


def was_imported(store: ObjectStore, queue: str, sample_key: str) -> bool:
    """Whether the task is in Label Studio, or was."""
    with suppress(Missing):
        return is_done(store.head(keys.imported(queue, sample_key)))
    return False


@dataclass(frozen=True, slots=True)
class ImportLedger:
    """One queue's ledger, as one worker uses it."""

    store: ObjectStore
    queue: str
    worker: str

    def fetch_entries(self) -> dict[str, Entry]:
        """The entry of every task that has one."""
        folder = keys.imports(self.queue)
        return {entry.key.removeprefix(folder.key): entry for entry in self.store.list(folder)}

    def claim(self, sample_key: str) -> str | None:
        """Our claim's ETag, or None when somebody was first."""
        with suppress(AlreadyExists):
            return self.store.create(keys.imported(self.queue, sample_key), _claim(self.worker))
        return None

    def take_over(self, sample_key: str, entry: Entry) -> str | None:
        """The same for a claim whose worker died."""
        with suppress(Changed):
            return self.store.replace(keys.imported(self.queue, sample_key), _claim(self.worker), etag=entry.etag)
        return None

    def settle(self, sample_key: str, etag: str, task: int) -> int:
        """Write that Label Studio has the task; the task that counts, another's when somebody was done before us.

        Not when somebody only took our claim over: their search for the task may have given ours.
        """
        ref = keys.imported(self.queue, sample_key)
        for _ in attempts(ref):
            with suppress(Changed):
                self.store.replace(ref, dump({"v": 1, "task": task}), etag=etag)
                break
            stored = self.store.get(ref, most=LARGEST)
            entry = load(stored.body)
            if "task" in entry:
                return int(entry["task"])
            etag = stored.etag
        return task
