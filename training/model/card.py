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


def save_exported(folder: Path, model: bytes, document: Document) -> None:
    """Write model.onnx and card.json, the card last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(model)
    (folder / CARD_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load_exported(folder: Path) -> tuple[bytes, ModelCard]:
    """An exported model and its card. Raises BadRequest when they do not belong together."""
    try:
        model, document = (folder / MODEL_FILE).read_bytes(), load((folder / CARD_FILE).read_bytes())
    except OSError as error:
        raise BadRequest(f"{folder} is no exported model: {error}") from error
    if hashlib.sha256(model).hexdigest() != document.get("sha256"):
        raise BadRequest(f"{folder}/{CARD_FILE} belongs to another model: export it again.")
    return model, ModelCard(document)
