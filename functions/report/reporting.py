"""A report from its parameters: people's answers first, then the days, then the numbers."""

from collections.abc import Mapping
from datetime import datetime

from feedloop import releases
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel
from feedloop.ports import ObjectStore

from . import asked, people, queues
from .collecting import Source
from .document import Found, document
from .people import Each


def report(
    query: Mapping[str, str], *, store: ObjectStore, classes: ClassList, now: datetime, threshold: int, each: Each = map
) -> Document:
    """The report that is asked for. Raises BadRequest."""
    wanted, count = asked.read(query, classes=classes, now=now), len(classes.names)
    told = people.read(store, classes=count, each=each)
    days = Source(store, count, now, told, each).facts([*wanted.before.days, *wanted.days])
    facts, before = ([day for day in days if (day.day < wanted.first) is earlier] for earlier in (False, True))
    return document(
        Found(
            asked=wanted,
            now=now,
            model=_serving(store),
            names=classes.names,
            threshold=threshold,
            facts=facts,
            before=before,
            queues=queues.queues(store, told, facts, each=each),
        )
    )


def _serving(store: ObjectStore) -> Mapping[str, str] | None:
    try:
        name, sha256 = releases.pointed_to(store)
    except NoModel:
        return None
    return {"name": name, "version": sha256[:8]}
