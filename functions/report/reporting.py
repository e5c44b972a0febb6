"""A report from its parameters: people's answers first, then the days, then the numbers."""

from collections.abc import Mapping
from datetime import datetime

from feedloop import releases, withdrawals
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel
from feedloop.evidence import evidence, human_labels
from feedloop.ports import ForEach, ObjectStore
from feedloop.releases import Pointer
from feedloop.sweeps import ErrorBoundary

from . import judged, queues, serving
from .document import Found, document
from .query import parse_query


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
    wanted, count = parse_query(query, classes=classes, now=now), len(classes.names)
    pointer = _pointer(store)
    unreadable = ErrorBoundary("report.unreadable")
    labels = human_labels.fetch(store, classes=count, for_each=each, unreadable=unreadable)
    days = evidence.fetch(
        store,
        [*wanted.before.days, *wanted.days],
        labels,
        classes=count,
        now=now,
        moved_at=pointer.moved_at if pointer else None,
        for_each=each,
    )
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
            queues=queues.queues(store, labels, facts, each=each, unreadable=unreadable),
            switch=switch,
            paired=judged.paired(store, pointer, switch),
            unread=[str(object_["key"]) for object_ in unreadable.failed],
            guards=dict(withdrawals.fetch_guards(store)),
        )
    )


def _pointer(store: ObjectStore) -> Pointer | None:
    try:
        return releases.fetch_pointer(store)
    except NoModel:
        return None
