"""Labels of record are translated into the store's one class list, by the names that annotators chose.

Each label is swapped over the version that was read, its history says that it was translated, and the datasets follow
it. Killed anywhere, the same again ends the work: what was translated is only materialised. Before the first label the
list is written, marked as migrating, so that nobody counts labels meanwhile; after the last one the mark goes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from feedloop import class_lists
from feedloop.compare_and_swap import until_first
from feedloop.domain import annotations, keys
from feedloop.domain.annotations import LARGEST_EVER, Vote
from feedloop.domain.documents import dump
from feedloop.domain.errors import Malformed, Missing
from feedloop.domain.keys import ObjectRef
from feedloop.domain.labels import Label
from feedloop.domain.prediction import PredictionId
from feedloop.label_store import LabelStore
from feedloop.ports import Entry, ObjectStore
from training.migration.plan import MigrationPlan
from training.progress import Progress

TRANSLATED = "translation into the store's class list"
"""What a label's history says of it."""
WORKERS = 16


@dataclass(frozen=True, slots=True)
class Translated:
    """What came of the labels: votes by queue, old and new class; of those `moved` pictures change their place."""

    labels: int = 0
    votes: Counter[tuple[str, int | None, int | None]] = field(default_factory=Counter)
    moved: int = 0
    silent: int = 0
    """Votes whose annotation is not archived, and whose index means different classes: they keep it."""
    unreadable: int = 0

    def __add__(self, other: "Translated") -> "Translated":
        return Translated(
            self.labels + other.labels,
            self.votes + other.votes,
            self.moved + other.moved,
            self.silent + other.silent,
            self.unreadable + other.unreadable,
        )


def migrate(store: ObjectStore, plan: MigrationPlan, *, now: datetime, progress: Progress) -> Translated:
    """Do what the plan says, or what is left of it. Raises ClassesDisagree when another list was written meanwhile."""
    if plan.agreed:
        class_lists.edit(store, lambda classes: classes, first=plan.merged.base)
        return Translated()
    if not _begin(store, plan):
        return Translated()
    done = translate(store, plan, now=now, progress=progress, write=True)
    _end(store)
    class_lists.copy_to_name(store, plan.merged.base)
    return done


def translate(store: ObjectStore, plan: MigrationPlan, *, now: datetime, progress: Progress, write: bool) -> Translated:
    """Translate every label of record, or only (without `write`) say what would come of it."""
    total = Translated()
    for queue in keys.QUEUES:
        entries = list(store.list(keys.label(queue)))
        translator = _Translator(store, plan, queue, _archived(store, queue), now, write=write)
        with ThreadPoolExecutor(WORKERS) as pool:
            results = pool.map(translator.translate, entries)
            for one in progress(results, len(entries), f"labels of {queue}"):
                total += one
    return total


def _begin(store: ObjectStore, plan: MigrationPlan) -> bool:
    """Write the list, marked as migrating; False when somebody else came to the end meanwhile."""
    body = dump(plan.classes.to_document())

    def attempt() -> bool:
        stored = class_lists.fetch_stored(store)
        if stored is None:
            store.create(keys.class_list(), body)
        elif stored.classes.migrating and stored.classes != plan.classes:
            store.replace(keys.class_list(), body, etag=stored.etag)
        return stored is None or bool(stored.classes.migrating)

    return until_first(keys.class_list(), attempt)


def _end(store: ObjectStore) -> None:
    def attempt() -> None:
        stored = class_lists.fetch_stored(store)
        if stored and stored.classes.migrating:
            settled = replace(stored.classes, migrating="")
            store.replace(keys.class_list(), dump(settled.to_document()), etag=stored.etag)

    until_first(keys.class_list(), attempt)


def _archived(store: ObjectStore, queue: str) -> Mapping[str, list[ObjectRef]]:
    """By annotation where the bodies of its versions are: those that are done, and those that were only begun."""
    archived: dict[str, list[ObjectRef]] = defaultdict(list)
    for state, parse in ((keys.CURATED, keys.parse_version), (keys.BEGUN, keys.parse_begun)):
        for entry in store.list(keys.versions(state, queue)):
            annotation, *rest = parse(entry.key)
            if True not in rest:  # the mark of one that vanished
                archived[annotation].append(ObjectRef(keys.TRACKING, entry.key))
    return archived


@dataclass(frozen=True, slots=True)
class _Translator:
    store: ObjectStore
    plan: MigrationPlan
    queue: str
    archived: Mapping[str, list[ObjectRef]]
    now: datetime
    write: bool = field(kw_only=True)

    def translate(self, entry: Entry) -> Translated:
        """One label, until nobody is faster."""
        try:
            prediction = PredictionId.parse(entry.key.rpartition("/")[2].removesuffix(".json"))
            return until_first(keys.label(self.queue, prediction), partial(self._attempt, prediction))
        except Malformed:
            return Translated(unreadable=1)

    def _attempt(self, prediction: PredictionId) -> Translated:
        label_store = LabelStore(self.store, self.queue)
        label, etag = label_store.fetch(prediction)
        if label.was_translated(TRANSLATED):
            if self.write and not label.materialised:
                self._materialise(label_store, prediction, label, etag)
            return Translated(labels=1)
        votes = {annotation: self._vote(annotation, vote) for annotation, vote in label.votes.items()}
        silent = sum(vote is None for vote in votes.values())
        changed = {annotation: votes[annotation] or vote for annotation, vote in label.votes.items()}
        counts = Counter(
            (self.queue, vote.class_index, changed[annotation].class_index)
            for annotation, vote in label.votes.items()
            if vote.class_index != changed[annotation].class_index
        )
        if not counts:
            return Translated(labels=1, silent=silent)
        after = label.translated(changed, TRANSLATED, self.now)
        if self.write:
            etag = label_store.swap(prediction, after, etag)
            self._materialise(label_store, prediction, after, etag)
        return Translated(1, counts, after.outcome != label.outcome, silent)

    def _materialise(self, label_store: LabelStore, prediction: PredictionId, label: Label, etag: str) -> None:
        with suppress(Missing):  # its picture is nowhere any more
            label_store.materialise(prediction, label, etag)

    def _vote(self, annotation: str, vote: Vote) -> Vote | None:
        """The vote by what was chosen; None where nobody can tell."""
        if vote.class_index is None:
            return vote
        merged = self.plan.merged
        if (index := merged.meaning_of_all(vote.class_index)) is None:
            name = self._chosen(annotation, vote)
            index = None if name is None else merged.meaning(vote.class_index, name)
        return None if index is None else replace(vote, class_index=index)

    def _chosen(self, annotation: str, vote: Vote) -> str | None:
        """The name in the version of the annotation that this vote is of."""
        for ref in (*self.archived.get(annotation, ()), keys.output(self.queue, annotation)):
            with suppress(Missing, Malformed):
                updated_at, name = annotations.parse_choice(self.store.get(ref, most=LARGEST_EVER).body)
                if updated_at == vote.updated_at:
                    return name
        return None
