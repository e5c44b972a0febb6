"""Which versions of which annotations are done, by key names alone."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from feedloop.ports import Entry, ObjectStore

VersionName = tuple[str, str]
"""Annotation id and ETag."""


def name_of_foreign_key(key: str) -> str:
    """A name for a key that no annotation has, short and safe whatever the key is."""
    return f"~{hashlib.sha256(key.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class CurationLedger:
    """One queue's ledger; `archived` says where the body of each ETag of an annotation is, vanished ones left out."""

    archived: dict[str, dict[str, ObjectRef]]
    settled: frozenset[VersionName]
    vanished: tuple[Entry, ...]

    @property
    def withdrawn(self) -> int:
        """How many annotations were withdrawn and are not back."""
        return len({_version_name(mark.key)[0] for mark in self.vanished})

    def withdrawn_lately(self, now: datetime) -> int:
        """How many annotations were withdrawn within the last hour, by the store's clock."""
        hour_ago = now - timedelta(hours=1)
        return len({_version_name(mark.key)[0] for mark in self.vanished if mark.modified > hour_ago})

    def is_settled(self, annotation: str, etag: str) -> bool:
        """Whether this version needs no work: curated and not vanished since, or in quarantine."""
        return (annotation, etag) in self.settled


def fetch_ledger(store: ObjectStore, queue: str, notes: Iterable[ObjectRef]) -> CurationLedger:
    """List the ledger and the quarantine; versions that were only begun (`notes`) are archived but not settled."""
    entries = list(store.list(keys.versions(keys.CURATED, queue)))
    marks = tuple(entry for entry in entries if _is_mark(entry) and entry.size)  # an empty one was taken back
    vanished = {_version_name(entry.key) for entry in marks}
    versions = [entry.key for entry in entries if not _is_mark(entry) and _version_name(entry.key) not in vanished]
    done = {_version_name(key): ObjectRef(keys.TRACKING, key) for key in versions}
    begun = {keys.parse_begun(note.key): note for note in notes}
    archived: dict[str, dict[str, ObjectRef]] = {}
    for (annotation, etag), ref in {**begun, **done}.items():
        if (annotation, etag) not in vanished:
            archived.setdefault(annotation, {})[etag] = ref
    listing = store.list(keys.versions(keys.QUARANTINED, queue))
    quarantined = {name for entry in listing if (name := keys.parse_quarantined(entry.key))}
    return CurationLedger(archived, frozenset(done) | quarantined, marks)


def _version_name(key: str) -> VersionName:
    return keys.parse_version(key)[:2]


def _is_mark(entry: Entry) -> bool:
    return keys.parse_version(entry.key)[2]
