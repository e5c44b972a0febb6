"""What people were asked and what they said, by listing: the datasets, the outcomes, the tasks.

Of any time, since the depth of a queue is a matter of now. A sample key stands for its prediction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Self

from feedloop.domain import annotations, keys
from feedloop.domain.annotations import CLASS
from feedloop.domain.errors import Malformed, Missing
from feedloop.domain.labels import Label
from feedloop.domain.prediction import PredictionId
from feedloop.evidence.unread import Unread, fetch_document
from feedloop.ports import ForEach, ObjectStore

OTHER, UNCLEAR, SKIPPED, DISPUTED, UNCOMMITTED = -1, -2, -3, -4, -5
"""Answers that are no class; a class is its index."""

_CODES = {
    annotations.OTHER: OTHER,
    annotations.UNCLEAR: UNCLEAR,
    annotations.SKIPPED: SKIPPED,
    annotations.DISPUTED: DISPUTED,
    annotations.UNCOMMITTED: UNCOMMITTED,
}

_PARTS = ("0", "4", "8", "c", "g")
"""Between these beginnings of sample keys a queue is listed at the same time."""

Answers = dict[str, int]
"""Random part to answer."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """A queue's tasks: the sample keys of all; how many nobody answered, and since when the oldest of those waits."""

    randoms: frozenset[str] = frozenset()
    waiting: int = 0
    oldest: datetime | None = None

    def __add__(self, other: Self) -> Self:
        known = [time for time in (self.oldest, other.oldest) if time]
        return type(self)(self.randoms | other.randoms, self.waiting + other.waiting, min(known, default=None))


@dataclass(frozen=True, slots=True)
class People:
    """Answers of every queue, and tasks of those that annotators work on."""

    answers: Mapping[str, Answers]
    tasks: Mapping[str, Tasks]

    @property
    def concerned(self) -> set[str]:
        """Every prediction that somebody answered, was asked about at random, or flagged."""
        asked = (self.tasks[queue].randoms for queue in (keys.RANDOM_SAMPLED, keys.USER_FEEDBACK))
        return set().union(*self.answers.values(), *asked)


def read(store: ObjectStore, *, classes: int, each: ForEach = map, unread: Unread | None = None) -> People:
    """Ask the store: a listing per queue and class, one per queue of outcomes and four of tasks."""
    unread = unread or Unread()
    folders = [(queue, index) for queue in keys.QUEUES for index in (*range(classes), None)]
    found = each(lambda folder: _said(store, *folder), folders)
    answers: dict[str, Answers] = {queue: {} for queue in keys.QUEUES}
    for (queue, _), said in zip(folders, found, strict=True):
        _add(store, queue, answers[queue], said, unread)
    parts = [(queue, begin, end) for queue in keys.REVIEW_QUEUES for begin, end in pairwise(_PARTS)]
    counted = each(lambda part: _tasks(store, *part, answers=answers[part[0]]), parts)
    tasks = dict.fromkeys(keys.REVIEW_QUEUES, Tasks())
    for (queue, _, _), some in zip(parts, counted, strict=True):
        tasks[queue] += some
    return People(answers, tasks)


def _said(store: ObjectStore, queue: str, index: int | None) -> list[tuple[str, int]]:
    """Keys and answers of one class, or (without) of all outcomes."""
    if index is not None:
        return [(entry.key, index) for entry in store.list(keys.dataset_class(queue, index))]
    return [(entry.key, code) for entry in store.list(keys.outcomes(queue)) if (code := _code(entry.key)) is not None]


def _code(key: str) -> int | None:
    try:
        return _CODES.get(keys.parse_outcome(key)[0])
    except Malformed:
        return None


def _add(store: ObjectStore, queue: str, answers: Answers, said: list[tuple[str, int]], unread: Unread) -> None:
    """Take them in; one that is shown at two places is being moved just now, and its label of record decides."""
    for key, answer in said:
        random = keys.sample_key_of(key)
        if random is None:
            continue  # somebody else's object
        if answers.setdefault(random, answer) != answer:
            decided = _of_record(store, queue, key, unread)
            answers[random] = answer if decided is None else decided


def _of_record(store: ObjectStore, queue: str, key: str, unread: Unread) -> int | None:
    try:
        ref = keys.label(queue, PredictionId.parse(key.rpartition("/")[2].removesuffix(".jpg")))
    except Malformed:
        return None  # somebody else's object

    def answer() -> int | None:
        try:
            outcome, index = Label.from_document(fetch_document(store, ref)).outcome
        except Missing:
            return None
        return index if outcome == CLASS else _CODES.get(outcome)

    return unread.read(ref, answer)


def _tasks(store: ObjectStore, queue: str, begin: str, end: str, *, answers: Answers) -> Tasks:
    """The tasks whose sample keys lie between two beginnings."""
    randoms, waiting, oldest, folder = set(), 0, None, keys.tasks(queue)
    for entry in store.list(folder, start_after=folder.key + begin):
        if entry.key >= folder.key + end:
            break
        random = keys.sample_key_of(entry.key)
        if random is None:
            continue
        randoms.add(random)
        if random not in answers:
            waiting += 1
            oldest = min(oldest or entry.modified, entry.modified)
    return Tasks(frozenset(randoms), waiting, oldest)
