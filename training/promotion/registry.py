"""The model registry: releases with what they were trained on and what the gate decided; publish, list, go back."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from feedloop import class_lists, release_cards, releases
from feedloop.compare_and_swap import attempts
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, BadRequest, Changed, Malformed, Missing, NoModel
from feedloop.ports import ObjectStore
from feedloop.release_cards import ResolvedCard
from feedloop.releases import DECISION_FILE, Release
from training.data import manifests
from training.data.manifests import ManifestEntry
from training.model.card import WEIGHTS_FILE, is_of, load_exported, load_weights

PREVIOUS, SERVES = "previous", "serves"


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A model's file and card, and the manifest of what it learned of the loop: None where that is not known."""

    model: bytes
    card: ModelCard
    manifest: tuple[ManifestEntry, ...] | None = None
    weights: bytes = b""
    """The network's state_dict as safetensors, to train on from; empty where nobody has it."""


@dataclass(frozen=True, slots=True)
class ReleaseEntry:
    """A release in the list; `mark` says whether it serves, or did before, `decision` what the gate decided."""

    card: ModelCard
    mark: str
    decision: str


def load_package(folder: Path) -> ModelPackage:
    """A model as `export` and `retrain` write it. Raises BadRequest."""
    model, card = load_exported(folder)
    return ModelPackage(model, card, manifests.load_beside(folder), load_weights(folder, card))


def fetch_package(store: ObjectStore, release: Release) -> ModelPackage:
    """A model that was released; its manifest as far as it can be read. Raises NoModel."""
    model = releases.model_bytes(store, release)
    try:
        body = store.get(keys.model_file(release.card.name, release.card.id, manifests.FILE)).body
        return ModelPackage(model, release.card, tuple(manifests.parse(body)))
    except (Missing, Malformed):
        return ModelPackage(model, release.card)


def fetch_weights(store: ObjectStore, card: ModelCard) -> bytes:
    """The weights that are kept beside a release; empty where there are none, or others than its card names."""
    try:
        weights = store.get(keys.model_file(card.name, card.id, WEIGHTS_FILE)).body
    except Missing:
        return b""
    return weights if is_of(card, weights) else b""


def publish(
    store: ObjectStore,
    package: ModelPackage,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    now: datetime,
    instead_of: str | None = None,
    new_classes: bool = False,
) -> ModelCard:
    """Release a model: manifest and weights before its card, lest it ever serves without, and the pointer last.

    Returns the card as it is stored. The class list only grows; `renames` (old to new) keep their index. Raises as
    `releases.add` does, and Changed when somebody else released meanwhile, or anything but `instead_of` (an id) serves.
    """
    stored = add(store, package, renames, new_classes=new_classes)
    releases.point_to(store, stored.name, stored.id, now, instead_of=instead_of)
    return stored


def add(
    store: ObjectStore,
    package: ModelPackage,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    new_classes: bool = False,
) -> ModelCard:
    """Store a model without making it current; its card as it is stored. Raises as `releases.add` does."""
    if renames:
        _rename(store, package.card, renames)
    beside = {} if package.manifest is None else {manifests.FILE: manifests.to_bytes(package.manifest)}
    if package.weights:
        beside[WEIGHTS_FILE] = package.weights
    return releases.add(store, package.model, package.card.document, beside, new_classes=new_classes)


def preview(
    store: ObjectStore,
    card: ModelCard,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    new_classes: bool = False,
) -> tuple[ClassList, ResolvedCard]:
    """The store's class list as it is; it and the card as `add` would leave them, and raises. Nothing is written."""
    try:
        classes = releases.agreed_class_list(store)
    except NoModel:
        classes = ClassList.of(())
    renamed = _renamed(classes, renames) if renames else classes
    cards = list(release_cards.fetch_cards(store))
    return classes, release_cards.resolve(renamed, card.document, cards, new_classes=new_classes)


def list_releases(store: ObjectStore) -> Iterator[ReleaseEntry]:
    """Every release, the newest first."""
    try:
        pointer = load(store.get(keys.current_model()).body)
    except Missing:
        pointer = {}  # nothing is released yet
    serves = pointer.get("name"), pointer.get("sha256")
    for card in release_cards.fetch_cards(store):
        mark = PREVIOUS if card.id == pointer.get("previous") else SERVES if (card.name, card.id) == serves else ""
        yield ReleaseEntry(card, mark, _decision(store, card))


def find_release(store: ObjectStore, which: str = "") -> ReleaseEntry:
    """The release that serves, the `previous` one, or the one whose id begins so. Raises BadRequest."""
    mark = {"": SERVES, PREVIOUS: PREVIOUS}.get(which)
    chosen = [one for one in list_releases(store) if (one.mark == mark if mark else one.card.id.startswith(which))]
    if len({one.card.id for one in chosen}) != 1:  # the same id under two names is the same model
        raise BadRequest(
            f"{len(chosen)} releases answer to {which or 'current'!r}: `feedloop models list` shows them all."
        )
    return chosen[0]


def fetch_released(store: ObjectStore, which: str) -> ModelPackage:
    """An earlier release by what `find_release` takes, whole. Raises BadRequest and NoModel.

    One that was made when each name had a class list of its own gets the store's indices, and with them another id.
    """
    card = find_release(store, which).card
    try:
        return fetch_package(store, releases.fetch_release(store, card.name, card.id))
    except NoModel:
        stored = class_lists.fetch_stored(store)
        if stored is None or card.class_indices is not None or not card.classes:
            raise
    package = fetch_package(store, Release.of(card, stored.classes))
    return replace(package, card=add(store, replace(package, weights=fetch_weights(store, card))))


def save_decision(store: ObjectStore, decision: Document) -> None:
    """Keep a gate decision beside the model, or where it would lie; earlier ones stay under `earlier`."""
    ref = keys.model_file(decision["model"]["name"], decision["model"]["sha256"], DECISION_FILE)
    with suppress(AlreadyExists):
        store.create(ref, dump(decision))
        return
    for _ in attempts(ref):
        stored = store.get(ref)
        before = load(stored.body)
        earlier = before.pop("earlier", [])
        with suppress(Changed):
            store.replace(ref, dump({**decision, "earlier": [before, *earlier]}), etag=stored.etag)
            return


def fetch_decision(store: ObjectStore, card: ModelCard) -> Document | None:
    """The last decision about a model; None when there is none."""
    try:
        return load(store.get(keys.model_file(card.name, card.id, DECISION_FILE)).body)
    except Missing:
        return None


def parse_renames(texts: list[str]) -> dict[str, str]:
    """Read `old=new`. Raises BadRequest."""
    pairs = [text.partition("=") for text in texts]
    for text, (old, _, new) in zip(texts, pairs, strict=True):
        if not old or not new:
            raise BadRequest(f"--rename {text!r} is no rename: write --rename 'old=new'.")
    return {old: new for old, _, new in pairs}


def _decision(store: ObjectStore, card: ModelCard) -> str:
    decision = fetch_decision(store, card)
    if decision is None:
        return "not judged"
    force = ", by force" if decision["forced"] else ""
    word = ", never saw the loop by somebody's word" if decision.get("never_saw_the_loop") else ""
    return f"{decision['decision']}{force}{word}"


def _rename(store: ObjectStore, card: ModelCard, renames: Mapping[str, str]) -> None:
    """Rename in the store's list, once it is sure that the card fits it. Raises Malformed and NoModel."""

    def change(classes: ClassList) -> ClassList:
        classes = _renamed(classes, renames)
        release_cards.resolve(classes, card.document, ())
        return classes

    class_lists.edit(store, change)


def _renamed(classes: ClassList, renames: Mapping[str, str]) -> ClassList:
    if not classes.names:
        raise NoModel("No model was ever released, so there is nothing to rename.")
    for old, new in renames.items():
        # A release that was cut off after its rename is repeated.
        if not (new in classes.names and old in classes.former[classes.names.index(new)]):
            classes = classes.renamed(old, new)
    return classes
