"""Which labelled pictures of the store are meant: by dataset, day, class and agreement, read off listings alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from feedloop.domain import keys
from feedloop.domain.annotations import DISPUTED, OTHER
from feedloop.domain.keys import ObjectRef
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import human_labels
from feedloop.ports import ObjectStore
from training.data import manifests

QUEUE_OF = {bucket: queue for queue, bucket in keys.DATASETS.items()}
"""Dataset to the queue that fills it."""

_CONTRADICTS = {OTHER, DISPUTED}
"""Answers that agree with no class; who skips or cannot tell abstains."""

Answers = Mapping[PredictionId, set[tuple[str, int | str]]]
"""Per prediction what each queue says: a class index, or the kind of an outcome."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture of a dataset, as its key tells it."""

    queue: str
    class_index: int
    prediction: PredictionId
    etag: str

    @property
    def ref(self) -> ObjectRef:
        """Where it lies."""
        return keys.dataset(self.queue, self.class_index, self.prediction)

    @property
    def dataset(self) -> str:
        """The bucket, without a deployment's prefix."""
        return keys.DATASETS[self.queue]

    @property
    def file(self) -> str:
        """Its path in an image folder."""
        return manifests.file_of(self.class_index, self.dataset, self.prediction)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Datasets (buckets), days from first to last, classes, and whether two sources must agree; empty is any."""

    datasets: tuple[str, ...]
    first: str = ""
    last: str = ""
    classes: frozenset[int] = frozenset()
    agreed: bool = False

    def takes(self, one: Labelled) -> bool:
        """Whether day and class fit."""
        in_time = self.first <= one.prediction.day and (not self.last or one.prediction.day <= self.last)
        return in_time and (not self.classes or one.class_index in self.classes)


def choose(store: ObjectStore, wanted: Wanted) -> list[Labelled]:
    """The pictures that are wanted, in the order of their datasets and keys."""
    found = [one for name in wanted.datasets for one in labelled(store, QUEUE_OF[name]) if wanted.takes(one)]
    if not wanted.agreed:
        return found
    said = answers(store)
    return [one for one in found if agree(said[one.prediction])]


def labelled(store: ObjectStore, queue: str) -> Iterator[Labelled]:
    """A queue's whole dataset."""
    return (Labelled(queue, *listed) for listed in human_labels.list_pictures(store, queue))


def answers(store: ObjectStore) -> Answers:
    """What every source says about every prediction."""
    said: dict[PredictionId, set[tuple[str, int | str]]] = defaultdict(set)
    for one in chain.from_iterable(labelled(store, queue) for queue in keys.QUEUES):
        said[one.prediction].add((one.queue, one.class_index))
    for queue in keys.QUEUES:
        for kind, prediction in human_labels.list_outcomes(store, queue):
            if kind in _CONTRADICTS:
                said[prediction].add((queue, kind))
    return said


def agree(said: set[tuple[str, int | str]]) -> bool:
    """Whether at least two sources name one class, and none names anything else."""
    sources, named = {queue for queue, _ in said}, {answer for _, answer in said}
    return len(sources) > 1 and len(named) == 1 and not named & _CONTRADICTS
