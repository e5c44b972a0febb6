"""All queues, by listing: what was begun and not finished, what is new, what has vanished.

The listings are the truth. The ledger is listed before the outputs, so that a version which is
curated in between looks new, which is harmless, and never vanished.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from feedloop import log
from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import FeedloopError, Missing, Unavailable
from feedloop.domain.keys import Place

from .desk import QUARANTINED, Desk
from .ledger import Ledger, read_ledger

FAILED, VANISHED, REPAIRED, FINISHED = "failed", "vanished", "repaired", "finished"
FEW_WITHDRAWALS, SHARE_OF_WITHDRAWALS = 10, 0.05
"""A queue that loses more than this within an hour was probably not emptied by annotators."""

Each = Callable[[Callable[[Any], str], Iterable[Any]], Iterable[str]]
"""Does one thing for each of many: `map`, or a thread pool's."""


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


def handle_event(desk: Desk, places: Iterable[Place]) -> Tally:
    """Work off the annotations that an event names; one that is gone counts as vanished and is left to a sweep."""
    named = [keys.read_output(place.key) for place in places if place.bucket == keys.LABELSTUDIO]
    return Tally(Counter(_take(desk, *one) for one in named if one is not None))


def sweep(desk: Desk, *, each: Each = map, patience: timedelta) -> Tally:
    """Bring every queue to its final state. Raises Unavailable when the store is."""
    tally = Tally()
    for queue in keys.QUEUES:
        _sweep_queue(desk, queue, tally, each, patience)
    return tally


def _sweep_queue(desk: Desk, queue: str, tally: Tally, each: Each, patience: timedelta) -> None:
    notes = [Place(keys.TRACKING, entry.key) for entry in desk.store.list(keys.versions(keys.BEGUN, queue))]
    ledger = read_ledger(desk.store, queue, notes)
    outputs = _outputs(desk, queue)
    begun = {keys.read_begun(note.key)[0] for note in notes}
    new = [a for a, etag in outputs.items() if a in begun or not ledger.knows(a, etag)]
    tally.counts.update(each(lambda annotation: _take(desk, queue, annotation), new))
    vanished = {a: seen for a, seen in ledger.living.items() if a not in outputs}
    if vanished and _plausible(len(vanished), ledger, queue, tally, desk.store.now()):
        tally.counts.update(each(lambda one: _withdraw(desk, queue, *one), vanished.items()))
    for note in notes:
        tally.counts[_repair(desk, queue, note, patience)] += 1


def _outputs(desk: Desk, queue: str) -> dict[str, str]:
    """Annotation ids and ETags of what Label Studio's (or relabel's) folder holds now."""
    named = ((keys.read_output(entry.key), entry.etag) for entry in desk.store.list(keys.outputs(queue)))
    return {name[1]: etag for name, etag in named if name is not None}


def _plausible(vanished: int, ledger: Ledger, queue: str, tally: Tally, now: datetime) -> bool:
    """Whether so many annotations may be withdrawn: an emptied or wrong folder must not empty the datasets."""
    lately = ledger.gone_lately(now)
    known = len(ledger.living) + lately
    if vanished + lately <= max(FEW_WITHDRAWALS, SHARE_OF_WITHDRAWALS * known):
        return True
    tally.stopped.append(f"{queue}: {vanished} of {known} annotations have vanished; none of them was withdrawn.")
    log.event("curate.stopped", queue=queue, vanished=vanished, known=known)
    return False


def _take(desk: Desk, queue: str, annotation: str) -> str:
    try:
        result = desk.take(queue, annotation)
    except Missing:
        return VANISHED
    except Unavailable:
        raise
    except FeedloopError as error:
        return _failed(queue, annotation, error)
    if result == QUARANTINED:
        log.event("curate.quarantined", queue=queue, annotation=annotation)
    return result


def _withdraw(desk: Desk, queue: str, annotation: str, seen: dict[str, Place]) -> str:
    try:
        desk.store.head(keys.output(queue, annotation))
    except Missing:
        pass
    else:
        return "back again"  # or only missed by the listing: the next sweep takes it
    try:
        return desk.withdraw(queue, annotation, seen)
    except Missing:
        return FINISHED  # a note that its worker has just taken away: the next sweep sees what it left
    except Unavailable:
        raise
    except FeedloopError as error:
        return _failed(queue, annotation, error)


def _repair(desk: Desk, queue: str, note: Place, patience: timedelta) -> str:
    """Repair what a worker left half shown; forget its note once it cannot be alive any more."""
    annotation, _ = keys.read_begun(note.key)
    try:
        desk.repair(queue, annotation, note)
        if desk.store.now() - desk.store.head(note).modified > patience:
            desk.store.delete(note)
    except Missing:
        return FINISHED  # its worker was alive
    except Unavailable:
        raise
    except FeedloopError as error:
        return _failed(queue, annotation, error)
    return REPAIRED


def _failed(queue: str, annotation: str, error: FeedloopError) -> str:
    log.event("curate.failed", queue=queue, annotation=annotation, why=repr(error))
    return FAILED
