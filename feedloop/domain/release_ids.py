"""A release's id: two releases have one id only if they answer alike, also to replicas that know less of cards."""

import hashlib

from feedloop.domain.cards import STRETCH, ModelCard, ModelSpec
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import NoModel

_PARTS = ("input", "output")
_OF_THE_FIRST_CARDS = {"size", "mean", "std", "resize"}
"""What the first cards said of their input; replicas of 0.1 ignore everything else."""


def describe_serving(card: ModelCard, indices: tuple[int, ...]) -> Document:
    """What decides the answers of a release beside its file: the rest of the card never does."""
    document = card.document
    try:
        spec = ModelSpec.from_card(document)
        parts: Document = {name: getattr(spec, name).to_document() for name in _PARTS if name in document}
    except NoModel:  # it cannot be served; who checks releases will say why
        parts = {name: document[name] for name in _PARTS if name in document}
    architecture, classes = document.get("architecture"), list(card.classes)
    return {"format": card.format, "architecture": architecture, "classes": classes, "class_indices": indices, **parts}


def is_plain(serving: Document) -> bool:
    """Whether every replica, also one of 0.1, serves it rightly."""
    given = serving.get("input") or {}
    known = set(given) <= _OF_THE_FIRST_CARDS and given.get("resize", STRETCH) == STRETCH
    identity = list(serving["class_indices"]) == list(range(len(serving["classes"])))
    return known and identity and not serving.get("output")


def release_id(sha256: str, serving: Document) -> str:
    """The id of a release that is not told by its file alone: SHA-256 of the file's, and of what it is served by."""
    return hashlib.sha256(dump({"sha256": sha256, **serving})).hexdigest()
