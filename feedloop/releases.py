"""Model releases in the store: files and card by the release's id, the classes that they answer, one pointer."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from feedloop import class_lists, release_cards
from feedloop.compare_and_swap import until_first
from feedloop.domain import cards, keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing, NoModel
from feedloop.domain.keys import ObjectRef
from feedloop.ports import ObjectStore
from feedloop.release_cards import ResolvedCard

MODEL_FILE, CARD_FILE, DECISION_FILE = cards.FILES[cards.ONNX], release_cards.CARD_FILE, "verdict.json"
NONE = "No model is released yet: release one, then try again."


@dataclass(frozen=True, slots=True)
class Release:
    """A released model: its card, the class list, and which class each of its outputs is."""

    card: ModelCard
    classes: ClassList
    indices: tuple[int, ...]

    @classmethod
    def of(cls, card: ModelCard, classes: ClassList) -> Self:
        """A card with the list that its classes are in; one without `class_indices` has them in the list's order."""
        return cls(card, classes, card.class_indices or tuple(range(len(card.classes))))

    @property
    def unanswered(self) -> list[str]:
        """Names that people can choose and the model cannot answer."""
        answered = {self.classes.name(index) for index in self.indices}
        return [name for name in self.classes.choices if name not in answered]


@dataclass(frozen=True, slots=True)
class Pointer:
    """What `current.json` holds; `previous` is empty for the first release, `moved_at` None where nobody wrote it."""

    name: str
    sha256: str
    previous: str
    moved_at: datetime | None

    @property
    def version(self) -> str:
        """What predictions and reports call the model: see ModelCard."""
        return cards.version_of(self.sha256)


def current(store: ObjectStore) -> Release:
    """The release that serves now. Raises NoModel when there is none, or when its files do not fit together."""
    return fetch_release(store, *pointed_to(store))


def fetch_release(store: ObjectStore, name: str, sha256: str) -> Release:
    """One release of those that were ever published, by its id. Raises NoModel when its files do not fit together."""
    try:
        card = ModelCard(load(store.get(keys.model_file(name, sha256, CARD_FILE)).body))
        stored = class_lists.fetch_stored(store)
        release = Release.of(card, stored.classes if stored else class_lists.fetch_of_name(store, name))
        return _checked(release, name, sha256, of_store=stored is not None)
    except (Missing, Malformed, KeyError, TypeError) as error:
        raise NoModel(f"The release {cards.version_of(sha256)} of {name} cannot be served: {error!r}.") from error


def _checked(release: Release, name: str, sha256: str, *, of_store: bool) -> Release:
    card, classes = release.card, release.classes
    if (card.name, card.id) != (name, sha256):
        raise Malformed("the card belongs to another release")
    if max(release.indices) >= len(classes.names):
        raise Malformed("the card knows more classes than the class list")
    if of_store and card.class_indices is None and not classes.fits(card.classes):
        raise Malformed("its classes are not the first of the class list, in that order: release it again")
    return release


def fetch_pointer(store: ObjectStore) -> Pointer:
    """Which release is to serve, since when, and instead of which. Raises NoModel."""
    try:
        document = load(store.get(keys.current_model()).body)
        name, sha256 = str(document["name"]), str(document["sha256"])
    except Missing as error:
        raise NoModel(NONE) from error
    except (Malformed, KeyError) as error:
        raise NoModel(f"The pointer to the current model cannot be understood: {error!r}.") from error
    try:
        moved_at = parse_iso(document["moved_at"])
    except (KeyError, TypeError, ValueError, OverflowError):
        moved_at = None  # written by hand: it serves all the same
    return Pointer(name, sha256, str(document.get("previous") or ""), moved_at)


def pointed_to(store: ObjectStore) -> tuple[str, str]:
    """Name and sha256 of the release that is to serve. Raises NoModel."""
    document = fetch_pointer(store)
    return document.name, document.sha256


def class_list(store: ObjectStore) -> ClassList:
    """The classes of the store; before it has a list, of the name that serves. Raises NoModel."""
    return _fetch_class_list(store)[0]


def agreed_class_list(store: ObjectStore) -> ClassList:
    """The classes of the store, for who counts labels. Raises NoModel, and ClassesDisagree where an index means two.

    Before the store has a list, it is the lists of all names as one.
    """
    classes, of_store = _fetch_class_list(store)
    if of_store:
        return class_lists.check_settled(classes)
    return class_lists.merge(class_lists.fetch_of_names(store), pointed_to(store)[0])


def _fetch_class_list(store: ObjectStore) -> tuple[ClassList, bool]:
    """As `class_list`, and whether it is the store's own."""
    try:
        stored = class_lists.fetch_stored(store)
        classes = stored.classes if stored else class_lists.fetch_of_name(store, pointed_to(store)[0])
    except Missing as error:
        raise NoModel(NONE) from error
    except Malformed as error:
        raise NoModel(f"The class list cannot be understood: {error!r}.") from error
    return classes, stored is not None


def model_bytes(store: ObjectStore, release: Release) -> bytes:
    """The model's file, checked against its fingerprint. Raises NoModel."""
    card = release.card
    try:
        body = store.get(keys.model_file(card.name, card.id, cards.FILES[card.format])).body
    except Missing as error:
        raise NoModel("The current release has no model file.") from error
    if hashlib.sha256(body).hexdigest() != card.sha256:
        raise NoModel("The model file is not the one that was released.")
    return body


def model_size(store: ObjectStore, release: Release) -> int:
    """The bytes of the model's file. Raises NoModel."""
    card = release.card
    try:
        return store.head(keys.model_file(card.name, card.id, cards.FILES[card.format])).size
    except Missing as error:
        raise NoModel("The current release has no model file.") from error


def publish(
    store: ObjectStore,
    model: bytes,
    card: Document,
    *,
    now: datetime,
    instead_of: str | None = None,
    new_classes: bool = False,
) -> ModelCard:
    """Store a release and make it current, as `add` and `point_to` do; publishing it again changes nothing."""
    stored = add(store, model, card, new_classes=new_classes)
    point_to(store, stored.name, stored.id, now, instead_of=instead_of)
    return stored


def add(
    store: ObjectStore,
    model: bytes,
    card: Document,
    beside: Mapping[str, bytes] | None = None,
    *,
    new_classes: bool = False,
) -> ModelCard:
    """Store a release without making it current; its card as it is stored, with the classes of the list and its id.

    The class list first, then the model's file and those `beside` it, the card last: killed between any two writes, the
    same call ends it. Raises Malformed for names that no classes can have, BadRequest when all of them are new though
    the store knows others (unless `new_classes`), NoModel, and ClassesDisagree.
    """
    name = str(card["name"])

    def attempt() -> ModelCard:
        released = list(release_cards.fetch_cards(store))

        def grow(classes: ClassList) -> ClassList:
            return release_cards.resolve(classes, card, released, new_classes=new_classes).classes

        classes = class_lists.edit(store, grow, first=_serving_name(store))
        class_lists.copy_to_name(store, name)
        stored = release_cards.resolve(classes, card, released).card
        with suppress(AlreadyExists):  # the same id has the same file
            store.create(keys.model_file(name, stored.id, cards.FILES[stored.format]), model)
        for file, body in (beside or {}).items():
            _put(store, keys.model_file(name, stored.id, file), body)
        release_cards.write_card(store, stored, classes)
        return stored

    return until_first(keys.class_list(), attempt)  # another card of the same file may be faster


def resolve(store: ObjectStore, card: Document) -> ResolvedCard:
    """The card and the class list as `add` would leave them; nothing is written. Raises as `add` does."""
    return release_cards.resolve(agreed_class_list(store), card, release_cards.fetch_cards(store))


def _put(store: ObjectStore, ref: ObjectRef, body: bytes) -> None:
    """Over what lies there: a model that was trained once more may come out the same."""
    with suppress(AlreadyExists):
        store.create(ref, body, content_type="application/jsonl" if ref.key.endswith(".jsonl") else "application/json")
        return
    stored = store.get(ref)
    if stored.body != body:
        store.replace(ref, body, etag=stored.etag)


def _serving_name(store: ObjectStore) -> str:
    with suppress(NoModel):
        return fetch_pointer(store).name
    return ""


def point_to(store: ObjectStore, name: str, sha256: str, now: datetime, *, instead_of: str | None = None) -> None:
    """Make a release current, by compare-and-swap. Raises Changed when somebody was faster."""
    ref = keys.current_model()
    pointer = {"v": 1, "name": name, "sha256": sha256, "previous": "", "moved_at": iso(now)}
    try:
        stored = store.get(ref)
    except Missing:
        try:
            store.create(ref, dump(pointer))
        except AlreadyExists:  # somebody was first, or our own answer got lost: look again
            point_to(store, name, sha256, now)
        return
    known = load(stored.body)
    previous = known["sha256"]
    if previous not in {instead_of or previous, sha256}:
        raise Changed(f"{ref.key} names {cards.version_of(previous)} by now")
    if previous != sha256:
        store.replace(ref, dump({**pointer, "previous": previous}), etag=stored.etag)
    elif known["name"] != name:  # the same model, that answers alike under both names
        store.replace(ref, dump({**known, "name": name}), etag=stored.etag)


def restore(store: ObjectStore, pointer: Pointer, *, instead_of: str) -> None:
    """Let the pointer say again what it said before `instead_of` (a sha256), which never served. Raises Changed."""
    ref = keys.current_model()
    stored = store.get(ref)
    if load(stored.body).get("sha256") != instead_of:
        raise Changed(ref.key)
    moved = {"moved_at": iso(pointer.moved_at)} if pointer.moved_at else {}
    document = {"v": 1, "name": pointer.name, "sha256": pointer.sha256, "previous": pointer.previous, **moved}
    store.replace(ref, dump(document), etag=stored.etag)
