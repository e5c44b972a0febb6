"""New task files of one queue go to Label Studio, each exactly once.

For each file: claim it in the ledger (create-only), import it, write its task's id over the claim. Killed …

- before the import: a claim without a task. After five minutes somebody takes it over, finds no task, imports it.
- after the import: a claim with a task. Whoever takes it over finds the task by its picture and writes its id.
- or Label Studio dies in between, or does not answer in time: the same.

Whoever has imported a task and finds that another one counts by now deletes their own, unless it is being
answered. What remains possible: a worker sleeps five minutes between its claim and its import, wakes when somebody
else has imported, imports as well, and is killed before it can delete. Or Label Studio itself does: it tries an
import for which its SQLite is locked again for most of an hour, also when we no longer wait. Then annotators see a
picture twice. Their answers meet in one label: curate goes by the picture.

A task that an annotator deletes stays in the ledger, and so does not come back. A file that cannot be imported is
quarantined with the reason, and tried again when its content changes.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from feedloop import log
from feedloop.domain import keys, review
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import AlreadyExists, Malformed, Missing, TaskRefused
from feedloop.domain.keys import ObjectRef
from feedloop.ports import AnnotationTool, Entry, ForEach, ObjectStore, Project
from feedloop.sweeps import ErrorBoundary

from . import import_ledger
from .batches import batches
from .import_ledger import ImportLedger

NEW, KNOWN, FAILED, FORMER = "new", "known", "failed", "former"
SKEW = timedelta(hours=1)
"""How far the clocks of the store and of Label Studio may differ."""
LARGEST = 100_000
"""Bytes of a task file; ours have 500."""


@dataclass(frozen=True, slots=True)
class File:
    """A task file of a listing; `image` is the address that its picture must have."""

    random: str
    entry: Entry
    image: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A checked task that only we import."""

    file: File
    task: Document
    etag: str


@dataclass(frozen=True, slots=True)
class Importer:
    """Brings the tasks of one queue into its project."""

    store: ObjectStore
    desk: AnnotationTool
    queue: str
    project: Project
    each: ForEach
    classes: ClassList | None = None
    """A task may be older than the name of its class."""
    worker: str = field(default_factory=lambda: secrets.token_hex(16))
    boundary: ErrorBoundary = field(default_factory=lambda: ErrorBoundary("sync.failed"))

    def bring(self) -> Counter[str]:
        """Import what is new; how many files are new, known, and failed. Raises Unavailable."""
        ledger, aside, files = self.each(lambda listing: listing(), (self._ledger.read, self._aside, self._files))
        counts = Counter[str]()
        fresh, orphaned = self._sort(files, ledger, aside, counts)
        refused: list[tuple[File, str]] = []
        for batch in batches(fresh):
            claimed, failed = self._claim(batch, lambda file: self._ledger.claim(file.random))
            counts += self._add(claimed, refused) + Counter({FAILED: failed})
        for batch in batches(orphaned):
            claimed, failed = self._claim(batch, lambda file: self._ledger.take_over(file.random, ledger[file.random]))
            counts += self._adopt(claimed, refused) + Counter({FAILED: failed})
        self._blame(refused, others_were_taken=counts[NEW] > 0)
        return counts + Counter({FAILED: len(refused)})

    def _sort(
        self, files: list[File], ledger: Mapping[str, Entry], aside: set[tuple[str, str]], counts: Counter[str]
    ) -> tuple[list[File], list[File]]:
        """The files that nobody has begun with, and those whose worker died; the others are counted."""
        fresh, orphaned = list[File](), list[File]()
        long_ago = self.store.now() - import_ledger.PATIENCE
        for file in files:
            entry = ledger.get(file.random)
            if entry and import_ledger.is_done(entry):
                counts[KNOWN] += 1
                counts[FORMER] += entry.modified < self.project.created - SKEW
            elif (file.random, file.entry.etag) in aside:
                counts[FAILED] += 1
            elif entry is None:
                fresh.append(file)
            elif entry.modified < long_ago:
                orphaned.append(file)
        return fresh, orphaned

    @property
    def _ledger(self) -> ImportLedger:
        return ImportLedger(self.store, self.queue, self.worker)

    def _aside(self) -> set[tuple[str, str]]:
        """Names and ETags of files that wait for somebody to mend them."""
        folder = keys.versions(keys.QUARANTINED, keys.refused_tasks(self.queue))
        return {keys.read_version(entry.key)[:2] for entry in self.store.list(folder)}

    def _files(self) -> list[File]:
        named = ((keys.read_task(self.queue, entry.key), entry) for entry in self.store.list(keys.tasks(self.queue)))
        return [File(name, entry, self.store.url(keys.image(name))) for name, entry in named]

    def _claim(self, files: list[File], take: Callable[[File], str | None]) -> tuple[list[Claimed], int]:
        """Those of the files that we may import now, and how many can't be."""
        found = list(self.each(lambda file: self._prepare(file, take), files))
        return [claimed for claimed in found if isinstance(claimed, Claimed)], found.count(FAILED)

    def _prepare(self, file: File, take: Callable[[File], str | None]) -> Claimed | str | None:
        """Check first and claim then: what cannot be imported is never claimed."""

        def work() -> Claimed | str | None:
            try:
                task = self._read(file)
            except Missing:
                return None  # deleted since it was listed
            except Malformed as error:
                return self._set_aside(file, str(error))
            etag = take(file)
            return Claimed(file, task, etag) if etag else None

        failed: Claimed | str | None = FAILED
        return self.boundary.run(work, failed, queue=self.queue, key=file.entry.key)

    def _read(self, file: File) -> Document:
        """The task as Label Studio gets it. Raises Malformed and Missing."""
        if file.entry.size > LARGEST:
            raise Malformed(f"{file.entry.size} bytes are too many for a task")
        keys.read_image_url(file.image, images=self.store.url(keys.images()))
        body = self.store.get(ObjectRef(keys.LABELSTUDIO, file.entry.key), most=LARGEST).body
        task = review.as_imported(review.read_task(body, self.queue, file.image), self.classes)
        try:
            self.store.head(keys.image(file.random))
        except Missing as error:
            raise Malformed("its picture is not in the store") from error
        return task

    def _add(self, batch: list[Claimed], refused: list[tuple[File, str]]) -> Counter[str]:
        """Import; halve what is refused until the one that is meant is alone."""
        if not batch:
            return Counter()
        try:
            ids = self.desk.add(self.project, [claimed.task for claimed in batch])
        except TaskRefused as refusal:
            if len(batch) == 1:
                refused.append((batch[0].file, str(refusal)))
                return Counter()
            middle = len(batch) // 2
            return self._add(batch[:middle], refused) + self._add(batch[middle:], refused)
        return self._settle(zip(batch, ids, strict=True))

    def _adopt(self, batch: list[Claimed], refused: list[tuple[File, str]]) -> Counter[str]:
        """Finish what dead workers began: their tasks may be in Label Studio."""
        found = self.desk.find(self.project, [claimed.file.image for claimed in batch])
        there = [(claimed, found[claimed.file.image]) for claimed in batch if claimed.file.image in found]
        missing = [claimed for claimed in batch if claimed.file.image not in found]
        return self._settle(there) + self._add(missing, refused)

    def _settle(self, tasks: Iterable[tuple[Claimed, int]]) -> Counter[str]:
        return Counter(self.each(lambda pair: self._settle_one(*pair), tasks))

    def _settle_one(self, claimed: Claimed, task: int) -> str:
        def work() -> str:
            counts = self._ledger.settle(claimed.file.random, claimed.etag, task)
            if counts == task:
                return NEW
            self.desk.remove(task, claimed.file.image)
            return KNOWN

        return self.boundary.run(work, FAILED, queue=self.queue, key=claimed.file.entry.key)

    def _blame(self, refused: list[tuple[File, str]], *, others_were_taken: bool) -> None:
        """Set refused files aside. When Label Studio takes none at all, its project is to blame: they come again."""
        for file, reason in refused:
            if others_were_taken:
                self._set_aside(file, reason)
            else:
                log.event("sync.refused", queue=self.queue, key=file.entry.key, why=reason)

    def _set_aside(self, file: File, reason: str) -> str:
        """Say what is wrong with a file, once for each of its contents."""
        named = (keys.refused_tasks(self.queue), file.random, file.entry.etag)
        with suppress(AlreadyExists):
            self.store.create(
                keys.version(keys.QUARANTINED, *named), dump({"v": 1, "reason": reason, "key": file.entry.key})
            )
        log.event("sync.quarantined", queue=self.queue, key=file.entry.key, why=reason)
        return FAILED
