"""Which labelled pictures of the store are meant: by dataset, day, class and agreement."""

from collections.abc import Sequence
from dataclasses import dataclass

from feedloop.domain import keys
from feedloop.domain.answers import Answer
from feedloop.domain.keys import ObjectRef
from feedloop.domain.prediction import PredictionId
from feedloop.evidence import human_labels
from feedloop.evidence.human_labels import HumanLabels
from feedloop.ports import ObjectStore
from training.data import manifests

QUEUE_OF = {bucket: queue for queue, bucket in keys.DATASETS.items()}
"""Dataset to the queue that fills it."""


@dataclass(frozen=True, slots=True)
class DatasetPicture:
    """A picture that a queue's people gave a class, or of which they say that it is none of them (no index)."""

    queue: str
    class_index: int | None
    prediction: PredictionId
    etag: str = ""
    """As it was listed; empty where it was not."""

    @property
    def ref(self) -> ObjectRef:
        """Where it lies: a picture of none of the classes is in no dataset."""
        if self.class_index is None:
            return keys.production(self.prediction)
        return keys.dataset(self.queue, self.class_index, self.prediction)

    @property
    def dataset(self) -> str:
        """The bucket, without a deployment's prefix."""
        return keys.DATASETS[self.queue]

    @property
    def name(self) -> str:
        """Its file's name in an image folder."""
        return manifests.name_of(self.dataset, self.prediction)


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Datasets (buckets), days from first to last, classes, and whether two sources must agree; empty is any."""

    datasets: tuple[str, ...]
    first: str = ""
    last: str = ""
    classes: frozenset[int] = frozenset()
    agreed: bool = False

    def takes(self, one: DatasetPicture) -> bool:
        """Whether day and class fit."""
        in_time = self.first <= one.prediction.day and (not self.last or one.prediction.day <= self.last)
        return in_time and (not self.classes or one.class_index in self.classes)


def select_pictures(store: ObjectStore, chosen: DatasetFilter, labels: HumanLabels) -> list[DatasetPicture]:
    """The pictures that pass, in the order of their datasets and keys, under the class of their label alone."""
    queues = (QUEUE_OF[name] for name in chosen.datasets)
    pictures = (DatasetPicture(queue, *one) for queue in queues for one in human_labels.list_pictures(store, queue))
    return [
        one
        for one in pictures
        if chosen.takes(one)
        and labels.answers[one.queue].get(one.prediction.sample_key) == one.class_index
        and (not chosen.agreed or agree(labels.answers_about(one.prediction.sample_key)))
    ]


def agree(answers: Sequence[Answer]) -> bool:
    """Whether at least two sources name one class, and none names anything else."""
    return len(answers) > 1 and len(set(answers)) == 1 and answers[0] >= 0
