"""Two models before the same blind pictures, shown as predict shows them."""

import hashlib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from feedloop.adapters import pictures
from feedloop.classifiers import load_classifier
from feedloop.domain import keys
from feedloop.domain.answers import OTHER
from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import Missing
from feedloop.estimation.paired import Compared
from feedloop.ports import Classifier, ObjectStore
from training.data.download import WORKERS
from training.data.manifests import ManifestEntry
from training.progress import Progress
from training.promotion.test_days import Answered, Day


@dataclass(frozen=True, slots=True)
class Contender:
    """A model and its card."""

    model: bytes
    card: ModelCard


@dataclass(frozen=True, slots=True)
class Shown:
    """A blind answer with the picture; without one when no class was right, since then no model is."""

    day: str
    answered: Answered
    body: bytes

    @property
    def truth(self) -> int:
        """Its class as estimators count it."""
        return OTHER if self.answered.truth is None else self.answered.truth

    @property
    def sha256(self) -> str:
        """The picture's fingerprint."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Sample:
    """What judges: days with their sizes, and the pictures that can be shown; `gone` cannot any more."""

    days: tuple[Day, ...]
    shown: tuple[Shown, ...]
    gone: int

    def without(self, trained: Collection[ManifestEntry]) -> "Sample":
        """The same without pictures that a model was trained on, by prediction or by bytes."""
        ids, bodies = {line.prediction for line in trained}, {line.sha256 for line in trained}
        kept = (one for one in self.shown if str(one.answered.prediction) not in ids and one.sha256 not in bodies)
        return Sample(self.days, tuple(kept), self.gone)


def sample(store: ObjectStore, found: Sequence[Day]) -> Sample:
    """The pictures of the blind answers, from their dataset: production may have deleted them."""
    asked = [(day.day, answered) for day in found for answered in day.answered]
    with ThreadPoolExecutor(WORKERS) as pool:
        shown = [one for one in pool.map(lambda one: _shown(store, *one), asked) if one]
    return Sample(tuple(found), tuple(shown), len(asked) - len(shown))


def compare(chosen: Sample, before: Contender, after: Contender, progress: Progress) -> list[Compared]:
    """What both say about every picture."""
    old, new = (load_classifier(one.model, one.card) for one in (before, after))
    judged = progress(chosen.shown, len(chosen.shown), "judging")
    return [Compared(one.day, one.truth, _says(old, one), _says(new, one)) for one in judged]


def _shown(store: ObjectStore, day: str, answered: Answered) -> Shown | None:
    if answered.truth is None:
        return Shown(day, answered, b"")
    try:
        ref = keys.dataset(keys.RANDOM_SAMPLED, answered.truth, answered.prediction)
        return Shown(day, answered, store.get(ref).body)
    except Missing:
        return None


def _says(classifier: Classifier, shown: Shown) -> int:
    """The class that it prefers; any class for a picture of none, which is not shown."""
    if not shown.body:
        return 0
    answer = classifier.probabilities(pictures.normalise(shown.body))
    return max(range(len(answer)), key=answer.__getitem__)
