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

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from feedloop import reviews
from feedloop.domain import annotations, keys, labels
from feedloop.domain.annotations import UNCOMMITTED, WITHDRAWN, Annotation, Vote
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso
from feedloop.domain.documents import dump
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing, UnknownPrediction
from feedloop.domain.keys import Place
from feedloop.domain.labels import Label
from feedloop.domain.prediction import PredictionId
from feedloop.ports import Clock, ObjectStore

from . import shelves

WAIT_FOR_COMMIT = timedelta(hours=24)
QUARANTINED, WAITING, UNCHANGED = "quarantined", "waiting", "unchanged"

Edit = Callable[[Label], Label]


@dataclass(frozen=True, slots=True)
class Version:
    """One content of one annotation's file."""

    queue: str
    annotation: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Desk:
    """Where annotations are worked off."""

    store: ObjectStore
    classes: ClassList
    clock: Clock

    def take(self, queue: str, annotation: str) -> str:
        """Work off the annotation as it is now; say what came of it. Raises Missing when it is gone."""
        while True:
            stored = self.store.get(keys.output(queue, annotation))
            version = Version(queue, annotation, stored.etag, stored.body)
            try:
                return self._file(version)
            except Malformed as error:
                return self._set_aside(version, str(error))
            except Changed:
                continue  # it was rewritten or withdrawn under our hands: look again

    def withdraw(self, queue: str, annotation: str, seen: Mapping[str, Place]) -> str:
        """Take back the vote of a vanished annotation; `seen` says where each of its ETags is archived."""
        versions = [Version(queue, annotation, etag, self.store.get(place).body) for etag, place in seen.items()]
        newest = max(versions, key=lambda version: self._read(version).vote.updated_at)
        last_seen = self._read(newest)
        prediction = self._prediction(last_seen)
        result = self._change(
            newest,
            prediction,
            lambda label: label.without_vote(annotation, last_seen.vote, self.clock()),
            enter=lambda: self._enter_vanished(versions),
        )
        return WITHDRAWN if result == UNCHANGED else result

    def repair(self, queue: str, annotation: str, note: Place) -> None:
        """Show a label again that somebody began to show and perhaps did not finish. Raises Missing."""
        body = self.store.get(note).body
        prediction = self._prediction(self._read(Version(queue, annotation, "", body)))
        label, etag = shelves.read(self.store, queue, prediction)
        if etag:
            shelves.show(self.store, queue, prediction, label, etag)

    def _file(self, version: Version) -> str:
        annotation = self._read(version)
        prediction = self._prediction(annotation)
        try:
            reviews.committed(self.store, prediction)
        except UnknownPrediction:
            return self._uncommitted(version, prediction, annotation.vote)
        return self._change(
            version,
            prediction,
            lambda label: self._voted(label, version, annotation),
            enter=lambda: self._enter(version, prediction, annotation.vote),
        )

    def _change(self, version: Version, prediction: PredictionId, edit: Edit, *, enter: Callable[[], None]) -> str:
        """Edit the label of record, show it, enter it in the ledger; no note is needed when only the last is left."""
        before, etag = shelves.read(self.store, version.queue, prediction)
        after = edit(before)
        if after == before and (before.materialised or not etag):
            enter()
            return UNCHANGED
        note = keys.begun(version.queue, version.annotation, version.etag, secrets.token_hex(4))
        self.store.create(note, version.body)
        while after != before:
            try:
                etag = shelves.swap(self.store, version.queue, prediction, after, etag)
                break
            except Changed:
                before, etag = shelves.read(self.store, version.queue, prediction)
                after = edit(before)
        shelves.show(self.store, version.queue, prediction, after, etag)
        enter()
        self.store.delete(note)
        return labels.change(before.answer, after.answer)

    def _voted(self, label: Label, version: Version, annotation: Annotation) -> Label:
        """The label with the vote. Raises Changed or Missing when the annotation was withdrawn and is not back."""
        if label.is_withdrawn(version.annotation, annotation.vote):
            head = self.store.head(keys.output(version.queue, version.annotation))
            if head.etag != version.etag:
                raise Changed(version.annotation)
        return label.with_vote(version.annotation, annotation.vote, self.clock())

    def _enter(self, version: Version, prediction: PredictionId, vote: Vote) -> None:
        """The ledger entry: this version is done. Its body is the archive. Raises Changed when it was withdrawn."""
        named = (version.queue, version.annotation, version.etag)
        if self._create(keys.version(keys.CURATED, *named), version.body):
            return
        mark = keys.vanished(*named)
        with suppress(Missing):  # known before: perhaps it had vanished, and is back
            while (head := self.store.head(mark)).size:
                label, _ = shelves.read(self.store, version.queue, prediction)
                if label.is_withdrawn(version.annotation, vote):
                    raise Changed(version.annotation)
                with suppress(Changed):
                    self.store.replace(mark, b"", etag=head.etag)

    def _enter_vanished(self, versions: list[Version]) -> None:
        """Mark versions as gone. Each mark is unique, so that nobody who saw an older one can take it away."""
        body = dump({"v": 1, "at": iso(self.clock()), "by": secrets.token_hex(8)})
        for version in versions:
            named = (version.queue, version.annotation, version.etag)
            self._write(keys.vanished(*named), body)
            self._create(keys.version(keys.CURATED, *named), version.body)

    def _write(self, place: Place, body: bytes) -> None:
        while not self._create(place, body):
            with suppress(Changed):
                self.store.replace(place, body, etag=self.store.head(place).etag)
                return

    def _uncommitted(self, version: Version, prediction: PredictionId, vote: Vote) -> str:
        if self.clock() - prediction.time < WAIT_FOR_COMMIT:
            return WAITING
        self._create(keys.outcome(version.queue, UNCOMMITTED, prediction), b"")
        self._enter(version, prediction, vote)
        return UNCOMMITTED

    def _set_aside(self, version: Version, reason: str) -> str:
        place = keys.version(keys.QUARANTINED, version.queue, version.annotation, version.etag)
        text = version.body.decode("utf-8", "backslashreplace")
        document = {"v": 1, "reason": reason, "at": iso(self.clock()), "etag": version.etag, "body": text}
        self._create(place, dump(document))
        return QUARANTINED

    def _create(self, place: Place, body: bytes) -> bool:
        with suppress(AlreadyExists):
            self.store.create(place, body)
            return True
        return False

    def _read(self, version: Version) -> Annotation:
        return annotations.read(version.body, self.classes)

    def _prediction(self, annotation: Annotation) -> PredictionId:
        """The prediction behind a review picture: its metadata is all that is trusted. Raises Malformed."""
        random = keys.read_image_url(annotation.image, images=self.store.url(keys.images()))
        try:
            return PredictionId.parse(self.store.head(keys.image(random)).metadata["prediction-id"])
        except (Missing, KeyError) as error:
            raise Malformed("its picture is not one of ours") from error
