"""A report from its parameters: people's answers first, then the days, then the numbers."""

from collections.abc import Mapping
from datetime import datetime

from feedloop import releases, withdrawals
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel
from feedloop.evidence import human_labels
from feedloop.evidence.evidence import Source
from feedloop.evidence.unread import Unread
from feedloop.ports import ForEach, ObjectStore
from feedloop.releases import Pointer

from . import asked, judged, queues, serving
from .document import Found, document


def report(
    query: Mapping[str, str],
    *,
    store: ObjectStore,
    classes: ClassList,
    now: datetime,
    threshold: int,
    each: ForEach = map,
) -> Document:
    """The report that is asked for. Raises BadRequest."""
    wanted, count = asked.read(query, classes=classes, now=now), len(classes.names)
    pointer = _pointer(store)
    unread = Unread()
    told = human_labels.read(store, classes=count, each=each, unread=unread)
    source = Source(store, count, now, told, each, moved_at=pointer.moved_at if pointer else None)
    days = source.facts([*wanted.before.days, *wanted.days])
    facts, before = ([day for day in days if (day.day < wanted.first) is earlier] for earlier in (False, True))
    switch = None if wanted.version else serving.find(days, wanted.first, pointer, now)
    return document(
        Found(
            asked=wanted,
            now=now,
            model={"name": pointer.name, "version": pointer.sha256[:8]} if pointer else None,
            names=classes.names,
            threshold=threshold,
            facts=facts,
            before=before,
            queues=queues.queues(store, told, facts, each=each, unread=unread),
            switch=switch,
            paired=judged.paired(store, pointer, switch),
            unread=unread.keys,
            guards=dict(withdrawals.fetch_guards(store)),
        )
    )


def _pointer(store: ObjectStore) -> Pointer | None:
    try:
        return releases.fetch_pointer(store)
    except NoModel:
        return None
