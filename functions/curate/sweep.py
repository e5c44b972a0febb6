"""All queues, by listing: what was begun and not finished, what is new, what has vanished.

The listings are the truth. The ledger is listed before the outputs, so that a version which is
curated in between looks new, which is harmless, and never vanished.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from feedloop import log, withdrawals
from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import Missing
from feedloop.domain.keys import ObjectRef
from feedloop.ports import Entry, ForEach, ObjectStore
from feedloop.sweeps import ErrorBoundary, Tally
from feedloop.withdrawals import Held

from .curation_ledger import CurationLedger, fetch_ledger, name_of_foreign_key
from .curator import QUARANTINED, Curator

FAILED, VANISHED, REPAIRED, FINISHED = "failed", "vanished", "repaired", "finished"
FEW_WITHDRAWALS, SHARE_OF_WITHDRAWALS = 10, 0.05
"""A queue that loses more than this within an hour was probably not emptied by annotators."""


def handle_event(curator: Curator, refs: Iterable[ObjectRef]) -> Tally:
    """Apply the annotations that an event names; one that is gone counts as vanished and is left to a sweep.

    Raises Unavailable when the store failed with one of them: stores send such an event again.
    """
    names = [keys.parse_output(ref.key) for ref in refs if ref.bucket == keys.LABELSTUDIO]
    run = _Run(curator)
    tally = Tally(Counter(run.apply(*name) for name in names if name is not None))
    if run.boundary.down:
        raise run.boundary.down
    return tally


def sweep(curator: Curator, *, each: ForEach = map, patience: timedelta) -> Tally:
    """Bring every queue to its final state. Raises Unavailable when the store is."""
    tally, run = Tally(), _Run(curator, each, patience)
    known = {queue for queue, guard in withdrawals.fetch_guards(curator.store) if guard.held}
    for queue in keys.QUEUES:
        swept, held = run.sweep_queue(queue)
        tally += swept
        if held or queue in known:
            withdrawals.hold(curator.store, queue, held)
    return tally


def to_document(tally: Tally) -> Document:
    """The answer of curate."""
    counts = {**dict.fromkeys(("curated", "moved", "withdrawn", "skipped", "disputed", QUARANTINED), 0), **tally.counts}
    return {**counts, "stopped": list(tally.stopped)} if tally.stopped else counts


def count_vanished(store: ObjectStore, queue: str) -> tuple[int, CurationLedger]:
    """How many annotations of a queue have vanished and are not withdrawn, and its ledger."""
    ledger = fetch_ledger(store, queue, _notes(store, queue))
    outputs = {name[1] for entry in store.list(keys.outputs(queue)) if (name := keys.parse_output(entry.key))}
    return len(ledger.archived.keys() - outputs), ledger


@dataclass(frozen=True, slots=True)
class _Run:
    """An event's or a sweep's; whatever goes wrong with one annotation is its own, and counted as failed."""

    curator: Curator
    each: ForEach = map
    patience: timedelta = timedelta(0)
    """So long a worker may be at one version."""
    boundary: ErrorBoundary = field(default_factory=lambda: ErrorBoundary("curate.failed"))

    def sweep_queue(self, queue: str) -> tuple[Tally, Held | None]:
        """Bring one queue to its final state; what came of it, and what the guard held back."""
        notes = _notes(self.curator.store, queue)
        ledger = fetch_ledger(self.curator.store, queue, notes)
        outputs, foreign = self._outputs(queue)
        begun = {keys.parse_begun(note.key)[0] for note in notes}
        new = [a for a, etag in outputs.items() if a in begun or not ledger.is_settled(a, etag)]
        counts = Counter(self.each(lambda annotation: self.apply(queue, annotation), new))
        new_foreign = [one for one in foreign if not ledger.is_settled(name_of_foreign_key(one.key), one.etag)]
        counts.update(self.each(lambda entry: self._quarantine_foreign(queue, entry), new_foreign))
        vanished = {a: archived for a, archived in ledger.archived.items() if a not in outputs}
        held = _implausible(self.curator.store, queue, len(vanished), ledger) if vanished else None
        stopped: tuple[str, ...] = ()
        if held:
            what = f"{held.vanished} of {held.known} annotations have vanished; none of them was withdrawn"
            stopped = (f"{queue}: {what}. docs/operations.md says how to release them.",)
        else:
            counts.update(self.each(lambda one: self._withdraw(queue, *one), vanished.items()))
        counts.update(self._repair(queue, note) for note in notes)
        return Tally(counts, stopped), held

    def apply(self, queue: str, annotation: str) -> str:
        """Apply an annotation; what came of it."""

        def work() -> str:
            try:
                return self.curator.apply(queue, annotation)
            except Missing:
                return VANISHED

        result = self.boundary.run(work, FAILED, queue=queue, annotation=annotation)
        if result == QUARANTINED:
            log.event("curate.quarantined", queue=queue, annotation=annotation)
        return result

    def _outputs(self, queue: str) -> tuple[dict[str, str], list[Entry]]:
        """Annotation ids and ETags of what Label Studio's (or relabel's) folder holds now, and what else lies there."""
        outputs, foreign = dict[str, str](), list[Entry]()
        for entry in self.curator.store.list(keys.outputs(queue)):
            if name := keys.parse_output(entry.key):
                outputs[name[1]] = entry.etag
            else:
                foreign.append(entry)
        return outputs, foreign

    def _quarantine_foreign(self, queue: str, entry: Entry) -> str:
        log.event("curate.quarantined", queue=queue, key=entry.key)
        work = partial(self.curator.quarantine_foreign, queue, entry)
        return self.boundary.run(work, FAILED, queue=queue, key=entry.key)

    def _withdraw(self, queue: str, annotation: str, archived: dict[str, ObjectRef]) -> str:
        def work() -> str:
            try:
                self.curator.store.head(keys.output(queue, annotation))
            except Missing:
                pass
            else:
                return "back again"  # or only missed by the listing: the next sweep takes it
            try:
                return self.curator.withdraw(queue, annotation, archived)
            except Missing:
                return FINISHED  # a note that its worker has just taken away: the next sweep finds what it left

        return self.boundary.run(work, FAILED, queue=queue, annotation=annotation)

    def _repair(self, queue: str, note: ObjectRef) -> str:
        """Materialise what a worker left half done; delete its note once it cannot be alive any more."""

        def work() -> str:
            try:
                self.curator.repair(queue, note)
                if self.curator.store.now() - self.curator.store.head(note).modified > self.patience:
                    self.curator.store.delete(note)
            except Missing:
                return FINISHED  # its worker was alive
            return REPAIRED

        return self.boundary.run(work, FAILED, queue=queue, note=note.key)


def _notes(store: ObjectStore, queue: str) -> list[ObjectRef]:
    """The versions of a queue that somebody began with."""
    return [ObjectRef(keys.TRACKING, entry.key) for entry in store.list(keys.versions(keys.BEGUN, queue))]


def _implausible(store: ObjectStore, queue: str, vanished: int, ledger: CurationLedger) -> Held | None:
    """Why so many annotations must stay: an emptied or wrong folder must not empty the datasets.

    None when they are few, or an operator has approved so many.
    """
    now = store.now()
    lately = ledger.withdrawn_lately(now)
    known = len(ledger.archived) + lately
    if vanished + lately <= max(FEW_WITHDRAWALS, SHARE_OF_WITHDRAWALS * known):
        return None
    approval = withdrawals.fetch_guard(store, queue).approval
    if approval and vanished <= approval.left(ledger.withdrawn, now):
        log.event("curate.released", queue=queue, vanished=vanished, known=known)
        return None
    log.event("curate.stopped", queue=queue, vanished=vanished, known=known)
    return Held(vanished, known, now.replace(microsecond=0))
