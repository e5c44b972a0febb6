"""The model registry: releases with what they were trained on and what the gate decided; publish, list, go back."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from feedloop import releases
from feedloop.compare_and_swap import attempts
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, BadRequest, Changed, Malformed, Missing, NoModel
from feedloop.ports import ObjectStore
from feedloop.releases import CARD_FILE, DECISION_FILE, Release
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
        body = store.get(keys.model_file(release.card.name, release.card.sha256, manifests.FILE)).body
        return ModelPackage(model, release.card, tuple(manifests.parse(body)))
    except (Missing, Malformed):
        return ModelPackage(model, release.card)


def fetch_weights(store: ObjectStore, card: ModelCard) -> bytes:
    """The weights that are kept beside a release; empty where there are none, or others than its card names."""
    try:
        weights = store.get(keys.model_file(card.name, card.sha256, WEIGHTS_FILE)).body
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
) -> None:
    """Release a model: manifest and weights first, lest it ever serves without, and the pointer last.

    The class list only grows; `renames` (old to new) keep their index. Raises Malformed when an index would change its
    meaning, and Changed when somebody else released meanwhile, or anything but `instead_of` (a sha256) serves.
    """
    card = package.card
    if package.manifest is not None:
        with suppress(AlreadyExists):  # the same model was trained on the same
            ref, body = keys.model_file(card.name, card.sha256, manifests.FILE), manifests.to_bytes(package.manifest)
            store.create(ref, body, content_type="application/jsonl")
    if package.weights:
        _put_weights(store, card, package.weights)
    if renames:
        _rename(store, card, renames)
    releases.publish(store, package.model, card.document, now=now, instead_of=instead_of)


def _put_weights(store: ObjectStore, card: ModelCard, weights: bytes) -> None:
    """Those that the card names go before what lies there: the same file may have been trained once more."""
    ref = keys.model_file(card.name, card.sha256, WEIGHTS_FILE)
    with suppress(AlreadyExists):
        store.create(ref, weights)
        return
    stored = store.get(ref)
    if stored.body != weights:
        store.replace(ref, weights, etag=stored.etag)


def list_releases(store: ObjectStore) -> Iterator[ReleaseEntry]:
    """Every release, the newest first."""
    try:
        pointer = load(store.get(keys.current_model()).body)
    except Missing:
        pointer = {}  # nothing is released yet
    marks = {pointer.get("previous"): PREVIOUS, pointer.get("sha256"): SERVES}
    entries = [entry for entry in store.list(keys.models()) if entry.key.endswith(f"/{CARD_FILE}")]
    for entry in sorted(entries, key=lambda entry: entry.modified, reverse=True):
        card = ModelCard(load(store.get(keys.ObjectRef(keys.MODELS, entry.key)).body))
        yield ReleaseEntry(card, marks.get(card.sha256, ""), _decision(store, card))


def find_release(store: ObjectStore, which: str = "") -> ReleaseEntry:
    """The release that serves, the `previous` one, or the one whose sha256 begins so. Raises BadRequest."""
    mark = {"": SERVES, PREVIOUS: PREVIOUS}.get(which)
    chosen = [one for one in list_releases(store) if (one.mark == mark if mark else one.card.sha256.startswith(which))]
    if len(chosen) != 1:
        raise BadRequest(f"{len(chosen)} releases answer to {which or 'current'!r}: `list` shows them all.")
    return chosen[0]


def fetch_released(store: ObjectStore, which: str) -> ModelPackage:
    """An earlier release by what `find_release` takes, whole. Raises BadRequest and NoModel."""
    card = find_release(store, which).card
    return fetch_package(store, releases.fetch_release(store, card.name, card.sha256))


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
        return load(store.get(keys.model_file(card.name, card.sha256, DECISION_FILE)).body)
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
    """Rename in the stored list, once it is sure that the card fits it."""
    ref = keys.class_list(card.name)
    try:
        stored = store.get(ref)
    except Missing as error:
        raise NoModel(f"No model {card.name!r} was ever released, so there is nothing to rename.") from error
    known = ClassList.from_document(load(stored.body))
    wanted = known
    for old, new in renames.items():
        # A release that was cut off after its rename is repeated.
        if not (new in wanted.names and old in wanted.former[wanted.names.index(new)]):
            wanted = wanted.renamed(old, new)
    wanted.appended(list(card.classes))
    if wanted != known:
        store.replace(ref, dump(wanted.to_document()), etag=stored.etag)
