"""All queues, by listing: what was begun and not finished, what is new, what has vanished.

The listings are the truth. The ledger is listed before the outputs, so that a version which is
curated in between looks new, which is harmless, and never vanished.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from feedloop import log, withdrawals
from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import Missing
from feedloop.domain.keys import ObjectRef
from feedloop.ports import Entry, ForEach, ObjectStore
from feedloop.sweeps import Neighbours
from feedloop.withdrawals import Held

from .curation_ledger import CurationLedger, read_ledger, stranger
from .curator import QUARANTINED, Curator

FAILED, VANISHED, REPAIRED, FINISHED = "failed", "vanished", "repaired", "finished"
FEW_WITHDRAWALS, SHARE_OF_WITHDRAWALS = 10, 0.05
"""A queue that loses more than this within an hour was probably not emptied by annotators."""


@dataclass(slots=True)
class Tally:
    """What came of a run; a batch finishes what it can and tells the rest."""

    counts: Counter[str] = field(default_factory=Counter)
    stopped: list[str] = field(default_factory=list)

    def to_document(self) -> Document:
        """The answer of curate."""
        named = ("curated", "moved", "withdrawn", "skipped", "disputed", QUARANTINED)
        counts = {**dict.fromkeys(named, 0), **self.counts}
        return {**counts, "stopped": self.stopped} if self.stopped else counts


def handle_event(curator: Curator, refs: Iterable[ObjectRef]) -> Tally:
    """Work off the annotations that an event names; one that is gone counts as vanished and is left to a sweep.

    Raises Unavailable when the store failed with one of them: stores send such an event again.
    """
    named = [keys.read_output(ref.key) for ref in refs if ref.bucket == keys.LABELSTUDIO]
    sweeping = _Sweep(curator, Neighbours("curate.failed"))
    tally = Tally(Counter(sweeping.take(*one) for one in named if one is not None))
    if sweeping.neighbours.down:
        raise sweeping.neighbours.down
    return tally


def sweep(curator: Curator, *, each: ForEach = map, patience: timedelta) -> Tally:
    """Bring every queue to its final state. Raises Unavailable when the store is."""
    tally, sweeping = Tally(), _Sweep(curator, Neighbours("curate.failed"))
    held = {queue for queue, guard in withdrawals.known(curator.store) if guard.held}
    for queue in keys.QUEUES:
        stopped = sweeping.queue(queue, tally, each, patience)
        if stopped or queue in held:
            withdrawals.hold(curator.store, queue, stopped)
    return tally


def vanished(store: ObjectStore, queue: str) -> tuple[int, CurationLedger]:
    """How many annotations of a queue have vanished and are not withdrawn, and its ledger."""
    ledger = read_ledger(store, queue, _notes(store, queue))
    outputs = {name[1] for entry in store.list(keys.outputs(queue)) if (name := keys.read_output(entry.key))}
    return len(ledger.living.keys() - outputs), ledger


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Whatever goes wrong with one annotation is its own, and counted as failed."""

    curator: Curator
    neighbours: Neighbours

    def queue(self, queue: str, tally: Tally, each: ForEach, patience: timedelta) -> Held | None:
        """Bring one queue to its final state; what the guard held back."""
        store = self.curator.store
        notes = _notes(store, queue)
        ledger = read_ledger(store, queue, notes)
        outputs, strangers = self._outputs(queue)
        begun = {keys.read_begun(note.key)[0] for note in notes}
        new = [a for a, etag in outputs.items() if a in begun or not ledger.knows(a, etag)]
        tally.counts.update(each(lambda annotation: self.take(queue, annotation), new))
        unknown = [entry for entry in strangers if not ledger.knows(stranger(entry.key), entry.etag)]
        tally.counts.update(each(lambda entry: self._set_aside(queue, entry), unknown))
        vanished = {a: seen for a, seen in ledger.living.items() if a not in outputs}
        held = _implausible(store, queue, len(vanished), ledger) if vanished else None
        if held:
            told = f"{held.vanished} of {held.known} annotations have vanished; none of them was withdrawn"
            tally.stopped.append(f"{queue}: {told}. docs/operations.md says how to release them.")
        else:
            tally.counts.update(each(lambda one: self._withdraw(queue, *one), vanished.items()))
        for note in notes:
            tally.counts[self._repair(queue, note, patience)] += 1
        return held

    def take(self, queue: str, annotation: str) -> str:
        """Work off an annotation; say what came of it."""

        def work() -> str:
            try:
                return self.curator.take(queue, annotation)
            except Missing:
                return VANISHED

        result = self.neighbours.each(work, FAILED, queue=queue, annotation=annotation)
        if result == QUARANTINED:
            log.event("curate.quarantined", queue=queue, annotation=annotation)
        return result

    def _outputs(self, queue: str) -> tuple[dict[str, str], list[Entry]]:
        """Annotation ids and ETags of what Label Studio's (or relabel's) folder holds now, and what else lies there."""
        outputs, strangers = dict[str, str](), list[Entry]()
        for entry in self.curator.store.list(keys.outputs(queue)):
            if name := keys.read_output(entry.key):
                outputs[name[1]] = entry.etag
            else:
                strangers.append(entry)
        return outputs, strangers

    def _set_aside(self, queue: str, entry: Entry) -> str:
        log.event("curate.quarantined", queue=queue, key=entry.key)
        return self.neighbours.each(lambda: self.curator.set_aside(queue, entry), FAILED, queue=queue, key=entry.key)

    def _withdraw(self, queue: str, annotation: str, seen: dict[str, ObjectRef]) -> str:
        def work() -> str:
            try:
                self.curator.store.head(keys.output(queue, annotation))
            except Missing:
                pass
            else:
                return "back again"  # or only missed by the listing: the next sweep takes it
            try:
                return self.curator.withdraw(queue, annotation, seen)
            except Missing:
                return FINISHED  # a note that its worker has just taken away: the next sweep sees what it left

        return self.neighbours.each(work, FAILED, queue=queue, annotation=annotation)

    def _repair(self, queue: str, note: ObjectRef, patience: timedelta) -> str:
        """Repair what a worker left half shown; forget its note once it cannot be alive any more."""

        def work() -> str:
            try:
                self.curator.repair(queue, note)
                if self.curator.store.now() - self.curator.store.head(note).modified > patience:
                    self.curator.store.delete(note)
            except Missing:
                return FINISHED  # its worker was alive
            return REPAIRED

        return self.neighbours.each(work, FAILED, queue=queue, note=note.key)


def _notes(store: ObjectStore, queue: str) -> list[ObjectRef]:
    """The versions of a queue that somebody began to work off."""
    return [ObjectRef(keys.TRACKING, entry.key) for entry in store.list(keys.versions(keys.BEGUN, queue))]


def _implausible(store: ObjectStore, queue: str, vanished: int, ledger: CurationLedger) -> Held | None:
    """Why so many annotations must stay: an emptied or wrong folder must not empty the datasets.

    None when they are few, or an operator has released so many.
    """
    now = store.now()
    lately = ledger.gone_lately(now)
    known = len(ledger.living) + lately
    if vanished + lately <= max(FEW_WITHDRAWALS, SHARE_OF_WITHDRAWALS * known):
        return None
    release = withdrawals.of(store, queue).release
    if release and vanished <= release.left(ledger.withdrawn, now):
        log.event("curate.released", queue=queue, vanished=vanished, known=known)
        return None
    log.event("curate.stopped", queue=queue, vanished=vanished, known=known)
    return Held(vanished, known, now.replace(microsecond=0))
