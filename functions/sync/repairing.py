"""What Label Studio could not write or delete while the store was away, done afterwards. Only that, never all.

Label Studio answers 500 to the annotator but keeps the annotation. So we ask for what changed since two minutes
before the last time (some were still being saved then) and compare each with its file: a missing one is created, an
older one swapped. Both are conditional: whatever Label Studio writes meanwhile stays.

Annotations that were deleted in vain are found by counting: only when files and annotations do not differ by as
many as the last time are all of them compared. A file goes when its annotation is certainly gone and was of this
very project; a copy is kept first. Many at once look like a mistake: then none goes, and an operator has to approve it.

Killed anywhere, the next run does the same again: how far we came is written last.
"""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from feedloop import log, withdrawals
from feedloop.domain import keys
from feedloop.domain.annotations import LARGEST
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing
from feedloop.ports import AnnotationTool, Entry, ForEach, ObjectStore, Project, RemoteAnnotation, Stored
from feedloop.sweeps import ErrorBoundary, Tally
from feedloop.withdrawals import Held

from .batches import batches
from .importing import FAILED, SKEW

REPAIRED, REMOVED, UNREADABLE = "repaired", "removed", "unreadable"
NAMED = 20
"""How many of the tasks that Label Studio cannot list are named."""
EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=2)
FEW_REMOVALS, SHARE_OF_REMOVALS = 10, 0.05
"""A queue that loses more than this at once was probably not emptied by annotators."""
_CREATED, _SWAPPED, _SPARED, _UNCHANGED = "created", "swapped", "spared", "unchanged"
_LARGEST_MARK = 10_000
_AN_ID = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)  # as Label Studio writes it, no longer than databases count
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one queue was compared: times and ids are Label Studio's, `strays` are files without annotation."""

    project: str
    since: datetime = BEGINNING
    after: int = 0
    strays: int = 0

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Raises Malformed."""
        try:
            since = max(parse_iso(document["since"]), BEGINNING)
            return cls(str(document["project"]), since, int(document["after"]), int(document["strays"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed(f"not a mark: {error!r}") from error

    def to_document(self) -> Document:
        """`tracking/sync/<queue>.json`."""
        return {"v": 1, **asdict(self), "since": iso(self.since)}

    def past(self, annotations: Iterable[RemoteAnnotation], now: datetime) -> Self:
        """The mark after these were compared. Before an annotation that is minutes old no other one can appear."""
        old = (annotation.id for annotation in annotations if annotation.updated_at < now - OVERLAP)
        return replace(self, since=max(self.since, now), after=max(self.after, *old, 0))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What came of comparing annotations with files; `unreadable` are tasks that Label Studio cannot list."""

    counts: Counter[str] = field(default_factory=Counter)
    unreadable: frozenset[int] = frozenset()
    held: Held | None = None
    """Files that stay, because too many of them would go."""


@dataclass(frozen=True, slots=True)
class Repairer:
    """Compares one project's annotations with their files."""

    store: ObjectStore
    tool: AnnotationTool
    queue: str
    project: Project
    each: ForEach
    boundary: ErrorBoundary = field(default_factory=lambda: ErrorBoundary("sync.failed"))

    def repair(self, *, thorough: bool) -> Tally:
        """Repair what is wrong; how many files were written and removed. Raises Unavailable.

        What was compared within the last minutes is compared again only when `thorough`.
        """
        mark, stored = self._fetch_mark()
        if stored and not thorough and self.store.now() - stored.modified < EVERY:
            return Tally()
        files = self._files()
        changed, next_mark = self._compare_changed(files, mark)
        if changed.counts[FAILED]:
            next_mark = mark  # what was left is compared again the next time
        full = _Comparison()
        difference = len(files) + changed.counts[_CREATED] - self.project.annotations
        if difference != mark.strays and any(  # else somebody saved or deleted since the files were listed
            (one.id, one.annotations) == (self.project.id, self.project.annotations) for one in self.tool.projects()
        ):
            full = self._compare_all(files)
            undecided = full.held or full.counts[FAILED]
            strays = mark.strays if undecided else difference + full.counts[_CREATED] - full.counts[REMOVED]
            next_mark = replace(next_mark, strays=strays)
        if not full.held and withdrawals.fetch_guard(self.store, self.queue).spared:
            withdrawals.spare(self.store, self.queue, None)
        self._write_mark(next_mark, stored)
        return self._tally(changed, full)

    def _tally(self, changed: _Comparison, full: _Comparison) -> Tally:
        unreadable, counts = changed.unreadable | full.unreadable, changed.counts + full.counts
        stopped = []
        if held := full.held:
            what = f"{held.vanished} of {held.known} annotations are gone; none of their files was removed."
            stopped.append(f"{self.queue}: {what}")
        if unreadable:
            some = ", ".join(map(str, sorted(unreadable)[:NAMED]))
            what = f"Label Studio fails to tell about {len(unreadable)} tasks ({some}); the others were compared."
            stopped.append(f"{self.queue}: {what}")
            log.event("sync.unreadable", queue=self.queue, count=len(unreadable), tasks=some)
        result = {
            REPAIRED: counts[_CREATED] + counts[_SWAPPED],
            REMOVED: counts[REMOVED],
            UNREADABLE: len(unreadable),
            FAILED: max(changed.counts[FAILED], full.counts[FAILED]),  # the same ones again
        }
        return Tally(Counter(result), tuple(stopped))

    def _fetch_mark(self) -> tuple[Mark, Stored | None]:
        """How far we came in this very project; at the beginning when it is another."""
        project = f"{self.project.id} of {iso(self.project.created)}"
        try:
            stored = self.store.get(keys.repaired(self.queue), most=_LARGEST_MARK)
        except Missing:
            return Mark(project), None
        with suppress(Malformed):  # damaged: begin anew
            mark = Mark.from_document(load(stored.body))
            ours = mark.project == project and mark.since <= self.project.as_of + SKEW
            return (mark if ours else Mark(project)), stored
        return Mark(project), stored

    def _write_mark(self, mark: Mark, before: Stored | None) -> None:
        """Write how far we came; another's mark is as good, only that more may be compared twice."""
        ref, body = keys.repaired(self.queue), dump(mark.to_document())
        with suppress(AlreadyExists, Changed):
            if before:
                self.store.replace(ref, body, etag=before.etag)
            else:
                self.store.create(ref, body)

    def _files(self) -> dict[int, Entry]:
        """Label Studio's files, by annotation."""
        folder = keys.outputs(self.queue)
        named = ((entry.key.removeprefix(folder.key), entry) for entry in self.store.list(folder))
        return {int(name): entry for name, entry in named if _AN_ID.fullmatch(name)}

    def _compare_changed(self, files: dict[int, Entry], mark: Mark) -> tuple[_Comparison, Mark]:
        """Compare what changed since the mark; the mark after that."""
        counts, unreadable, since = Counter[str](), set[int](), mark.since - OVERLAP
        for batch in batches(self.tool.annotations(self.project, since=since, after=mark.after, unreadable=unreadable)):
            counts.update(self.each(lambda one: self._compare(one, known=one.id in files), batch))
            mark = mark.past(batch, self.project.as_of)
        return _Comparison(counts, frozenset(unreadable)), mark.past((), self.project.as_of)

    def _compare(self, annotation: RemoteAnnotation, *, known: bool) -> str:
        """Make the file say what the annotation says, unless it is as new; a file too large for one stays."""
        ref = keys.output(self.queue, str(annotation.id))

        def work() -> str:
            with suppress(AlreadyExists, Changed, Missing):  # Label Studio was faster
                if not known:
                    self.store.create(ref, annotation.body)
                    return _CREATED
                stored = self.store.get(ref, most=LARGEST)
                if stored.is_whole and _written(stored) < annotation.updated_at:
                    self._archive(annotation.id, stored)
                    self.store.replace(ref, annotation.body, etag=stored.etag)
                    return _SWAPPED
            return _UNCHANGED

        return self.boundary.run(work, FAILED, queue=self.queue, annotation=annotation.id)

    def _compare_all(self, files: dict[int, Entry]) -> _Comparison:
        """Create every missing file, and remove those whose annotation is certainly gone."""
        strays, counts, unreadable = set(files), Counter[str](), set[int]()
        for batch in batches(self.tool.annotations(self.project, since=BEGINNING, after=0, unreadable=unreadable)):
            missing = [annotation for annotation in batch if annotation.id not in files]
            counts.update(self.each(lambda one: self._compare(one, known=False), missing))
            strays -= {annotation.id for annotation in batch}
        etags = list(self.each(self._etag_if_deleted, sorted(strays)))
        deleted = [(one, etag) for one, etag in zip(sorted(strays), etags, strict=True) if etag not in {"", FAILED}]
        counts[FAILED] += etags.count(FAILED)
        held = self._implausible(len(deleted), len(files))
        if not held:
            counts.update(self.each(lambda pair: self._remove(*pair), deleted))
        return _Comparison(counts, frozenset(unreadable), held)

    def _etag_if_deleted(self, annotation: int) -> str:
        """The ETag of the file of an annotation that this project had and has no more; empty for any other."""

        def work() -> str:
            if self.tool.has_annotation(annotation):
                return ""
            with suppress(Missing, Malformed, KeyError, TypeError, ValueError):  # not Label Studio's: nobody deleted it
                stored = self.store.get(keys.output(self.queue, str(annotation)), most=LARGEST)
                document = load(stored.body)
                if document["project"] == self.project.id and parse_iso(document["created_at"]) >= self.project.created:
                    return stored.etag
            return ""

        return self.boundary.run(work, FAILED, queue=self.queue, annotation=annotation)

    def _implausible(self, gone: int, files: int) -> Held | None:
        """Why so many files must stay; None when they are few, or an operator has approved so many."""
        if gone <= max(FEW_REMOVALS, SHARE_OF_REMOVALS * files):
            return None
        now = self.store.now()
        approval = withdrawals.fetch_guard(self.store, self.queue).approval
        if approval and gone <= approval.count and now < approval.until:
            log.event("sync.released", queue=self.queue, gone=gone, files=files)
            return None
        held = Held(gone, files, now.replace(microsecond=0))
        withdrawals.spare(self.store, self.queue, held)
        log.event("sync.stopped", queue=self.queue, gone=gone, files=files)
        return held

    def _remove(self, annotation: int, etag: str) -> str:
        ref = keys.output(self.queue, str(annotation))

        def work() -> str:
            stored = self.store.get(ref, most=LARGEST)
            if stored.etag != etag:
                return _UNCHANGED  # it was written anew
            self._archive(annotation, stored)
            self.store.delete(ref)
            return REMOVED

        return self.boundary.run(work, FAILED, queue=self.queue, annotation=annotation)

    def _archive(self, annotation: int, stored: Stored) -> None:
        """Keep a version that curate may never have met."""
        with suppress(AlreadyExists):
            self.store.create(keys.version(keys.REMOVED, self.queue, str(annotation), stored.etag), stored.body)


def _written(stored: Stored) -> datetime:
    """When the annotation in a file was saved; long ago when the file does not say."""
    try:
        return parse_iso(load(stored.body)["updated_at"])
    except (Malformed, KeyError, TypeError, ValueError):
        return BEGINNING
