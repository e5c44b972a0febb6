"""What Label Studio could not write or delete while the store was away, done afterwards. Only that, never all.

Label Studio answers 500 to the annotator but keeps the annotation. So we ask for what changed since two minutes
before the last time (some were still being saved then) and compare each with its file: a missing one is created, an
older one swapped. Both are conditional: whatever Label Studio writes meanwhile stays.

Annotations that were deleted in vain are found by counting: only when files and annotations do not differ by as
many as the last time are all of them compared. A file goes when its annotation is certainly gone and was of this
very project; a copy is kept first. Many at once look like a mistake: then none goes, and a person is told.

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
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing
from feedloop.ports import AnnotationTool, Entry, ForEach, ObjectStore, Project, RemoteAnnotation, Stored
from feedloop.sweeps import ErrorBoundary
from feedloop.withdrawals import Held

from .batches import batches
from .importing import FAILED, SKEW

REPAIRED, REMOVED, UNREADABLE = "repaired", "removed", "unreadable"
NAMED = 20
"""How many of the tasks that cannot be told are named."""
CREATED, SWAPPED, SPARED, UNCHANGED = "created", "swapped", "spared", "unchanged"
EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=2)
FEW_REMOVALS, SHARE_OF_REMOVALS = 10, 0.05
"""A queue that loses more than this at once was probably not emptied by annotators."""
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
    def read(cls, body: bytes) -> Self:
        """Raises Malformed."""
        document = load(body)
        try:
            since = max(parse_iso(document["since"]), BEGINNING)
            return cls(str(document["project"]), since, int(document["after"]), int(document["strays"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed(f"not a mark: {error!r}") from error

    def dump(self) -> bytes:
        """As it lies in the store."""
        return dump({"v": 1, **asdict(self), "since": iso(self.since)})

    def past(self, answers: Iterable[RemoteAnnotation], now: datetime) -> Self:
        """The mark after these were compared. Before an annotation that is minutes old no other one can appear."""
        old = (answer.id for answer in answers if answer.updated_at < now - OVERLAP)
        return replace(self, since=max(self.since, now), after=max(self.after, *old, 0))


@dataclass(frozen=True, slots=True)
class Repairer:
    """Compares one project's annotations with their files."""

    store: ObjectStore
    desk: AnnotationTool
    queue: str
    project: Project
    each: ForEach
    stopped: list[str]
    boundary: ErrorBoundary = field(default_factory=lambda: ErrorBoundary("sync.failed"))

    def repair(self, *, thorough: bool) -> Counter[str]:
        """Repair what is wrong; how many files were written and removed. Raises Unavailable.

        What was compared within the last minutes is compared again only when `thorough`.
        """
        mark, stored = self._mark()
        if stored and not thorough and self.store.now() - stored.modified < EVERY:
            return Counter()
        files, unreadable = self._files(), set[int]()
        counts, seen = self._compare_changed(files, mark, unreadable)
        if counts[FAILED]:
            seen = mark  # what was left is compared again the next time
        difference = len(files) + counts[CREATED] - self.project.annotations
        if difference != mark.strays and self._is_quiet():
            more = self._compare_all(files, unreadable)
            undecided = more[SPARED] or more[FAILED]
            seen = replace(seen, strays=mark.strays if undecided else difference + more[CREATED] - more[REMOVED])
            counts = counts + more - Counter({FAILED: min(counts[FAILED], more[FAILED])})  # the same ones again
        if not counts[SPARED] and withdrawals.fetch_guard(self.store, self.queue).spared:
            withdrawals.spare(self.store, self.queue, None)
        self._keep(seen, stored)
        self._tell(unreadable)
        repaired = counts[CREATED] + counts[SWAPPED]
        told = {REPAIRED: repaired, REMOVED: counts[REMOVED], UNREADABLE: len(unreadable), FAILED: counts[FAILED]}
        return Counter(told)

    def _mark(self) -> tuple[Mark, Stored | None]:
        """How far we came in this very project; at the beginning when it is another."""
        project = f"{self.project.id} of {iso(self.project.created)}"
        try:
            stored = self.store.get(keys.repaired(self.queue), most=_LARGEST_MARK)
        except Missing:
            return Mark(project), None
        with suppress(Malformed):  # damaged: begin anew
            mark = Mark.read(stored.body)
            ours = mark.project == project and mark.since <= self.project.asked + SKEW
            return (mark if ours else Mark(project)), stored
        return Mark(project), stored

    def _keep(self, mark: Mark, before: Stored | None) -> None:
        """Write how far we came; another's mark is as good, only that more may be compared twice."""
        ref = keys.repaired(self.queue)
        with suppress(AlreadyExists, Changed):
            if before:
                self.store.replace(ref, mark.dump(), etag=before.etag)
            else:
                self.store.create(ref, mark.dump())

    def _files(self) -> dict[int, Entry]:
        """Label Studio's files, by annotation."""
        folder = keys.outputs(self.queue)
        named = ((entry.key.removeprefix(folder.key), entry) for entry in self.store.list(folder))
        return {int(name): entry for name, entry in named if _AN_ID.fullmatch(name)}

    def _tell(self, unreadable: set[int]) -> None:
        """Name the tasks that keep Label Studio from telling: nobody can open them there either."""
        if unreadable:
            some = ", ".join(map(str, sorted(unreadable)[:NAMED]))
            failing = f"Label Studio fails to tell about {len(unreadable)} tasks ({some}); the others were compared."
            self.stopped.append(f"{self.queue}: {failing}")
            log.event("sync.unreadable", queue=self.queue, count=len(unreadable), tasks=some)

    def _compare_changed(self, files: dict[int, Entry], mark: Mark, unreadable: set[int]) -> tuple[Counter[str], Mark]:
        """Compare what changed since the mark; the mark after that."""
        counts, since = Counter[str](), mark.since - OVERLAP
        for batch in batches(self.desk.answers(self.project, since=since, after=mark.after, unreadable=unreadable)):
            counts.update(self.each(lambda answer: self._compare(answer, known=answer.id in files), batch))
            mark = mark.past(batch, self.project.asked)
        return counts, mark.past((), self.project.asked)

    def _compare(self, answer: RemoteAnnotation, *, known: bool) -> str:
        """Make the file say what the annotation says, unless it is as new; a file too large for one stays."""
        ref = keys.output(self.queue, str(answer.id))

        def work() -> str:
            with suppress(AlreadyExists, Changed, Missing):  # Label Studio was faster
                if not known:
                    self.store.create(ref, answer.body)
                    return CREATED
                stored = self.store.get(ref, most=LARGEST)
                if stored.is_whole and _written(stored) < answer.updated_at:
                    self._archive(answer.id, stored)
                    self.store.replace(ref, answer.body, etag=stored.etag)
                    return SWAPPED
            return UNCHANGED

        return self.boundary.run(work, FAILED, queue=self.queue, annotation=answer.id)

    def _is_quiet(self) -> bool:
        """Whether nobody has saved or deleted since the files were listed; else counting proves nothing."""
        return self.project.annotations in {
            one.annotations for one in self.desk.projects() if one.id == self.project.id
        }

    def _compare_all(self, files: dict[int, Entry], unreadable: set[int]) -> Counter[str]:
        """Create every missing file, and remove those whose annotation is certainly gone."""
        left, counts = set(files), Counter[str]()
        for batch in batches(self.desk.answers(self.project, since=BEGINNING, after=0, unreadable=unreadable)):
            counts.update(
                self.each(lambda answer: self._compare(answer, known=False), [a for a in batch if a.id not in files])
            )
            left -= {answer.id for answer in batch}
        strays = sorted(left)
        etags = list(self.each(self._gone, strays))
        gone = [(one, etag) for one, etag in zip(strays, etags, strict=True) if etag not in {"", FAILED}]
        counts[FAILED] += etags.count(FAILED)
        if self._is_plausible(len(gone), len(files)):
            counts.update(self.each(lambda found: self._remove(*found), gone))
        else:
            counts[SPARED] += len(gone)
        return counts

    def _gone(self, annotation: int) -> str:
        """The ETag of the file of an annotation that this project had and has no more; empty for any other."""

        def work() -> str:
            if self.desk.has_answer(annotation):
                return ""
            with suppress(Missing, Malformed, KeyError, TypeError, ValueError):  # not Label Studio's: nobody deleted it
                stored = self.store.get(keys.output(self.queue, str(annotation)), most=LARGEST)
                document = load(stored.body)
                if document["project"] == self.project.id and parse_iso(document["created_at"]) >= self.project.created:
                    return stored.etag
            return ""

        return self.boundary.run(work, FAILED, queue=self.queue, annotation=annotation)

    def _is_plausible(self, gone: int, files: int) -> bool:
        if gone <= max(FEW_REMOVALS, SHARE_OF_REMOVALS * files):
            return True
        now = self.store.now()
        release = withdrawals.fetch_guard(self.store, self.queue).approval
        if release and gone <= release.count and now < release.until:
            log.event("sync.released", queue=self.queue, gone=gone, files=files)
            return True
        withdrawals.spare(self.store, self.queue, Held(gone, files, now.replace(microsecond=0)))
        self.stopped.append(f"{self.queue}: {gone} of {files} annotations are gone; none of their files was removed.")
        log.event("sync.stopped", queue=self.queue, gone=gone, files=files)
        return False

    def _remove(self, annotation: int, etag: str) -> str:
        ref = keys.output(self.queue, str(annotation))

        def work() -> str:
            stored = self.store.get(ref, most=LARGEST)
            if stored.etag != etag:
                return UNCHANGED  # it was written anew
            self._archive(annotation, stored)
            self.store.delete(ref)
            return REMOVED

        return self.boundary.run(work, FAILED, queue=self.queue, annotation=annotation)

    def _archive(self, annotation: int, stored: Stored) -> None:
        """Keep a version that curate may never have seen."""
        with suppress(AlreadyExists):
            self.store.create(keys.version(keys.REMOVED, self.queue, str(annotation), stored.etag), stored.body)


def _written(stored: Stored) -> datetime:
    """When the annotation in a file was saved; long ago when nobody can tell."""
    try:
        return parse_iso(load(stored.body)["updated_at"])
    except (Malformed, KeyError, TypeError, ValueError):
        return BEGINNING
