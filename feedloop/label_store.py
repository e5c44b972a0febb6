"""Labels of record, and the datasets and outcomes that follow them: a picture stands in its class and nowhere else."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from feedloop.compare_and_swap import attempts
from feedloop.domain import keys
from feedloop.domain.annotations import CLASS, LARGEST_EVER, WITHDRAWN
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Missing
from feedloop.domain.keys import ObjectRef
from feedloop.domain.labels import Label, LabelOutcome
from feedloop.domain.prediction import PredictionId
from feedloop.ports import ObjectStore

Edit = Callable[[Label], Label]
"""What makes a label another one; the same label when there is nothing to change."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A label before and after an edit; `etag` is that of the stored one, empty when nothing is stored."""

    before: Label
    after: Label
    etag: str

    @property
    def changes_nothing(self) -> bool:
        """Whether the label is stored as it should be, and the datasets follow it."""
        return self.after == self.before and bool(self.before.materialised or not self.etag)


@dataclass(frozen=True, slots=True)
class LabelStore:
    """The labels of one queue."""

    store: ObjectStore
    queue: str

    def fetch(self, prediction: PredictionId) -> tuple[Label, str]:
        """The label of record and its ETag; an empty label without ETag when nobody has voted. Raises Malformed."""
        try:
            stored = self.store.get(keys.label(self.queue, prediction), most=LARGEST_EVER)
        except Missing:
            return Label(str(prediction)), ""
        return Label.from_document(load(stored.body)), stored.etag

    def revise(self, prediction: PredictionId, edit: Edit) -> Revision:
        """What an edit would make of the label as it is now. Raises Malformed, and what `edit` raises."""
        label, etag = self.fetch(prediction)
        return Revision(label, edit(label), etag)

    def write(self, prediction: PredictionId, revision: Revision, edit: Edit) -> Revision:
        """Compare-and-swap the label; when somebody was faster, edit theirs. The revision as it is stored."""
        for _ in attempts(keys.label(self.queue, prediction)):
            if revision.after == revision.before:
                break
            try:
                return replace(revision, etag=self.swap(prediction, revision.after, revision.etag))
            except Changed:
                revision = self.revise(prediction, edit)
        return revision

    def swap(self, prediction: PredictionId, label: Label, etag: str) -> str:
        """Write a label over the version `etag` (none: create it). Raises Changed when somebody was faster."""
        ref, body = keys.label(self.queue, prediction), dump(label.to_document())
        try:
            return self.store.replace(ref, body, etag=etag) if etag else self.store.create(ref, body)
        except AlreadyExists as error:
            raise Changed(ref.key) from error

    def materialise(self, prediction: PredictionId, label: Label, etag: str) -> None:
        """Make datasets and outcomes follow a label of record, and mark it so.

        Starts over when the label changed meanwhile: what was copied may be stale by then.
        """
        ref = keys.label(self.queue, prediction)
        for _ in attempts(ref):
            self._move(prediction, label)
            try:
                self.store.replace(ref, dump(replace(label, materialised=etag).to_document()), etag=etag)
            except Changed:
                label, etag = self.fetch(prediction)
            else:
                return

    def _move(self, prediction: PredictionId, label: Label) -> None:
        """First to the target of its outcome, then away from every target it ever had."""
        others = [self._target(prediction, outcome) for outcome in label.outcomes_ever - {label.outcome}]
        former = [target for target in others if target]
        target = self._target(prediction, label.outcome)
        if target and label.outcome.kind == CLASS:
            self._copy(prediction, target, former)
        elif target:
            with suppress(AlreadyExists):
                self.store.create(target, b"")
        for other in former:
            self.store.delete(other)

    def _copy(self, prediction: PredictionId, target: ObjectRef, former: Sequence[ObjectRef]) -> None:
        """From production, else, where that has deleted it, from what annotators saw, or from where it was."""
        for source in (keys.production(prediction), keys.image(prediction.sample_key), *former):
            with suppress(Missing):
                self.store.copy(source, target)
                return
        self.store.head(target)  # it was copied before, and is nowhere else by now

    def _target(self, prediction: PredictionId, outcome: LabelOutcome) -> ObjectRef | None:
        """A picture in a dataset, or an object among the outcomes; none for a label that is withdrawn."""
        if outcome.kind == CLASS and outcome.class_index is not None:
            return keys.dataset(self.queue, outcome.class_index, prediction)
        return None if outcome.kind == WITHDRAWN else keys.outcome(self.queue, outcome.kind, prediction)
