"""Model cards as `export` writes them, and their reading back as `release` takes them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from feedloop.domain.cards import ModelCard, OutputSpec, Preprocessing
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import BadRequest
from feedloop.releases import CARD_FILE, MODEL_FILE

WEIGHTS_FILE = "weights.safetensors"
"""Beside model.onnx: what a training can go on from."""

_TOO_LONG_FOR_A_CARD = ("confusion", "reliability")


def make_card(model: bytes, name: str, classes: tuple[str, ...], facts: Mapping[str, Any], created: str) -> Document:
    """What must be known to serve a model, and what is worth knowing about it."""
    known = {"v": 1, "name": name, "sha256": hashlib.sha256(model).hexdigest(), "format": "onnx"}
    return {**known, "classes": list(classes), **facts, "created": created}


def serving_facts(input_: Preprocessing, output: OutputSpec | None = None, *, note: str | None = None) -> Document:
    """What a card says of input and output, in the oldest words that say it, and its note."""
    facts: Document = {"input": input_.to_document()}
    if output is not None and output != OutputSpec():
        facts["output"] = output.to_document()
    return facts if note is None else {**facts, "note": note}


def short_metrics(metrics: Mapping[str, Any]) -> Document:
    """The metrics that a card has room for."""
    return {name: value for name, value in metrics.items() if name not in _TOO_LONG_FOR_A_CARD}


def validation_share(trained_on: Mapping[str, Any]) -> float:
    """The share of the pictures that validated, from what a checkpoint or a card says of its training.

    Until 0.1 it was called `held`, and checkpoints outlive releases.
    """
    return float(trained_on["validation_share"] if "validation_share" in trained_on else trained_on["held"])


def trained_on(card: ModelCard) -> Document:
    """What a card says of its training; nothing where it says so in words of its own."""
    facts = card.document.get("trained_on")
    return facts if isinstance(facts, dict) else {}


def save_exported(folder: Path, model: bytes, document: Document, weights: bytes = b"") -> None:
    """Write model.onnx, the weights if there are any, and card.json last, which names them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(model)
    if weights:
        (folder / WEIGHTS_FILE).write_bytes(weights)
        document = {**document, "weights": hashlib.sha256(weights).hexdigest()}
    else:
        (folder / WEIGHTS_FILE).unlink(missing_ok=True)  # of what was exported here before
    (folder / CARD_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load_exported(folder: Path) -> tuple[bytes, ModelCard]:
    """An exported model and its card. Raises BadRequest when they do not belong together."""
    try:
        model, document = (folder / MODEL_FILE).read_bytes(), load((folder / CARD_FILE).read_bytes())
    except OSError as error:
        raise BadRequest(
            f"{folder} is no exported model: {Path(error.filename or '').name} cannot be opened ({error.strerror}). "
            "A model from elsewhere gets its card by `feedloop adopt`."
        ) from error
    if hashlib.sha256(model).hexdigest() != document.get("sha256"):
        raise BadRequest(f"{folder}/{CARD_FILE} belongs to another model: export it again.")
    return model, ModelCard(document)


def load_weights(folder: Path, card: ModelCard) -> bytes:
    """The weights that a card names, beside its model; empty where there are none. Raises BadRequest for others."""
    path = folder / WEIGHTS_FILE
    weights = path.read_bytes() if "weights" in card.document and path.exists() else b""
    if weights and not is_of(card, weights):
        raise BadRequest(f"{folder}/{WEIGHTS_FILE} belongs to another model: export it again, or delete it.")
    return weights


def is_of(card: ModelCard, weights: bytes) -> bool:
    """Whether these are the weights that a card names."""
    return hashlib.sha256(weights).hexdigest() == card.document.get("weights")
