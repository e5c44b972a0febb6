"""A Label Studio with its people, and the tasks that sync brings."""

from dataclasses import dataclass, replace
from pathlib import Path

from feedloop import releases, reviews
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.prediction import Prediction
from feedloop.domain.review import TITLES, as_imported
from tests.support import label_studio as desks
from tests.support import servers, world
from tests.support.annotator import Annotator, Found
from tests.support.label_studio import LabelStudio
from tests.support.operating import Operator

RANDOM, LOW, FLAGGED = (TITLES[queue] for queue in keys.REVIEW_QUEUES)


@dataclass(frozen=True, slots=True)
class Office:
    """A Label Studio, the buckets it is to be set up for, its operator, its first annotator, and what it knew."""

    desk: LabelStudio
    store: S3Store
    operator: Operator
    annotator: Annotator
    knowledge: Path

    def set_up(self) -> str:
        """Run the set-up, and return what it said."""
        return self.operator.set_up()

    def moved_in(self) -> "Office":
        """The same with buckets of its own that hold a class list."""
        store = servers.fresh_store(self.operator.store)
        world.release(store)
        return replace(self, store=store, operator=replace(self.operator, prefix=desks.prefix_of(store)))

    def as_it_was(self) -> "Office":
        """The same, in which nobody has done anything yet."""
        desks.put_back(self.desk, self.knowledge)
        return self


def queued(office: Office, queue: str, prediction: Prediction) -> Document:
    """A committed prediction's task file, as Label Studio gets it."""
    world.commit(office.store, prediction)
    if queue == keys.RANDOM_SAMPLED:
        reviews.queue_blind(office.store, prediction.id)
    else:
        reviews.queue_informed(office.store, prediction, queue)
    return as_imported(load(office.store.get(keys.task(queue, prediction.id.random)).body))


def bring(office: Office, queue: str, *predictions: Prediction) -> list[int]:
    """Import the tasks of these predictions; their ids."""
    project = office.annotator.project(TITLES[queue])
    return office.annotator.bring(project, *(queued(office, queue, made) for made in predictions))


def project(office: Office, title: str = LOW) -> Found:
    """The only project with this title."""
    (found,) = [project for project in office.annotator.projects() if project["title"] == title]
    return found


def storages(office: Office) -> tuple[Found, Found]:
    """The only source and the only target storage of a project."""
    (source,), (target,) = office.annotator.storages(project(office)["id"]).values()
    return source, target


def changes(told: str) -> list[str]:
    """What a set-up says that it did."""
    return [line for line in told.splitlines() if " is ready: " not in line]


def rename(store: S3Store, old: str, new: str) -> None:
    """Give a class another name, as a release does."""
    ref = keys.class_list("food11")
    renamed = releases.class_list(store).renamed(old, new)
    store.replace(ref, dump(renamed.to_document()), etag=store.get(ref).etag)
