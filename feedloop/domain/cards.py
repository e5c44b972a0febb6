"""What a classifier must know from its release's model card, whatever runs the model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel

ONNX, TORCH = "onnx", "torch"
FILES = {ONNX: "model.onnx", TORCH: "model.pt"}
"""The formats that can be served, and what a release calls its file."""

STRETCH = "stretch"
"""The only way to make a picture square: nothing is cut off, nothing is added."""

Colours = tuple[float, float, float]


def version_of(sha256: str) -> str:
    """The beginning of a model's fingerprint: what predictions and reports call it."""
    return sha256[:8]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's `card.json`, and what names the model."""

    document: Document

    @property
    def name(self) -> str:
        """Releases of one name share a class list."""
        return str(self.document["name"])

    @property
    def sha256(self) -> str:
        """The fingerprint of the model's file."""
        return str(self.document["sha256"])

    @property
    def version(self) -> str:
        """What predictions and reports call the model."""
        return version_of(self.sha256)

    @property
    def classes(self) -> tuple[str, ...]:
        """What the model answers, by index."""
        return tuple(self.document["classes"])

    @property
    def format(self) -> str:
        """What runs the model; a card that says nothing means ONNX. Raises NoModel for one that nobody can run."""
        name = str(self.document.get("format", ONNX))
        if name not in FILES:
            raise NoModel(f"Models of the format {name!r} cannot be served, only {' and '.join(FILES)}.")
        return name


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model's input and output: what pixels become, (x / 255 - mean) / std, and the number of classes.

    `size` is the side of the square input in pixels; `mean` and `std` are per colour, in the order red, green, blue.
    """

    classes: int
    size: int
    mean: Colours
    std: Colours

    @classmethod
    def from_card(cls, card: Document) -> Self:
        """The specification in a card. Raises NoModel when it makes no sense."""
        try:
            given = card["input"]
            spec = cls(len(card["classes"]), int(given["size"]), _colours(given["mean"]), _colours(given["std"]))
            sensible = given["resize"] == STRETCH and spec.classes > 1 and spec.size > 0 and 0 not in spec.std
        except (KeyError, TypeError, ValueError) as error:
            raise NoModel(f"The model's card cannot be understood: {error!r}.") from error
        if not sensible:
            raise NoModel("The model's card does not describe a model that can be served.")
        return spec

    def check(self, probabilities: Sequence[float]) -> None:
        """Refuse a model whose probabilities are not what its card says. Raises NoModel."""
        if len(probabilities) != self.classes or not math.isclose(sum(probabilities), 1, abs_tol=1e-3):
            raise NoModel("The model does not give one probability per class of its card.")


def _colours(values: Sequence[float]) -> Colours:
    red, green, blue = map(float, values)
    return red, green, blue
