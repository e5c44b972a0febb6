"""What is known of a foreign model: each fact with where it comes from, so that a guess can be told from knowledge.

The strongest are those of options: numbers and words are checked here; what they mean, in package.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from feedloop.domain.cards import INTERPOLATIONS, Preprocessing
from feedloop.domain.errors import BadRequest

FILE, RUN = "from the file", "measured by running it"
"""Where facts of the model file come from."""

RESIZES, LAYOUTS, ORDERS = ("stretch", "shorter-side"), ("nchw", "nhwc"), ("rgb", "bgr", "gray")
RANGES, OUTPUTS = ("0-1", "0-255", "-1-1"), ("logits", "probabilities", "log-probabilities")
CHOICES = {
    "resize": RESIZES,
    "layout": LAYOUTS,
    "channels": ORDERS,
    "range": RANGES,
    "output": OUTPUTS,
    "interpolation": INTERPOLATIONS,
}
"""What an option of few values may be."""

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
"""It is part of keys in the store."""

LARGEST = 2048
"""Pixels of a side; no classifier of torchvision, timm or Hugging Face takes half of them."""

_NARROWEST, _WIDEST = 1 / 256, 2.0
"""A std for pixels up to 1: 1/255 makes levels up to 255 of them, and less or more is a mistake."""

MEANS = {"0-1": (0.0, 1.0), "0-255": (0.0, 1 / 255), "-1-1": (0.5, 0.5)}
"""Mean and std, for x / 255, that give the pixels a range."""


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


def join(*layers: Facts) -> Facts:
    """Facts of several origins, the later the stronger; what belongs together is replaced together.

    A range replaces mean and std, they replace a range, and a way to resize replaces the size that went with another.
    """
    joined, scale = Facts(), {Option.RANGE, Option.MEAN, Option.STD}
    for layer in layers:
        replaced = scale if layer.keys() & scale else set()
        replaced |= {Option.RESIZE_SIZE} if Option.RESIZE in layer else set()
        joined = {name: fact for name, fact in joined.items() if name not in replaced} | layer
    return joined


def scaled(facts: Facts) -> Facts:
    """With mean and std for x / 255, which is what a card has, in place of a range."""
    if Option.RANGE not in facts:
        return facts
    scale = facts[Option.RANGE]
    mean, std = MEANS[scale.value]
    plain = {name: fact for name, fact in facts.items() if name != Option.RANGE}
    three = {Option.MEAN: [mean] * 3, Option.STD: [std] * 3}
    return plain | {name: replace(scale, value=value) for name, value in three.items()}


def preprocessing(facts: Facts) -> Preprocessing:
    """Facts as a card has them. Raises BadRequest for sizes of no model, and a crop larger than what it is cut from."""
    value = {name: fact.value for name, fact in facts.items()}
    size, resized = value["size"], value.get("resize-size") or value["size"]
    for name, most in ((Option.SIZE, LARGEST), (Option.RESIZE_SIZE, 2 * LARGEST)):
        if name in facts and not 1 <= value[name] <= most:
            raise BadRequest(f"The {name} {value[name]} {facts[name].origin}: it may be 1 to {most} pixels.")
    if resized < size:
        raise BadRequest(f"--resize-size {resized} is less than --size {size}, which is cut out of it.")
    mean, std = tuple(value["mean"]), tuple(value["std"])
    resize, filters = value["resize"].replace("-", "_"), value["interpolation"]
    return Preprocessing(size, mean, std, resize, resized, filters, value["layout"].upper(), value["channels"].upper())


def given_facts(options: dict[str, Any]) -> Facts:
    """Facts of what was given; None and "" were not. Mean and std become those of x / 255. Raises BadRequest."""
    given = {name: value for name, value in options.items() if value not in {None, ""}}
    words = {name: str(given[name]).lower().replace("_", "-") for name in CHOICES if name in given}  # a card's, too
    wrong = [
        f"--{name} {given[name]}: it may be {', '.join(CHOICES[name])}."
        for name, word in words.items()
        if word not in CHOICES[name]
    ]
    if wrong:
        raise BadRequest("\n  ".join(wrong))
    given |= words
    if Option.NAME in given and not _NAME.fullmatch(given[Option.NAME]):
        raise BadRequest(f"--name {given[Option.NAME]}: letters, digits, dots, hyphens and underscores, 60 at most.")
    if Option.MEAN in given or Option.STD in given:
        given |= _normalisation(given)
    return {name: ModelFact(value, f"by --{name}") for name, value in given.items()}


def _normalisation(given: dict[str, Any]) -> dict[str, Any]:
    """Mean and std for x / 255; with --range they are in its scale, which they replace."""
    if not {Option.MEAN, Option.STD} <= given.keys():
        raise BadRequest("--mean and --std go together: give both, each as three numbers for red, green and blue.")
    scale = {"0-1": 1.0, "0-255": 255.0}.get(given.pop(Option.RANGE, "0-1"))
    if scale is None:
        raise BadRequest("--range -1-1 is mean 0.5 and std 0.5 by itself: leave --mean and --std out, or --range.")
    mean, std = _three(given, Option.MEAN, scale), _three(given, Option.STD, scale)
    both = f"--mean {given[Option.MEAN]} --std {given[Option.STD]}"
    if min(std) <= 0:
        raise BadRequest(f"--std {given[Option.STD]}: each value must be above 0, since it divides.")
    if min(mean) < 0:
        raise BadRequest(f"--mean {given[Option.MEAN]}: it is subtracted from pixels that begin at 0: leave out the -.")
    if scale == 1 and (max(mean) > 1 or max(std) > _WIDEST):
        raise BadRequest(f"{both} are for pixels up to 255: add --range 0-255, or divide mean and std by 255.")
    if scale > 1 and (0 < max(mean) * scale <= 1 or max(std) * scale < 1):
        raise BadRequest(f"{both} are for pixels up to 1: leave --range 0-255 out, or multiply them by 255.")
    if min(std) < _NARROWEST:
        raise BadRequest(f"{both}: a std this small leaves of a picture nothing but black and white.")
    return {Option.MEAN: mean, Option.STD: std}


def _three(given: dict[str, Any], name: str, scale: float) -> list[float]:
    try:
        values = [float(part) / scale for part in str(given[name]).split(",")]
    except ValueError:
        values = []
    if len(values) == 1:
        values *= 3
    if len(values) != 3 or any(value != value or abs(value) == float("inf") for value in values):  # noqa: PLR2004, PLR0124
        raise BadRequest(f"--{name} {given[name]}: give three numbers with commas, for red, green and blue.")
    return values
