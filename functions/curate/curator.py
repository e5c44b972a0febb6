"""One annotation version, from Label Studio's file to its dataset.

The order makes every kill and every pause harmless:

1. note the version as begun (`tracking/open`), so that a sweep finds whoever died here;
2. compare-and-swap the vote into the label of record;
3. copy the picture to its class, then delete it from every class it ever had;
4. compare-and-swap `materialised`; if the label changed meanwhile, repeat 3 for its present outcome;
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
from feedloop.label_store import Edit, LabelStore
from feedloop.ports import Clock, Entry, ObjectStore, Stored

from .curation_ledger import name_of_foreign_key

WAIT_FOR_COMMIT = timedelta(hours=24)

LARGEST_EXCERPT, LONGEST_REASON = 20_000, 500
"""Bytes of a quarantined object and characters of the reason that its quarantine entry holds."""

QUARANTINED, WAITING, UNCHANGED = "quarantined", "waiting", "unchanged"

MOST_VOTES = 1000


class _TooManyVotes(Exception):
    """One picture has more annotations than annotators give."""


@dataclass(frozen=True, slots=True)
class Version:
    """One content of one annotation's file."""

    queue: str
    annotation: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Curator:
    """Applies annotation versions to labels of record and datasets."""

    store: ObjectStore
    classes: ClassList
    clock: Clock

    def apply(self, queue: str, annotation: str) -> str:
        """Apply the annotation as it is now; what came of it. Raises Missing when it is gone."""
        ref = keys.output(queue, annotation)
        return until_first(ref, lambda: self._apply(queue, annotation, ref))  # it may change meanwhile

    def _apply(self, queue: str, annotation: str, ref: ObjectRef) -> str:
        stored = self.store.get(ref, most=LARGEST)
        quarantine = partial(self._quarantine, keys.quarantined(queue, annotation, stored.etag), ref, stored)
        try:
            parsed = self._parse_current(stored)
            prediction = self._prediction(parsed)
        except Malformed as error:
            return quarantine(str(error))
        if not self._has_task(queue, prediction):
            if self.store.now() - stored.modified < WAIT_FOR_COMMIT:
                return WAITING
            return quarantine("nobody was asked about its picture in this queue")
        version = Version(queue, annotation, stored.etag, stored.body)
        try:
            reviews.fetch_prediction(self.store, prediction)
        except UnknownPrediction:
            return self._uncommitted(version, prediction, parsed.vote)
        enter = partial(self._enter, version, prediction, parsed.vote)
        try:
            return self._change(version, prediction, lambda label: self._voted(label, version, parsed.vote), enter)
        except _TooManyVotes:
            return quarantine(f"its picture has {MOST_VOTES} answers in this queue")

    def quarantine_foreign(self, queue: str, entry: Entry) -> str:
        """Note that no annotation has such a key. Its body is not read: clients differ in what they can ask for."""
        note = keys.quarantined(queue, name_of_foreign_key(entry.key), entry.etag)
        return self._quarantine(note, ObjectRef(keys.LABELSTUDIO, entry.key), entry, "no annotation has such a key")

    def withdraw(self, queue: str, annotation: str, archived: Mapping[str, ObjectRef]) -> str:
        """Take back the vote of a vanished annotation; `archived` says where the body of each of its ETags is.

        What cannot be parsed never was a vote: it is only marked as gone.
        """
        newest: tuple[Version, Annotation] | None = None
        for etag, ref in archived.items():
            stored = self.store.get(ref, most=LARGEST_EVER)
            with suppress(Malformed):
                parsed = self._parse(stored)
                if newest is None or parsed.vote.updated_at > newest[1].vote.updated_at:
                    newest = Version(queue, annotation, etag, stored.body), parsed
        if newest is None:
            self._enter_vanished(queue, annotation, archived)
            return WITHDRAWN
        version, last = newest
        result = self._change(
            version,
            self._prediction(last),
            lambda label: label.without_vote(annotation, last.vote, self.clock()),
            lambda: self._enter_vanished(queue, annotation, archived),
        )
        return WITHDRAWN if result == UNCHANGED else result

    def repair(self, queue: str, note: ObjectRef) -> None:
        """Materialise a label again that somebody began with and perhaps did not finish. Raises Missing."""
        try:
            prediction = self._prediction(self._parse(self.store.get(note, most=LARGEST_EVER)))
        except Malformed:
            return  # an earlier version began with what can't be parsed, and came no further
        label_store = LabelStore(self.store, queue)
        label, etag = label_store.fetch(prediction)
        if etag:
            label_store.materialise(prediction, label, etag)

    def _change(self, version: Version, prediction: PredictionId, edit: Edit, enter: Callable[[], None]) -> str:
        """Edit the label of record in the order of this module's docstring, and `enter` the ledger; what came of it.

        No note is needed when only the ledger entry is left.
        """
        label_store = LabelStore(self.store, version.queue)
        revision = label_store.revise(prediction, edit)
        if revision.changes_nothing:
            enter()
            return UNCHANGED
        note = keys.begun(version.queue, version.annotation, version.etag, secrets.token_hex(4))
        self.store.create(note, version.body)
        revision = label_store.write(prediction, revision, edit)
        label_store.materialise(prediction, revision.after, revision.etag)
        enter()
        self.store.delete(note)
        return labels.change(revision.before.outcome, revision.after.outcome)

    def _voted(self, label: Label, version: Version, vote: Vote) -> Label:
        """The label with the vote. Raises Changed or Missing when the annotation was withdrawn and is not back.

        Raises _TooManyVotes when there are: a label is written anew with each.
        """
        if label.is_withdrawn(version.annotation, vote):
            head = self.store.head(keys.output(version.queue, version.annotation))
            if head.etag != version.etag:
                raise Changed(version.annotation)
        if len(label.votes) >= MOST_VOTES and version.annotation not in label.votes:
            raise _TooManyVotes
        return label.with_vote(version.annotation, vote, self.clock())

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
                label, _etag = LabelStore(self.store, version.queue).fetch(prediction)
                if label.is_withdrawn(version.annotation, vote):
                    raise Changed(version.annotation)
                with suppress(Changed):
                    self.store.replace(mark, b"", etag=head.etag)

    def _enter_vanished(self, queue: str, annotation: str, archived: Mapping[str, ObjectRef]) -> None:
        """Mark versions as gone. Each mark is unique, so that nobody who met an older one can take it away."""
        body = dump({"v": 1, "at": iso(self.clock()), "by": secrets.token_hex(8)})
        for etag, ref in archived.items():
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

    def _create(self, ref: ObjectRef, body: bytes) -> bool:
        with suppress(AlreadyExists):
            self.store.create(ref, body)
            return True
        return False

    def _uncommitted(self, version: Version, prediction: PredictionId, vote: Vote) -> str:
        if self.clock() - prediction.time < WAIT_FOR_COMMIT:
            return WAITING
        self._create(keys.outcome(version.queue, UNCOMMITTED, prediction), b"")
        self._enter(version, prediction, vote)
        return UNCOMMITTED

    def _quarantine(self, note: ObjectRef, ref: ObjectRef, version: Entry | Stored, reason: str) -> str:
        """Write what is wrong with an object, once, and how its body begins; the object stays where it is."""
        body = version.body if isinstance(version, Stored) else b""
        is_whole = isinstance(version, Stored) and version.is_whole
        document = {
            "v": 1,
            "reason": reason[:LONGEST_REASON],
            "at": iso(self.clock()),
            "key": ref.key,
            "etag": version.etag,
            "size": version.size,
            "sha256": hashlib.sha256(body).hexdigest() if is_whole else None,
            "body": body[:LARGEST_EXCERPT].decode("utf-8", "backslashreplace"),
        }
        self._create(note, dump(document))
        return QUARANTINED

    def _has_task(self, queue: str, prediction: PredictionId) -> bool:
        """Whether annotators got the picture in this queue; a task may be removed once it is imported.

        A visitor needs no task: relabel writes to production's pictures only, and nobody else to that queue.
        """
        if queue not in keys.REVIEW_QUEUES:
            return True
        signs = (keys.task(queue, prediction.sample_key), keys.imported(queue, prediction.sample_key))
        return any(map(self._exists, (*signs, keys.label(queue, prediction))))

    def _exists(self, ref: ObjectRef) -> bool:
        with suppress(Missing):
            self.store.head(ref)
            return True
        return False

    def _parse_current(self, stored: Stored) -> Annotation:
        """An annotation that may count. Raises Malformed, also when its time lies in the future."""
        parsed = self._parse(stored)
        if parsed.vote.updated_at > max(self.clock(), stored.modified) + AHEAD:
            raise Malformed("its time lies in the future")
        return parsed

    def _parse(self, stored: Stored) -> Annotation:
        if not stored.is_whole:
            raise Malformed(f"{stored.size} bytes are too many for an annotation")
        return annotations.parse_annotation(stored.body, self.classes)

    def _prediction(self, annotation: Annotation) -> PredictionId:
        """The prediction behind a review picture: its metadata is all that is trusted. Raises Malformed."""
        sample_key = keys.parse_image_url(annotation.image, images=self.store.url(keys.image()))
        try:
            return PredictionId.parse(self.store.head(keys.image(sample_key)).metadata["prediction-id"])
        except (Missing, KeyError) as error:
            raise Malformed("its picture is not one of ours") from error
