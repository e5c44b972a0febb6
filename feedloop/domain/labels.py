"""The label of record: every vote on one prediction in one queue, and the outcome derived from them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Self

from feedloop.domain.annotations import CLASS, DISPUTED, SKIPPED, UNKNOWN, WITHDRAWN, Vote
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed


class LabelOutcome(NamedTuple):
    """The outcome of votes: CLASS with the class's index, or another outcome without."""

    kind: str
    class_index: int | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """Votes by annotation id. `materialised` is empty while datasets may not follow this label yet."""

    prediction: str
    votes: Mapping[str, Vote] = field(default_factory=dict)
    history: tuple[Document, ...] = ()
    materialised: str = ""

    @property
    def outcome(self) -> LabelOutcome:
        """The outcome of all votes."""
        return decide(self.votes)

    @property
    def outcomes_ever(self) -> set[LabelOutcome]:
        """Every outcome that a worker may have materialised."""
        return {LabelOutcome(entry["outcome"], entry["class_index"]) for entry in self.history}

    def is_withdrawn(self, annotation: str, vote: Vote) -> bool:
        """Whether this version of the annotation has vanished."""
        known = self.votes.get(annotation)
        return known is not None and known.outcome == WITHDRAWN != vote.outcome and known.updated_at >= vote.updated_at

    def with_vote(self, annotation: str, vote: Vote, now: datetime) -> Self:
        """The label after a vote; the same label when a newer version of it is known, or this one."""
        known = self.votes.get(annotation)
        if known and (known.updated_at > vote.updated_at or known == vote):
            return self
        return self._changed({**self.votes, annotation: vote}, f"vote {annotation}", now)

    def without_vote(self, annotation: str, last_known: Vote, now: datetime) -> Self:
        """The label after its annotation was deleted: the vote stays on record, as withdrawn.

        A vote that never got here is recorded too, lest a slow worker casts it later. A newer one than the
        last before the deletion stays: the annotation is back.
        """
        known = self.votes.get(annotation, last_known)
        if (known.outcome == WITHDRAWN and annotation in self.votes) or known.updated_at > last_known.updated_at:
            return self
        gone = replace(known, outcome=WITHDRAWN, class_index=None, cancelled=False)
        return self._changed({**self.votes, annotation: gone}, f"withdrawal of {annotation}", now)

    def translated(self, votes: Mapping[str, Vote], because: str, now: datetime) -> Self:
        """The label with the classes of its votes in other words; the history says so, whatever comes of it."""
        changed = self._changed(votes, because, now)
        if len(changed.history) == len(self.history):
            outcome = changed.outcome
            entry = {"at": iso(now), "outcome": outcome.kind, "class_index": outcome.class_index, "because": because}
            return replace(changed, history=(*changed.history, entry))
        return changed

    def was_translated(self, because: str) -> bool:
        """Whether that was done already."""
        return any(entry.get("because") == because for entry in self.history)

    def _changed(self, votes: Mapping[str, Vote], because: str, now: datetime) -> Self:
        outcome = decide(votes)
        entry = {"at": iso(now), "outcome": outcome.kind, "class_index": outcome.class_index, "because": because}
        news = (entry,) if outcome != self.outcome or not self.history else ()
        return replace(self, votes=votes, history=(*self.history, *news), materialised="")

    def to_document(self) -> Document:
        """`labels/<queue>/<prediction id>.json`."""
        outcome = self.outcome
        return {
            "v": 1,
            "prediction_id": self.prediction,
            "class_index": outcome.class_index,
            "outcome": outcome.kind,
            "votes": {annotation: vote.to_document() for annotation, vote in self.votes.items()},
            "history": list(self.history),
            "materialised": self.materialised,
        }

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The label that a document holds. Raises Malformed."""
        try:
            votes = {annotation: Vote.from_document(vote) for annotation, vote in document["votes"].items()}
            return cls(document["prediction_id"], votes, tuple(document["history"]), document["materialised"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed(f"the label of record is damaged: {error!r}") from error


def decide(votes: Mapping[str, Vote]) -> LabelOutcome:
    """The latest vote of each annotator, by annotation ids, and of those a strict majority; else disputed.

    A skip abstains. Without any answer the label is skipped, or withdrawn when nobody is left.
    """
    latest: dict[str, Vote] = {}
    for annotation, vote in sorted(votes.items(), key=lambda item: item[1].updated_at):
        if vote.outcome != WITHDRAWN or vote.cancelled:
            latest[voter(annotation, vote)] = vote
    answers = Counter(LabelOutcome(vote.outcome, vote.class_index) for vote in latest.values() if not vote.cancelled)
    if not answers:
        skipped = any(vote.outcome == SKIPPED for vote in latest.values())
        return LabelOutcome(SKIPPED if skipped else WITHDRAWN)
    best, count = answers.most_common(1)[0]
    return best if count * 2 > answers.total() else LabelOutcome(DISPUTED)


def voter(annotation: str, vote: Vote) -> str:
    """Whose vote it is; one whose account was deleted is taken for a person of its own."""
    return f"annotation {annotation}" if vote.annotator == UNKNOWN else vote.annotator


def change(before: LabelOutcome, after: LabelOutcome) -> str:
    """What a vote did, in one word for the log: curated, moved, unchanged, or the new outcome."""
    if before == after:
        return "unchanged"
    if after.kind != CLASS:
        return after.kind
    return "moved" if before.kind == CLASS else "curated"
