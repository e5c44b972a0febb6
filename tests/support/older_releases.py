"""Releases as version 0.1 made them: a class list per name, cards without indices, labels by the list that served."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump, load
from feedloop.domain.prediction import Prediction, new_id
from feedloop.ports import ObjectStore
from functions.curate.curator import Curator
from functions.relabel.visitor import relabel
from tests.support import world
from tests.support.world import NOON, SettableClock


def release(store: ObjectStore, name: str, classes: Sequence[str], *, number: int = 1) -> str:
    """Release a model under its name's own list, which may only grow; its sha256."""
    body = f"{name} {number}".encode()
    sha256, ref = hashlib.sha256(body).hexdigest(), keys.class_list(name)
    document = dump(ClassList(tuple(classes), ((),) * len(classes)).to_document())
    if number == 1:
        store.create(ref, document)
    else:
        store.replace(ref, document, etag=store.head(ref).etag)
    card = {"v": 1, "name": name, "sha256": sha256, "classes": [*classes]}
    store.create(keys.model_file(name, sha256, releases.MODEL_FILE), body)
    store.create(keys.model_file(name, sha256, releases.CARD_FILE), dump(card))
    releases.point_to(store, name, sha256, NOON)
    return sha256


@dataclass
class OldStore:
    """A store on which models of several names served in turn; what was said is known by name."""

    store: ObjectStore
    said: dict[tuple[str, str], str] = field(default_factory=dict)
    """By queue and prediction the name that a person chose."""
    predicted: dict[str, str] = field(default_factory=dict)
    """By sample key the name that the model answered."""

    def predict(self, index: int) -> Prediction:
        """The model that serves answers a class of its name's list, and annotators get the picture."""
        name, sha256 = releases.pointed_to(self.store)
        classes = self.names()
        one = replace(world.prediction(), class_name=classes[index], model_name=name, model_sha256=sha256)
        top = (index, 0.4)
        one = replace(one, id=new_id(NOON, top, sha256, one.id.sample_key), probabilities=(top,))
        self.predicted[one.id.sample_key] = classes[index]
        return world.commit(self.store, one)

    def names(self) -> tuple[str, ...]:
        """The classes of the name that serves."""
        name, _ = releases.pointed_to(self.store)
        return self._list(name).names

    def annotate(self, queue: str, made: Prediction, choice: str, *, by: int = 3) -> None:
        """An annotator chooses among the classes that serve, and the curate of that time applies it."""
        name, _ = releases.pointed_to(self.store)
        annotation = f"{len(self.said)}{by}"
        world.write(self.store, queue, annotation, world.annotation(self.store, made, choice, by=by))
        Curator(self.store, self._list(name), SettableClock()).apply(queue, annotation)
        self.said[queue, str(made.id)] = choice

    def visit(self, made: Prediction, choice: str) -> None:
        """A visitor names a class, which curate applies."""
        classes = self._list(releases.pointed_to(self.store)[0])
        if relabel(made, classes.index(choice), store=self.store, classes=classes, now=NOON):
            Curator(self.store, classes, SettableClock()).apply(keys.USER_FEEDBACK_2, made.id.sample_key)
            self.said[keys.USER_FEEDBACK_2, str(made.id)] = choice

    def _list(self, name: str) -> ClassList:
        return ClassList.from_document(load(self.store.get(keys.class_list(name)).body))
