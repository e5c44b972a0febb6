"""Who answered what about which prediction, and what waits for an answer, of any time: datasets, outcomes and tasks.

The one reader of answers, for reports, the gate and retraining. A sample key stands for its prediction, and an object
counts only under a whole key: one that curate, or whoever queues tasks, would have written.
"""

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Self

from feedloop.domain import keys
from feedloop.domain.annotations import LARGEST, UNCOMMITTED
from feedloop.domain.answers import SKIPPED, UNCLEAR, Answer, from_outcome
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import Malformed, Missing
from feedloop.domain.keys import ObjectRef
from feedloop.domain.labels import Label
from feedloop.domain.prediction import PredictionId
from feedloop.ports import ForEach, ObjectStore
from feedloop.sweeps import ErrorBoundary

_BEGINNINGS = ("0", "4", "8", "c", "g")
"""Between these beginnings of sample keys a queue is listed at the same time."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """A queue's tasks: the sample keys of all; how many nobody answered, and since when the oldest of those waits."""

    sample_keys: frozenset[str] = frozenset()
    waiting: int = 0
    oldest: datetime | None = None

    def __add__(self, other: Self) -> Self:
        known = [time for time in (self.oldest, other.oldest) if time]
        return type(self)(self.sample_keys | other.sample_keys, self.waiting + other.waiting, min(known, default=None))


@dataclass(frozen=True)
class HumanLabels:
    """By queue the answers, by sample key, and the tasks of those queues that annotators work on."""

    answers: Mapping[str, Mapping[str, Answer]]
    tasks: Mapping[str, Tasks]

    @cached_property
    def reviewed_keys(self) -> set[str]:
        """The sample keys of all that was answered, drawn for the random sample, or flagged."""
        queued = (self.tasks[queue].sample_keys for queue in (keys.RANDOM_SAMPLED, keys.USER_FEEDBACK))
        return set().union(*self.answers.values(), *queued)

    def answers_about(self, sample_key: str) -> list[Answer]:
        """What sources answer about a prediction, at most one each; who skips or cannot tell abstains."""
        given = (answers.get(sample_key) for answers in self.answers.values())
        return [answer for answer in given if answer is not None and answer not in {UNCLEAR, SKIPPED}]


class _Listed(NamedTuple):
    """An answer as a key tells it; None of a vote about a picture that was never committed, which is no answer."""

    sample_key: str
    answer: Answer | None
    prediction: str


def fetch(
    store: ObjectStore, *, classes: int, for_each: ForEach = map, unreadable: ErrorBoundary | None = None
) -> HumanLabels:
    """Ask the store: a listing per queue and class, one per queue of outcomes and four of tasks.

    A picture that is listed with two answers is being moved just now, and its label of record decides. Where that is
    missing, or cannot be read and is left to `unreadable`, the answer that is listed last stands.
    """
    unreadable = unreadable or ErrorBoundary("report.unreadable")
    folders = [(queue, index) for queue in keys.QUEUES for index in (*range(classes), None)]
    listed: dict[str, list[_Listed]] = {queue: [] for queue in keys.QUEUES}
    for (queue, _), some in zip(folders, for_each(lambda folder: list(_list(store, *folder)), folders), strict=True):
        listed[queue] += some
    answers = {queue: _merge(store, queue, some, unreadable) for queue, some in listed.items()}
    silent = {queue: {one.sample_key for one in some if one.answer is None} for queue, some in listed.items()}
    answered = {queue: silent[queue].union(answers[queue]) for queue in keys.REVIEW_QUEUES}
    return HumanLabels(answers, _fetch_tasks(store, answered, for_each))


def list_pictures(store: ObjectStore, queue: str) -> Iterator[tuple[int, PredictionId, str]]:
    """A queue's whole dataset, by class and id: the human's class, the prediction, and the picture's ETag."""
    for entry in store.list(keys.dataset_class(queue)):
        with suppress(Malformed):  # somebody else's object
            yield *keys.parse_dataset(entry.key), entry.etag


def list_outcomes(store: ObjectStore, queue: str) -> Iterator[tuple[str, PredictionId]]:
    """A queue's answers that are no class: their outcome, and the prediction."""
    for entry in store.list(keys.outcomes(queue)):
        with suppress(Malformed):
            yield keys.parse_outcome(entry.key)


def list_tasks(store: ObjectStore, queue: str) -> set[str]:
    """The sample keys of all that a queue ever put before annotators, answered or not."""
    sample_keys = (keys.task_sample_key(entry.key) for entry in store.list(keys.tasks(queue)))
    return {sample_key for sample_key in sample_keys if sample_key}


def fetch_document(store: ObjectStore, ref: ObjectRef) -> Document:
    """A label of record or a gate decision. Raises Missing, and Malformed for a large one: several are read at once."""
    stored = store.get(ref, most=LARGEST)
    if not stored.is_whole:
        raise Malformed(f"a document of {stored.size} bytes")
    return load(stored.body)


def _list(store: ObjectStore, queue: str, index: int | None) -> Iterator[_Listed]:
    """The answers of one class, or (without) those that are none."""
    if index is None:
        for outcome, prediction in list_outcomes(store, queue):
            answer = from_outcome(outcome)
            if answer is not None or outcome == UNCOMMITTED:
                yield _Listed(prediction.sample_key, answer, str(prediction))
        return
    for entry in store.list(keys.dataset_class(queue, index)):
        if sample_key := keys.dataset_sample_key(entry.key):
            yield _Listed(sample_key, index, entry.key.rpartition("/")[2].removesuffix(".jpg"))


def _merge(store: ObjectStore, queue: str, listed: list[_Listed], unreadable: ErrorBoundary) -> dict[str, Answer]:
    """One answer for each sample key."""
    answers: dict[str, Answer] = {}
    moved: dict[str, _Listed] = {}
    for one in listed:
        if one.answer is not None and answers.setdefault(one.sample_key, one.answer) != one.answer:
            moved[one.sample_key] = one
    for sample_key, one in moved.items():
        answer = _answer_of_record(store, queue, one, unreadable)
        if answer is None:
            del answers[sample_key]
        else:
            answers[sample_key] = answer
    return answers


def _answer_of_record(store: ObjectStore, queue: str, listed: _Listed, unreadable: ErrorBoundary) -> Answer | None:
    ref = keys.label(queue, PredictionId.parse(listed.prediction))

    def fetch_answer() -> Answer | None:
        try:
            return from_outcome(*Label.from_document(fetch_document(store, ref)).outcome)
        except Missing:
            return listed.answer

    return unreadable.run(fetch_answer, listed.answer, key=ref.key)


def _fetch_tasks(store: ObjectStore, answered: Mapping[str, Container[str]], for_each: ForEach) -> dict[str, Tasks]:
    """The tasks of every queue, of which these are answered."""
    parts = [(queue, begin, end) for queue in keys.REVIEW_QUEUES for begin, end in pairwise(_BEGINNINGS)]
    counted = for_each(lambda part: _count_tasks(store, *part, answered=answered[part[0]]), parts)
    tasks = dict.fromkeys(keys.REVIEW_QUEUES, Tasks())
    for (queue, _, _), some in zip(parts, counted, strict=True):
        tasks[queue] += some
    return tasks


def _count_tasks(store: ObjectStore, queue: str, begin: str, end: str, *, answered: Container[str]) -> Tasks:
    """The tasks whose sample keys lie between two beginnings."""
    sample_keys, waiting, oldest, folder = set(), 0, None, keys.tasks(queue)
    for entry in store.list(folder, start_after=folder.key + begin):
        if entry.key >= folder.key + end:
            break
        sample_key = keys.task_sample_key(entry.key)
        if sample_key is None:
            continue
        sample_keys.add(sample_key)
        if sample_key not in answered:
            waiting += 1
            oldest = min(oldest or entry.modified, entry.modified)
    return Tasks(frozenset(sample_keys), waiting, oldest)
