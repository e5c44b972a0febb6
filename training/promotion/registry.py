"""Releases in the store: publish one, list them, show one, go back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, BadRequest, Missing, NoModel
from feedloop.ports import ObjectStore
from feedloop.releases import CARD_FILE, DECISION_FILE
from training.data import manifests

PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class Line:
    """One release in a list; `mark` says whether it serves, or did before that, `verdict` what the gate said of it."""

    card: ModelCard
    mark: str
    verdict: str = ""


def release(store: ObjectStore, model: bytes, card: Document, renames: Mapping[str, str], *, now: datetime) -> None:
    """Publish and make current. The class list only grows; `renames` (old to new) keep their index.

    Raises Malformed when an index would change its meaning, Changed when somebody else releases at this moment.
    """
    if renames:
        _rename(store, card, renames)
    releases.publish(store, model, card, now=now)


def keep_manifest(store: ObjectStore, card: ModelCard, lines: Sequence[manifests.ManifestEntry]) -> None:
    """What a model was trained on, beside the model; before it is released, lest it ever serves without."""
    if lines:
        ref = keys.model_file(card.name, card.sha256, manifests.FILE)
        with suppress(AlreadyExists):  # the same model was trained on the same
            store.create(ref, manifests.to_bytes(lines), content_type="application/jsonl")


def listed(store: ObjectStore) -> Iterator[Line]:
    """Every release, the newest first."""
    pointer = current_pointer(store)
    marks = {pointer.get("previous"): PREVIOUS, pointer.get("sha256"): "serves"}
    found = [entry for entry in store.list(keys.models()) if entry.key.endswith(f"/{CARD_FILE}")]
    for entry in sorted(found, key=lambda entry: entry.modified, reverse=True):
        card = ModelCard(load(store.get(keys.ObjectRef(keys.MODELS, entry.key)).body))
        yield Line(card, marks.get(card.sha256, ""), _verdict(store, card))


def show(store: ObjectStore, which: str = "") -> Line:
    """The release that serves, the previous one, or the one whose sha256 begins so. Raises BadRequest."""
    lines = [line for line in listed(store) if _meant(line, which)]
    if len(lines) != 1:
        raise BadRequest(f"{len(lines)} releases answer to {which or 'current'!r}: `list` shows them all.")
    return lines[0]


def rollback(store: ObjectStore, which: str, *, now: datetime) -> Line:
    """Let an earlier release serve again; its file is checked first. Raises BadRequest and NoModel."""
    line = show(store, which or PREVIOUS)
    releases.model_bytes(store, releases.fetch_release(store, line.card.name, line.card.sha256))
    releases.point_to(store, line.card.name, line.card.sha256, now)
    return line


def current_pointer(store: ObjectStore) -> Document:
    """`current.json`; empty before the first release."""
    try:
        return load(store.get(keys.current_model()).body)
    except Missing:
        return {}


def parse_renames(texts: list[str]) -> dict[str, str]:
    """Read `old=new`. Raises BadRequest."""
    pairs = [text.partition("=") for text in texts]
    for text, (old, _, new) in zip(texts, pairs, strict=True):
        if not old or not new:
            raise BadRequest(f"--rename {text!r} is no rename: write --rename 'old=new'.")
    return {old: new for old, _, new in pairs}


def _verdict(store: ObjectStore, card: ModelCard) -> str:
    try:
        verdict = load(store.get(keys.model_file(card.name, card.sha256, DECISION_FILE)).body)
    except Missing:
        return "not judged"
    return f"{verdict['decision']}, by force" if verdict["forced"] else str(verdict["decision"])


def _meant(line: Line, which: str) -> bool:
    if which == PREVIOUS:
        return line.mark == PREVIOUS
    return line.card.sha256.startswith(which) if which else line.mark == "serves"


def _rename(store: ObjectStore, card: Document, renames: Mapping[str, str]) -> None:
    """Rename in the stored list, once it is sure that the card fits it."""
    ref = keys.class_list(card["name"])
    try:
        stored = store.get(ref)
    except Missing as error:
        raise NoModel(f"No model {card['name']!r} was ever released, so there is nothing to rename.") from error
    known = ClassList.from_document(load(stored.body))
    wanted = _renamed(known, renames)
    wanted.appended(card["classes"])
    if wanted != known:
        store.replace(ref, dump(wanted.to_document()), etag=stored.etag)


def _renamed(known: ClassList, renames: Mapping[str, str]) -> ClassList:
    for old, new in renames.items():
        if not _done(known, old, new):
            known = known.renamed(old, new)
    return known


def _done(known: ClassList, old: str, new: str) -> bool:
    """A release that was cut off after its rename is simply repeated."""
    return new in known.names and old in known.former[known.names.index(new)]
