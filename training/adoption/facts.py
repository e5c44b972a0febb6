"""What is known of a foreign model: each fact with where it comes from, so that a guess can be told from knowledge."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

FILE, RUN = "from the file", "measured by running it"
"""Where facts of the model file come from."""


class Option(StrEnum):
    """What can be known, called as the option that says it."""

    NAME = "name"
    CLASSES = "classes"
    SIZE = "size"
    RESIZE = "resize"
    RESIZE_SIZE = "resize-size"
    INTERPOLATION = "interpolation"
    RANGE = "range"
    MEAN = "mean"
    STD = "std"
    LAYOUT = "layout"
    CHANNELS = "channels"
    OUTPUT = "output"
    OUTPUT_NAME = "output-name"
    ARCHITECTURE = "architecture"


@dataclass(frozen=True, slots=True)
class ModelFact:
    """One thing that is known of a model; `origin` reads on from its value: "224 from config.json"."""

    value: Any
    origin: str
    guessed: bool = False


Facts: TypeAlias = dict[str, ModelFact]
"""Facts by the name of the option that would say them."""


def facts_from(origin: str, values: Mapping[Any, Any]) -> Facts:
    """Facts of one origin; values that are None are not known."""
    return {name: ModelFact(value, origin) for name, value in values.items() if value is not None}


def guesses(values: Mapping[Any, Any], why: str) -> Facts:
    """What is assumed until an option says otherwise."""
    return {name: ModelFact(value, why, guessed=True) for name, value in values.items() if value is not None}
