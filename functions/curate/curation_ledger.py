"""Which versions of which annotations are done, read off key names alone."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from feedloop.ports import Entry, ObjectStore

Named = tuple[str, str]
"""Annotation id and ETag."""


def stranger(key: str) -> str:
    """A name for a key that no annotation has, short and safe whatever the key is."""
    return f"~{hashlib.sha256(key.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class CurationLedger:
    """One queue's ledger; `living` says where each ETag of an annotation is archived, vanished ones left out."""

    living: dict[str, dict[str, ObjectRef]]
    settled: frozenset[Named]
    gone: tuple[Entry, ...]

    @property
    def withdrawn(self) -> int:
        """How many annotations were withdrawn and are not back."""
        return len({_named(mark.key)[0] for mark in self.gone})

    def gone_lately(self, now: datetime) -> int:
        """How many annotations were withdrawn within the last hour, by the store's clock."""
        return len({_named(mark.key)[0] for mark in self.gone if mark.modified > now - timedelta(hours=1)})

    def knows(self, annotation: str, etag: str) -> bool:
        """Whether this version needs no work: curated and not seen to vanish since, or in quarantine."""
        return (annotation, etag) in self.settled


def read_ledger(store: ObjectStore, queue: str, notes: Iterable[ObjectRef]) -> CurationLedger:
    """List the ledger and the quarantine; versions that were only begun (`notes`) live but are not settled."""
    entries = list(store.list(keys.versions(keys.CURATED, queue)))
    marks = tuple(entry for entry in entries if _is_mark(entry) and entry.size)  # an empty one was taken back
    gone = {_named(entry.key) for entry in marks}
    versions = [entry.key for entry in entries if not _is_mark(entry) and _named(entry.key) not in gone]
    done = {_named(key): ObjectRef(keys.TRACKING, key) for key in versions}
    begun = {keys.read_begun(note.key): note for note in notes}
    living: dict[str, dict[str, ObjectRef]] = {}
    for (annotation, etag), ref in {**begun, **done}.items():
        if (annotation, etag) not in gone:
            living.setdefault(annotation, {})[etag] = ref
    listing = store.list(keys.versions(keys.QUARANTINED, queue))
    set_aside = {named for entry in listing if (named := keys.read_quarantined(entry.key))}
    return CurationLedger(living, frozenset(done) | set_aside, marks)


def _named(key: str) -> Named:
    return keys.read_version(key)[:2]


def _is_mark(entry: Entry) -> bool:
    return keys.read_version(entry.key)[2]
