"""Model releases in the store: files and card by sha256, an append-only class list, one pointer."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from feedloop.domain import cards, keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, Changed, Malformed, Missing, NoModel
from feedloop.domain.keys import ObjectRef
from feedloop.ports import ObjectStore

MODEL_FILE, CARD_FILE, DECISION_FILE = cards.FILES[cards.ONNX], "card.json", "verdict.json"
NONE = "No model is released yet: release one, then try again."


@dataclass(frozen=True, slots=True)
class Release:
    """A released model: its card and the class list of its name."""

    card: ModelCard
    classes: ClassList


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
    """One release of those that were ever published. Raises NoModel when its files do not fit together."""
    try:
        card = ModelCard(load(store.get(keys.model_file(name, sha256, CARD_FILE)).body))
        return _checked(Release(card, _classes(store, name)), name, sha256)
    except (Missing, Malformed, KeyError, TypeError) as error:
        raise NoModel(f"The release {cards.version_of(sha256)} of {name} cannot be served: {error!r}.") from error


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
    """The classes of the release that serves now. Raises NoModel when there is none, or when they cannot be read."""
    name, _ = pointed_to(store)
    try:
        return _classes(store, name)
    except Missing as error:
        raise NoModel(NONE) from error
    except Malformed as error:
        raise NoModel(f"The class list of {name} cannot be understood: {error!r}.") from error


def model_bytes(store: ObjectStore, release: Release) -> bytes:
    """The model's file, checked against its fingerprint. Raises NoModel."""
    try:
        body = store.get(_model_file(release.card)).body
    except Missing as error:
        raise NoModel("The current release has no model file.") from error
    if hashlib.sha256(body).hexdigest() != release.card.sha256:
        raise NoModel("The model file is not the one that was released.")
    return body


def model_size(store: ObjectStore, release: Release) -> int:
    """The bytes of the model's file. Raises NoModel."""
    try:
        return store.head(_model_file(release.card)).size
    except Missing as error:
        raise NoModel("The current release has no model file.") from error


def publish(store: ObjectStore, model: bytes, card: Document, *, now: datetime, instead_of: str | None = None) -> None:
    """Store a release and make it current; publishing the current one again changes nothing.

    Raises Malformed when its classes do not begin with the name's class list, and Changed when
    somebody moved the pointer meanwhile, or when it does not name `instead_of` (a sha256).
    """
    name, sha256 = card["name"], card["sha256"]
    _extend_classes(store, name, card["classes"])
    for ref, body in ((_model_file(ModelCard(card)), model), (keys.model_file(name, sha256, CARD_FILE), dump(card))):
        with suppress(AlreadyExists):  # the same sha256 is the same release
            store.create(ref, body)
    point_to(store, name, sha256, now, instead_of=instead_of)


def _checked(release: Release, name: str, sha256: str) -> Release:
    if (release.card.name, release.card.sha256) != (name, sha256):
        raise Malformed("the card belongs to another release")
    if len(release.card.classes) > len(release.classes.names):
        raise Malformed("the card knows more classes than the class list")
    return release


def _model_file(card: ModelCard) -> ObjectRef:
    return keys.model_file(card.name, card.sha256, cards.FILES[card.format])


def _classes(store: ObjectStore, name: str) -> ClassList:
    return ClassList.from_document(load(store.get(keys.class_list(name)).body))


def _extend_classes(store: ObjectStore, name: str, names: list[str]) -> None:
    ref = keys.class_list(name)
    with suppress(AlreadyExists):
        store.create(ref, dump(ClassList.of(names).to_document()))
    stored = store.get(ref)
    known = ClassList.from_document(load(stored.body))
    grown = known.appended(names)
    if grown != known:
        store.replace(ref, dump(grown.to_document()), etag=stored.etag)


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
    previous = load(stored.body)["sha256"]
    if previous not in {instead_of or previous, sha256}:
        raise Changed(f"{ref.key} names {cards.version_of(previous)} by now")
    if previous != sha256:
        store.replace(ref, dump({**pointer, "previous": previous}), etag=stored.etag)


def restore(store: ObjectStore, pointer: Pointer, *, instead_of: str) -> None:
    """Let the pointer say again what it said before `instead_of` (a sha256), which never served. Raises Changed."""
    ref = keys.current_model()
    stored = store.get(ref)
    if load(stored.body).get("sha256") != instead_of:
        raise Changed(ref.key)
    moved = {"moved_at": iso(pointer.moved_at)} if pointer.moved_at else {}
    document = {"v": 1, "name": pointer.name, "sha256": pointer.sha256, "previous": pointer.previous, **moved}
    store.replace(ref, dump(document), etag=stored.etag)
