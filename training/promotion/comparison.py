"""Champion and challenger on the same blind pictures, prepared as predict prepares them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from feedloop.adapters import pictures
from feedloop.classifiers import load_classifier
from feedloop.domain import keys
from feedloop.domain.answers import OTHER, Answer
from feedloop.domain.errors import Missing
from feedloop.domain.observations import Observation
from feedloop.domain.prediction import PredictionId, ranked
from feedloop.estimation.paired import Compared, Paired, paired
from feedloop.ports import ObjectStore
from training.data import manifests
from training.data.download import WORKERS
from training.model.card import trained_on
from training.progress import Progress
from training.promotion.registry import ModelPackage
from training.promotion.test_days import LabelledDay


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A blind label with its picture; without one (empty bytes) when no class is right, since then no model is."""

    day: str
    prediction: PredictionId
    truth: Answer
    body: bytes

    @property
    def sha256(self) -> str:
        """The picture's fingerprint."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """What two models are compared on: days with their sizes, and their labelled pictures; `gone` were deleted."""

    days: tuple[LabelledDay, ...]
    pictures: tuple[LabelledPicture, ...]
    gone: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both models answer about the pictures of a set that neither was trained on."""

    evaluated: EvaluationSet
    answers: tuple[Compared, ...]

    @property
    def paired(self) -> Paired | None:
        """The difference of both, estimated; None without a label."""
        return paired(self.answers, self._sizes)

    def accuracy(self, model: str) -> float | None:
        """The accuracy of one model (`old` or `new`), each picture standing for its share of its day."""
        weight = {day.day: day.predictions_per_label for day in self.evaluated.days}
        weights = [weight[one.day] for one in self.answers]
        right = [weight for one, weight in zip(self.answers, weights, strict=True) if getattr(one, model) == one.truth]
        return round(sum(right) / sum(weights), 4) if weights else None

    @property
    def _sizes(self) -> dict[str, float]:
        """How many predictions each day's pictures stand for."""
        labels = Counter(one.day for one in self.answers)
        return {day.day: day.predictions_per_label * labels[day.day] for day in self.evaluated.days}


def fetch_evaluation_set(store: ObjectStore, days: Sequence[LabelledDay]) -> EvaluationSet:
    """The pictures of the blind labels, from their dataset: production may have deleted them."""
    labelled = [one for day in days for one in day.labelled]
    with ThreadPoolExecutor(WORKERS) as pool:
        fetched = [picture for picture in pool.map(lambda one: _fetch_picture(store, one), labelled) if picture]
    return EvaluationSet(tuple(days), tuple(fetched), len(labelled) - len(fetched))


def compare(
    evaluated: EvaluationSet, champion: ModelPackage, challenger: ModelPackage, progress: Progress
) -> Comparison:
    """Ask both about every picture that neither was trained on, by prediction or by bytes.

    Of a model that learned from the loop, and whose manifest is lost, its card's test days are sure.
    """
    trained = (*(champion.manifest or ()), *(challenger.manifest or ()))
    ids, bodies = {entry.prediction for entry in trained}, {entry.sha256 for entry in trained}
    sure_from = max(_sure_from(package) for package in (champion, challenger))
    unseen = [
        one
        for one in evaluated.pictures
        if one.day >= sure_from and str(one.prediction) not in ids and one.sha256 not in bodies
    ]
    old, new = (_answering(package) for package in (champion, challenger))
    tracked = progress(unseen, len(unseen), "comparing")
    return Comparison(evaluated, tuple(Compared(one.day, one.truth, old(one), new(one)) for one in tracked))


def _fetch_picture(store: ObjectStore, labelled: Observation) -> LabelledPicture | None:
    if labelled.blind is None or labelled.blind == OTHER:
        return LabelledPicture(labelled.day, labelled.id, OTHER, b"")
    try:
        body = store.get(keys.dataset(keys.RANDOM_SAMPLED, labelled.blind, labelled.id)).body
    except Missing:
        return None
    return LabelledPicture(labelled.day, labelled.id, labelled.blind, body)


def _sure_from(package: ModelPackage) -> str:
    """The first day from which on no blind picture was learned, as far as the model's card tells."""
    facts = trained_on(package.card)
    if package.manifest is not None or facts.get("dataset") != manifests.LOOP:
        return ""
    days = facts.get("test_days")
    return str(days.get("from")) if isinstance(days, dict) else "none"


def _answering(package: ModelPackage) -> Callable[[LabelledPicture], int]:
    """A model as what gives its most probable class, of the store's list; any for a picture of none, without bytes."""
    classifier, indices = load_classifier(package.model, package.card), package.card.class_indices

    def classify(picture: LabelledPicture) -> int:
        if not picture.body:
            return 0
        (best, _), *_ = ranked(classifier.probabilities(pictures.normalise(picture.body)), indices)
        return best

    return classify
