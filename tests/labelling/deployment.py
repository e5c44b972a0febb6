"""A Label Studio with its people, and the tasks that sync brings."""

from dataclasses import dataclass, replace
from pathlib import Path

from feedloop import reviews
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.documents import Document, load
from feedloop.domain.prediction import Prediction
from feedloop.domain.review import TITLES, as_imported
from tests.support import label_studio as label_studios
from tests.support import servers, world
from tests.support.annotator import Annotator, Entity
from tests.support.label_studio import LabelStudio
from tests.support.operating import Operator

RANDOM, LOW, FLAGGED = (TITLES[queue] for queue in keys.REVIEW_QUEUES)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A Label Studio, the buckets it is to be set up for, its operator, its first annotator, and what it knew."""

    label_studio: LabelStudio
    store: S3Store
    operator: Operator
    annotator: Annotator
    knowledge: Path

    def set_up(self) -> str:
        """Run the set-up, and return what it said."""
        return self.operator.set_up()

    def moved_in(self) -> "Deployment":
        """The same with buckets of its own that hold a class list."""
        store = servers.fresh_store(self.operator.store)
        world.release(store)
        return replace(self, store=store, operator=replace(self.operator, prefix=servers.prefix_of(store)))

    def as_it_was(self) -> "Deployment":
        """The same, in which nobody has done anything yet."""
        label_studios.put_back(self.label_studio, self.knowledge)
        return self


def queued(deployment: Deployment, queue: str, prediction: Prediction) -> Document:
    """A committed prediction's task file, as Label Studio gets it."""
    world.commit(deployment.store, prediction)
    if queue == keys.RANDOM_SAMPLED:
        reviews.queue_blind(deployment.store, prediction.id)
    else:
        reviews.queue_informed(deployment.store, prediction, queue)
    return as_imported(load(deployment.store.get(keys.task(queue, prediction.id.sample_key)).body))


def bring(deployment: Deployment, queue: str, *predictions: Prediction) -> list[int]:
    """Import the tasks of these predictions; their ids."""
    project = deployment.annotator.project(TITLES[queue])
    return deployment.annotator.bring(project, *(queued(deployment, queue, made) for made in predictions))


def project(deployment: Deployment, title: str = LOW) -> Entity:
    """The only project with this title."""
    (found,) = [project for project in deployment.annotator.projects() if project["title"] == title]
    return found


def storages(deployment: Deployment) -> tuple[Entity, Entity]:
    """The only source and the only target storage of a project."""
    (source,), (target,) = deployment.annotator.storages(project(deployment)["id"]).values()
    return source, target


def changes(output: str) -> list[str]:
    """What a set-up says that it did."""
    return [line for line in output.splitlines() if " is ready: " not in line]
