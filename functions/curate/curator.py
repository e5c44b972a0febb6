"""One annotation version, from Label Studio's file to its dataset.

The order makes every kill and every pause harmless:

1. note the version as begun (`tracking/open`), so that a sweep finds whoever died here;
2. compare-and-swap the vote into the label of record;
3. copy the picture to its class, then delete it from every class it ever had;
4. compare-and-swap `materialised`; if the label changed meanwhile, repeat 3 for what it says now;
5. write the ledger entry, last, and take the note of 1 away.

Copies and deletes cannot be made conditional on every store, so a worker that slept between
reading a label and acting on it can undo a younger one's work. Step 4 makes it see that
and repair it; if it is killed first, its note of step 1 makes a sweep do so.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from feedloop import reviews
from feedloop.compare_and_swap import attempts, until_first
from feedloop.domain import annotations, keys, labels
from feedloop.domain.annotations import AHEAD, LARGEST, LARGEST_EVER, UNCOMMITTED, WITHDRAWN, Annotation, Vote
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso
from feedloop.domain.documents import dump
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing, UnknownPrediction
from feedloop.domain.keys import ObjectRef
from feedloop.domain.labels import Label
from feedloop.domain.prediction import PredictionId
from feedloop.ports import Clock, Entry, ObjectStore, Stored

from . import label_store
from .curation_ledger import stranger

WAIT_FOR_COMMIT = timedelta(hours=24)
_SHOWN, _REASON = 20_000, 500  # bytes of what is set aside, and characters of the reason, that its entry tells

QUARANTINED, WAITING, UNCHANGED = "quarantined", "waiting", "unchanged"

MOST_VOTES = 1000

Edit = Callable[[Label], Label]


class _Crowded(Exception):
    """So many annotations of one picture are nobody's work."""


@dataclass(frozen=True, slots=True)
class Version:
    """One content of one annotation's file."""

    queue: str
    annotation: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Curator:
    """Where annotations are worked off."""

    store: ObjectStore
    classes: ClassList
    clock: Clock

    def take(self, queue: str, annotation: str) -> str:
        """Work off the annotation as it is now; say what came of it. Raises Missing when it is gone."""
        ref = keys.output(queue, annotation)
        return until_first(ref, lambda: self._take(queue, annotation, ref))  # it may change under our hands

    def _take(self, queue: str, annotation: str, ref: ObjectRef) -> str:
        stored = self.store.get(ref, most=LARGEST)
        aside = keys.quarantined(queue, annotation, stored.etag)
        try:
            read, prediction = self._understood(stored)
        except Malformed as error:
            return self._set_aside(aside, ref, stored, str(error))
        if not self._was_asked(queue, prediction):
            if self.store.now() - stored.modified < WAIT_FOR_COMMIT:
                return WAITING
            return self._set_aside(aside, ref, stored, "nobody was asked about its picture in this queue")
        version = Version(queue, annotation, stored.etag, stored.body)
        try:
            reviews.committed(self.store, prediction)
        except UnknownPrediction:
            return self._uncommitted(version, prediction, read.vote)
        enter = partial(self._enter, version, prediction, read.vote)
        try:
            return self._change(version, prediction, lambda label: self._voted(label, version, read), enter=enter)
        except _Crowded:
            return self._set_aside(aside, ref, stored, f"its picture has {MOST_VOTES} answers in this queue")

    def set_aside(self, queue: str, entry: Entry) -> str:
        """Note that no annotation has such a key. Its body is not read: clients differ in what they can ask for."""
        ref = keys.quarantined(queue, stranger(entry.key), entry.etag)
        return self._set_aside(ref, ObjectRef(keys.LABELSTUDIO, entry.key), entry, "no annotation has such a key")

    def withdraw(self, queue: str, annotation: str, seen: Mapping[str, ObjectRef]) -> str:
        """Take back the vote of a vanished annotation; `seen` says where each of its ETags is archived.

        What cannot be read never was a vote: it is only marked as gone.
        """
        newest: tuple[Version, Annotation] | None = None
        for etag, ref in seen.items():
            stored = self.store.get(ref, most=LARGEST_EVER)
            with suppress(Malformed):
                read = self._read(stored)
                if newest is None or read.vote.updated_at > newest[1].vote.updated_at:
                    newest = Version(queue, annotation, etag, stored.body), read
        if newest is None:
            self._enter_vanished(queue, annotation, seen)
            return WITHDRAWN
        version, last_seen = newest
        result = self._change(
            version,
            self._prediction(last_seen),
            lambda label: label.without_vote(annotation, last_seen.vote, self.clock()),
            enter=lambda: self._enter_vanished(queue, annotation, seen),
        )
        return WITHDRAWN if result == UNCHANGED else result

    def repair(self, queue: str, note: ObjectRef) -> None:
        """Show a label again that somebody began to show and perhaps did not finish. Raises Missing."""
        try:
            prediction = self._prediction(self._read(self.store.get(note, most=LARGEST_EVER)))
        except Malformed:
            return  # an earlier version began with what can't be read, and came no further
        label, etag = label_store.read(self.store, queue, prediction)
        if etag:
            label_store.show(self.store, queue, prediction, label, etag)

    def _change(self, version: Version, prediction: PredictionId, edit: Edit, *, enter: Callable[[], None]) -> str:
        """Edit the label of record, show it, enter it in the ledger; no note is needed when only the last is left."""
        before, etag = label_store.read(self.store, version.queue, prediction)
        after = edit(before)
        if after == before and (before.materialised or not etag):
            enter()
            return UNCHANGED
        note = keys.begun(version.queue, version.annotation, version.etag, secrets.token_hex(4))
        self.store.create(note, version.body)
        for _ in attempts(keys.label(version.queue, prediction)):
            if after == before:
                break
            try:
                etag = label_store.swap(self.store, version.queue, prediction, after, etag)
                break
            except Changed:
                before, etag = label_store.read(self.store, version.queue, prediction)
                after = edit(before)
        label_store.show(self.store, version.queue, prediction, after, etag)
        enter()
        self.store.delete(note)
        return labels.change(before.answer, after.answer)

    def _voted(self, label: Label, version: Version, annotation: Annotation) -> Label:
        """The label with the vote. Raises Changed or Missing when the annotation was withdrawn and is not back.

        Raises _Crowded when there are too many: a label is written anew with each.
        """
        if label.is_withdrawn(version.annotation, annotation.vote):
            head = self.store.head(keys.output(version.queue, version.annotation))
            if head.etag != version.etag:
                raise Changed(version.annotation)
        if len(label.votes) >= MOST_VOTES and version.annotation not in label.votes:
            raise _Crowded
        return label.with_vote(version.annotation, annotation.vote, self.clock())

    def _enter(self, version: Version, prediction: PredictionId, vote: Vote) -> None:
        """The ledger entry: this version is done. Its body is the archive. Raises Changed when it was withdrawn."""
        named = (version.queue, version.annotation, version.etag)
        if self._create(keys.version(keys.CURATED, *named), version.body):
            return
        mark = keys.vanished(*named)
        with suppress(Missing):  # known before: perhaps it had vanished, and is back
            for _ in attempts(mark):
                head = self.store.head(mark)
                if not head.size:
                    return
                label, _etag = label_store.read(self.store, version.queue, prediction)
                if label.is_withdrawn(version.annotation, vote):
                    raise Changed(version.annotation)
                with suppress(Changed):
                    self.store.replace(mark, b"", etag=head.etag)

    def _enter_vanished(self, queue: str, annotation: str, seen: Mapping[str, ObjectRef]) -> None:
        """Mark versions as gone. Each mark is unique, so that nobody who saw an older one can take it away."""
        body = dump({"v": 1, "at": iso(self.clock()), "by": secrets.token_hex(8)})
        for etag, ref in seen.items():
            self._write(keys.vanished(queue, annotation, etag), body)
            entry = keys.version(keys.CURATED, queue, annotation, etag)
            if ref != entry:  # only begun: the note will go
                self._create(entry, self.store.get(ref, most=LARGEST_EVER).body)

    def _write(self, ref: ObjectRef, body: bytes) -> None:
        for _ in attempts(ref):
            if self._create(ref, body):
                return
            with suppress(Changed, Missing):
                self.store.replace(ref, body, etag=self.store.head(ref).etag)
                return

    def _uncommitted(self, version: Version, prediction: PredictionId, vote: Vote) -> str:
        if self.clock() - prediction.time < WAIT_FOR_COMMIT:
            return WAITING
        self._create(keys.outcome(version.queue, UNCOMMITTED, prediction), b"")
        self._enter(version, prediction, vote)
        return UNCOMMITTED

    def _set_aside(self, ref: ObjectRef, of: ObjectRef, found: Entry | Stored, reason: str) -> str:
        """Say what is wrong with an object, once; how its body begins is kept, the rest stays where it is."""
        body = found.body if isinstance(found, Stored) else b""
        whole = isinstance(found, Stored) and found.is_whole
        document = {
            "v": 1,
            "reason": reason[:_REASON],
            "at": iso(self.clock()),
            "key": of.key,
            "etag": found.etag,
            "size": found.size,
            "sha256": hashlib.sha256(body).hexdigest() if whole else None,
            "body": body[:_SHOWN].decode("utf-8", "backslashreplace"),
        }
        self._create(ref, dump(document))
        return QUARANTINED

    def _create(self, ref: ObjectRef, body: bytes) -> bool:
        with suppress(AlreadyExists):
            self.store.create(ref, body)
            return True
        return False

    def _understood(self, stored: Stored) -> tuple[Annotation, PredictionId]:
        """What an annotation says, and of which prediction. Raises Malformed: then it is its own fault."""
        read = self._read(stored)
        if read.vote.updated_at > max(self.clock(), stored.modified) + AHEAD:
            raise Malformed("its time lies in the future")
        return read, self._prediction(read)

    def _was_asked(self, queue: str, prediction: PredictionId) -> bool:
        """Whether the picture was put before people in this queue; a task may be removed once it is imported.

        A visitor needs no task: relabel writes to production's pictures only, and nobody else to that queue.
        """
        if queue not in keys.REVIEW_QUEUES:
            return True
        signs = (keys.task(queue, prediction.random), keys.imported(queue, prediction.random))
        return any(map(self._is_there, (*signs, keys.label(queue, prediction))))

    def _is_there(self, ref: ObjectRef) -> bool:
        with suppress(Missing):
            self.store.head(ref)
            return True
        return False

    def _read(self, stored: Stored) -> Annotation:
        if not stored.is_whole:
            raise Malformed(f"{stored.size} bytes are too many for an annotation")
        return annotations.read(stored.body, self.classes)

    def _prediction(self, annotation: Annotation) -> PredictionId:
        """The prediction behind a review picture: its metadata is all that is trusted. Raises Malformed."""
        random = keys.read_image_url(annotation.image, images=self.store.url(keys.images()))
        try:
            return PredictionId.parse(self.store.head(keys.image(random)).metadata["prediction-id"])
        except (Missing, KeyError) as error:
            raise Malformed("its picture is not one of ours") from error
