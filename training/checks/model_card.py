"""Whether a folder's `card.json` says all that serving needs, and fits the file beside it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from feedloop.classifiers import load_classifier
from feedloop.domain import cards, documents
from feedloop.domain.cards import ModelCard, ModelSpec
from feedloop.domain.class_names import check_names
from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest, Malformed, ModelRefused, NoModel
from feedloop.releases import CARD_FILE
from training.checks import model_file
from training.model.card import load_weights

SCHEMA: Document = documents.load(files("feedloop.domain").joinpath("model-card.schema.json").read_bytes())
"""The public format (JSON Schema, draft 2020-12); docs/model-card.md explains it."""


@dataclass(frozen=True, slots=True)
class CheckedCard:
    """What is wrong with a card, and what may be: each begins with the key's path."""

    document: Document
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def check_folder(folder: Path) -> CheckedCard:
    """All that can be said of a folder's card without a store. Raises BadRequest where there is none."""
    path = folder / CARD_FILE
    try:
        document = documents.load(path.read_bytes())
    except OSError as error:
        raise BadRequest(f"There is no {CARD_FILE} in {folder}: `feedloop adopt` and `export` write one.") from error
    except Malformed as error:
        raise BadRequest(f"{path} cannot be parsed: {error}.") from error
    faults = tuple(check_document(document)) or tuple(_check_file(folder, ModelCard(document)))
    return CheckedCard(document, faults, tuple(_unknown(document, SCHEMA)))


def check_document(document: Document) -> Iterator[str]:
    """What keeps a card from being served, whatever its file is."""
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(document), key=lambda error: error.json_path)
    if errors:
        yield from map(_sentence, errors)
        return
    try:
        check_names(document["classes"])
        ModelSpec.from_card(document)
    except Malformed as error:
        yield f"classes: {error}"
    except NoModel as error:
        yield str(error).removeprefix("The model's card: ")


def _sentence(error: ValidationError) -> str:
    path = error.json_path.removeprefix("$").removeprefix(".")
    if error.validator == "required":
        missing = error.message.split("'")[1]
        return f"{path}.{missing}: is missing".removeprefix(".")
    if error.validator == "not":
        return f"{path}: may not be 0, since it divides"
    return f"{path or CARD_FILE}: {error.message}"


def _check_file(folder: Path, card: ModelCard) -> Iterator[str]:
    path = folder / cards.FILES[card.format]
    try:
        model = path.read_bytes()
    except OSError as error:
        yield f"format: {path.name} is not beside the card ({error.strerror})"
        return
    if (actual := hashlib.sha256(model).hexdigest()) != card.sha256:
        yield f"sha256: {path.name} has {actual}; it is another file, or was changed after the card was written"
    try:
        load_weights(folder, card)
    except BadRequest as error:
        yield f"weights: {error}"
    if card.format != cards.ONNX:
        return
    try:
        model_file.check_file(model, len(card.classes))
        load_classifier(model, card)
    except (ModelRefused, NoModel) as error:
        yield f"{path.name}: {error}"


def _unknown(document: Mapping[str, Any], schema: Mapping[str, Any], inside: str = "") -> Iterator[str]:
    """Keys that nothing reads, most often misspelt ones."""
    known = schema.get("properties", {})
    for key, value in document.items():
        if key in known:
            yield from _unknown(value, known[key], f"{inside}{key}.") if isinstance(value, dict) else ()
        elif known:
            meant = get_close_matches(key, known, 1)
            hint = f"; is {inside}{meant[0]} meant?" if meant else ""
            yield f"{inside}{key}: no key of a model card, so nothing follows it{hint}"
