"""The card that a release gets in the store: which class each output is, fixed for ever, and the release's id."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.class_names import check_model_names
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import BadRequest, Changed, Malformed, Missing, NoModel
from feedloop.domain.release_ids import describe_serving, is_plain, release_id
from feedloop.ports import ObjectStore

CARD_FILE = "card.json"
_SOME = 5
_INDICES = "class_indices"


@dataclass(frozen=True, slots=True)
class ResolvedCard:
    """A card as it is stored, and the class list, grown by the classes that only this model knows."""

    card: ModelCard
    classes: ClassList


@dataclass(frozen=True, slots=True)
class _Released:
    """A release of the same file, or under its fingerprint; `serving` is None where what it answers is not known."""

    id: str
    serving: Document | None

    @classmethod
    def of(cls, card: ModelCard, classes: ClassList) -> Self:
        with suppress(NoModel, KeyError, TypeError, ValueError):
            indices = card.class_indices or classes.translations.get(card.version)
            if indices is None and classes.fits(card.classes):
                indices = tuple(range(len(card.classes)))
            if indices is not None and max(indices) < len(classes.names):  # else the list was lost, and is made anew
                return cls(card.id, describe_serving(card, indices))
        return cls(card.id, None)

    def has_classes_of(self, serving: Document) -> bool:
        return self.serving is not None and {**self.serving, _INDICES: ()} == {**serving, _INDICES: ()}


def fetch_cards(store: ObjectStore) -> Iterator[ModelCard]:
    """The card of every release, the newest first; of one that cannot be read what its key tells."""
    entries = [entry for entry in store.list(keys.models()) if entry.key.endswith(f"/{CARD_FILE}")]
    for entry in sorted(entries, key=lambda entry: entry.modified, reverse=True):
        name, _, named = entry.key.removesuffix(f"/{CARD_FILE}").rpartition("/")
        document: Document = {"name": name, "sha256": named, "classes": []}
        with suppress(Missing, Malformed):
            document |= load(store.get(keys.model_file(name, named, CARD_FILE)).body)
        yield ModelCard(document)


def resolve(
    classes: ClassList, card: Document, released: Iterable[ModelCard], *, new_classes: bool = True
) -> ResolvedCard:
    """A card's classes by their names, and its id; `released` are the cards that the store has.

    A model that was released keeps what its outputs meant then, whatever was renamed since. Raises Malformed for names
    that no classes can have, BadRequest when all are new though others are known (unless `new_classes`), NoModel for a
    format that nobody runs.
    """
    names, sha256 = check_model_names(card.get("classes")), str(card["sha256"])
    named = ModelCard({**card, "classes": list(names)})
    same = [_Released.of(one, classes) for one in released if sha256 in {one.sha256, one.id}]
    unresolved = describe_serving(named, ())
    twin = next((one.serving for one in same if one.serving and one.has_classes_of(unresolved)), None)
    grown, indices = (classes, tuple(twin[_INDICES])) if twin else classes.resolved(names)
    if not new_classes:
        check_shared(classes, indices)
    serving = describe_serving(named, indices)
    taken = any(one.id == sha256 and one.serving != serving for one in same)
    document = {name: value for name, value in named.document.items() if name != "id"} | {_INDICES: list(indices)}
    if taken or not is_plain(serving):
        document["id"] = release_id(sha256, serving)
    return ResolvedCard(ModelCard(document), grown)


def check_shared(classes: ClassList, indices: Iterable[int]) -> None:
    """Raises BadRequest when no index is one of the list, which has some."""
    if classes.names and min(indices) >= len(classes.names):
        known = ", ".join([*classes.names[:_SOME], "…"] if len(classes.names) > _SOME else classes.names)
        raise BadRequest(
            f"The model knows none of the store's {len(classes.names)} classes ({known}): write its classes as they "
            "are written there, or say --new-classes to add them to those."
        )


def write_card(store: ObjectStore, card: ModelCard, classes: ClassList) -> None:
    """Store a card, over one that describes the same release in other words.

    Raises Changed and AlreadyExists when somebody was faster, also with another release of this id.
    """
    ref, body = keys.model_file(card.name, card.id, CARD_FILE), dump(card.document)
    try:
        stored = store.get(ref)
    except Missing:
        store.create(ref, body)
        return
    if stored.body == body:
        return
    with suppress(Malformed):
        there = _Released.of(ModelCard(load(stored.body)), classes)
        if card.id == card.sha256 and there != _Released.of(card, classes):
            raise Changed(ref.key)
    store.replace(ref, body, etag=stored.etag)
