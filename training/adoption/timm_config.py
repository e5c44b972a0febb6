"""A folder as timm lays it out: architecture, classes and input in config.json (timm/models/_hub.py)."""

from math import floor
from typing import Any

from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest
from training.adoption import class_names
from training.adoption.facts import Facts, Option, facts_from

ORIGIN = "from config.json"
DEFAULTS = {
    "input_size": [3, 224, 224],
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "crop_mode": "center",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}
"""What timm takes where a config is silent."""


def is_config(document: Document) -> bool:
    """Whether a config.json is timm's: it names an architecture, and the input under `pretrained_cfg` or beside it."""
    return "architecture" in document and "num_classes" in document | _pretrained(document)


def config_facts(document: Document) -> Facts:
    """Architecture and classes. Raises BadRequest for names that cannot be classes."""
    own = _settings(document)
    names = document.get("label_names") or document.get("labels") or own.get("label_names")
    classes = class_names.from_json(names, "config.json's label_names") if names else None
    if classes and class_names.are_placeholders(classes):
        classes = None
    known = {Option.ARCHITECTURE: document["architecture"], Option.CLASSES: classes, Option.CHANNELS: "rgb"}
    return facts_from(ORIGIN, known)


def input_facts(document: Document) -> Facts:
    """Size, resizing and normalisation. Raises BadRequest for what the card of a model cannot say."""
    try:
        return facts_from(ORIGIN, _values(_settings(document)))
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise BadRequest(f"config.json cannot be understood: {error!r}. Say --size, --mean and --std.") from error


def _pretrained(document: Document) -> Document:
    own = document.get("pretrained_cfg")
    return own if isinstance(own, dict) else {}


def _settings(document: Document) -> Document:
    flat = {**document, **_pretrained(document)}
    return DEFAULTS | {name: value for name, value in flat.items() if value is not None}


def _values(own: Document) -> dict[str, Any]:
    channels, height, width = map(int, own["input_size"])
    if channels != 3 or height != width:  # noqa: PLR2004 - channels
        raise BadRequest(
            f"config.json: an input of {own['input_size']} is no square of three channels: it cannot be served."
        )
    mode = own["crop_mode"]
    if mode not in {"center", "squash"}:
        raise BadRequest(f"config.json: crop_mode {mode!r} pads pictures, which cannot be served: retrain with center.")
    filters = {"random": "bilinear", "": "bilinear"}
    return {
        Option.SIZE: height,
        Option.RESIZE: "stretch" if mode == "squash" else "shorter-side",
        Option.RESIZE_SIZE: floor(height / float(own["crop_pct"])),
        Option.INTERPOLATION: filters.get(own["interpolation"], own["interpolation"]),
        Option.MEAN: [float(value) for value in own["mean"]],
        Option.STD: [float(value) for value in own["std"]],
    }
