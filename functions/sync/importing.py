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
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from feedloop import log
from feedloop.domain import keys, review
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import AlreadyExists, Malformed, Missing, TaskRefused
from feedloop.domain.keys import ObjectRef
from feedloop.ports import AnnotationTool, Entry, ForEach, ObjectStore, Project
from feedloop.sweeps import ErrorBoundary, Tally

from . import import_ledger
from .batches import batches
from .import_ledger import ImportLedger

NEW, KNOWN, FAILED = "new", "known", "failed"
_FRESH, _ORPHANED, _FORMER = "fresh", "orphaned", "former"
SKEW = timedelta(hours=1)
"""How far the clocks of the store and of Label Studio may differ."""
LARGEST = 100_000
"""Bytes of a task file; ours have 500."""


@dataclass(frozen=True, slots=True)
class File:
    """A task file of a listing; `image` is the address that its picture must have."""

    sample_key: str
    entry: Entry
    image: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A checked task that only we import."""

    file: File
    task: Document
    etag: str


@dataclass(frozen=True, slots=True)
class _Imported:
    """What came of some files; `refused` are those that Label Studio does not take, with its reason."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: tuple[tuple[File, str], ...] = ()

    def __add__(self, other: Self) -> Self:
        return type(self)(self.counts + other.counts, self.refused + other.refused)


@dataclass(frozen=True, slots=True)
class Importer:
    """Brings the tasks of one queue into its project."""

    store: ObjectStore
    tool: AnnotationTool
    queue: str
    project: Project
    each: ForEach
    classes: ClassList | None = None
    """A task may be older than the name of its class."""
    worker: str = field(default_factory=lambda: secrets.token_hex(16))
    boundary: ErrorBoundary = field(default_factory=lambda: ErrorBoundary("sync.failed"))

    def bring(self) -> Tally:
        """Import what is new; how many files are new, known, and failed. Raises Unavailable."""
        listings = (self._ledger.fetch_entries, self._quarantined, self._files)
        ledger, quarantined, files = self.each(lambda listing: listing(), listings)
        by_state = self._by_state(files, ledger, quarantined)
        result = _Imported()
        for batch in batches(by_state[_FRESH]):
            claimed, failed = self._claim(batch, lambda file: self._ledger.claim(file.sample_key))
            result += self._add(claimed) + failed
        for batch in batches(by_state[_ORPHANED]):
            claimed, failed = self._claim(
                batch, lambda file: self._ledger.take_over(file.sample_key, ledger[file.sample_key])
            )
            result += self._adopt(claimed) + failed
        self._blame(result.refused, others_were_taken=result.counts[NEW] > 0)
        former = len(by_state[_FORMER])
        counts = {KNOWN: len(by_state[KNOWN]) + former, FAILED: len(by_state[FAILED]) + len(result.refused)}
        sentence = f"{self.queue}: {former} tasks were imported into a project that is gone, and stay away."
        return Tally(result.counts + Counter(counts), (sentence,) if former else ())

    def _by_state(
        self, files: list[File], ledger: Mapping[str, Entry], quarantined: set[tuple[str, str]]
    ) -> dict[str, list[File]]:
        """The files by state: nobody has begun with fresh ones, and the worker of orphaned ones is dead."""
        by_state: dict[str, list[File]] = defaultdict(list)
        long_ago = self.store.now() - import_ledger.PATIENCE
        for file in files:
            entry = ledger.get(file.sample_key)
            if entry and import_ledger.is_done(entry):
                by_state[_FORMER if entry.modified < self.project.created - SKEW else KNOWN].append(file)
            elif (file.sample_key, file.entry.etag) in quarantined:
                by_state[FAILED].append(file)
            elif entry is None:
                by_state[_FRESH].append(file)
            elif entry.modified < long_ago:
                by_state[_ORPHANED].append(file)
        return by_state

    @property
    def _ledger(self) -> ImportLedger:
        return ImportLedger(self.store, self.queue, self.worker)

    def _quarantined(self) -> set[tuple[str, str]]:
        """Names and ETags of files that wait for somebody to correct them."""
        folder = keys.versions(keys.QUARANTINED, keys.refused_tasks(self.queue))
        return {keys.parse_version(entry.key)[:2] for entry in self.store.list(folder)}

    def _files(self) -> list[File]:
        named = ((keys.parse_task(self.queue, entry.key), entry) for entry in self.store.list(keys.tasks(self.queue)))
        return [File(name, entry, self.store.url(keys.image(name))) for name, entry in named]

    def _claim(self, files: list[File], take: Callable[[File], str | None]) -> tuple[list[Claimed], _Imported]:
        """Those of the files that we may import now, and how many can't be."""
        results = list(self.each(lambda file: self._prepare(file, take), files))
        claimed = [result for result in results if isinstance(result, Claimed)]
        return claimed, _Imported(Counter({FAILED: results.count(FAILED)}))

    def _prepare(self, file: File, take: Callable[[File], str | None]) -> Claimed | str | None:
        """Check first and claim then: what cannot be imported is never claimed."""

        def work() -> Claimed | str | None:
            try:
                task = self._checked_task(file)
            except Missing:
                return None  # deleted since it was listed
            except Malformed as error:
                return self._quarantine(file, str(error))
            etag = take(file)
            return Claimed(file, task, etag) if etag else None

        failed: Claimed | str | None = FAILED
        return self.boundary.run(work, failed, queue=self.queue, key=file.entry.key)

    def _checked_task(self, file: File) -> Document:
        """The task as Label Studio gets it. Raises Malformed and Missing."""
        if file.entry.size > LARGEST:
            raise Malformed(f"{file.entry.size} bytes are too many for a task")
        keys.parse_image_url(file.image, images=self.store.url(keys.image()))
        body = self.store.get(ObjectRef(keys.LABELSTUDIO, file.entry.key), most=LARGEST).body
        task = review.as_imported(review.parse_task(body, self.queue, file.image), self.classes)
        try:
            self.store.head(keys.image(file.sample_key))
        except Missing as error:
            raise Malformed("its picture is not in the store") from error
        return task

    def _add(self, batch: list[Claimed]) -> _Imported:
        """Import; halve what is refused until the one that is meant is alone."""
        if not batch:
            return _Imported()
        try:
            ids = self.tool.add(self.project, [claimed.task for claimed in batch])
        except TaskRefused as refusal:
            if len(batch) == 1:
                return _Imported(refused=((batch[0].file, str(refusal)),))
            middle = len(batch) // 2
            return self._add(batch[:middle]) + self._add(batch[middle:])
        return self._settle(zip(batch, ids, strict=True))

    def _adopt(self, batch: list[Claimed]) -> _Imported:
        """Finish what dead workers began: their tasks may be in Label Studio."""
        tasks = self.tool.find(self.project, [claimed.file.image for claimed in batch])
        arrived = [(claimed, tasks[claimed.file.image]) for claimed in batch if claimed.file.image in tasks]
        missing = [claimed for claimed in batch if claimed.file.image not in tasks]
        return self._settle(arrived) + self._add(missing)

    def _settle(self, tasks: Iterable[tuple[Claimed, int]]) -> _Imported:
        return _Imported(Counter(self.each(lambda pair: self._settle_one(*pair), tasks)))

    def _settle_one(self, claimed: Claimed, task: int) -> str:
        def work() -> str:
            counts = self._ledger.settle(claimed.file.sample_key, claimed.etag, task)
            if counts == task:
                return NEW
            self.tool.remove(task, claimed.file.image)
            return KNOWN

        return self.boundary.run(work, FAILED, queue=self.queue, key=claimed.file.entry.key)

    def _blame(self, refused: Iterable[tuple[File, str]], *, others_were_taken: bool) -> None:
        """Quarantine refused files. When Label Studio takes none at all, its project is to blame: they come again."""
        for file, reason in refused:
            if others_were_taken:
                self._quarantine(file, reason)
            else:
                log.event("sync.refused", queue=self.queue, key=file.entry.key, why=reason)

    def _quarantine(self, file: File, reason: str) -> str:
        """Write what is wrong with a file, once for each of its contents."""
        named = (keys.refused_tasks(self.queue), file.sample_key, file.entry.etag)
        with suppress(AlreadyExists):
            self.store.create(
                keys.version(keys.QUARANTINED, *named), dump({"v": 1, "reason": reason, "key": file.entry.key})
            )
        log.event("sync.quarantined", queue=self.queue, key=file.entry.key, why=reason)
        return FAILED
