"""What a classifier must know from its release's model card, whatever runs the model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from feedloop.domain.documents import Document
from feedloop.domain.errors import ModelFailed, NoModel
from feedloop.domain.probabilities import check_probabilities, softmax

ONNX, TORCH = "onnx", "torch"
FILES = {ONNX: "model.onnx", TORCH: "model.pt"}
"""The formats that can be served, and what a release calls its file."""

STRETCH, SHORTER_SIDE = "stretch", "shorter_side"
"""How a picture gets its size: to a square, whatever its shape; or by its shorter side, to be cropped to a square."""

NEAREST, BILINEAR, BICUBIC, LANCZOS, BOX, HAMMING = INTERPOLATIONS = (
    *("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"),
)
"""The filters of Pillow, by its names. All but `nearest` average when they shrink (torchvision's `antialias`)."""

NCHW, NHWC = "NCHW", "NHWC"
RGB, BGR, GRAY = "RGB", "BGR", "GRAY"
PROBABILITIES, LOGITS, LOG_PROBABILITIES = KINDS = "probabilities", "logits", "log_probabilities"

Colours = tuple[float, float, float]

_LEAST_DECODED = 256
_ANY_SIDE = 65_536
"""More pixels than a picture has a side: it is decoded whole. A filter that picks single pixels shows any other."""


def version_of(sha256: str) -> str:
    """The beginning of a model's fingerprint: what predictions and reports call it."""
    return sha256[:8]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's `card.json`, and what names the model."""

    document: Document

    @property
    def name(self) -> str:
        """What people call it; releases of all names share the store's class list."""
        return str(self.document["name"])

    @property
    def sha256(self) -> str:
        """The fingerprint of the model's file."""
        return str(self.document["sha256"])

    @property
    def id(self) -> str:
        """What the pointer, predictions and gate decisions name it by: the file's fingerprint, where that is enough."""
        return str(self.document.get("id") or self.sha256)

    @property
    def version(self) -> str:
        """What predictions and reports call the model."""
        return version_of(self.id)

    @property
    def classes(self) -> tuple[str, ...]:
        """What the model answers, by the number of its output."""
        return tuple(self.document["classes"])

    @property
    def class_indices(self) -> tuple[int, ...] | None:
        """By the number of an output the class in the store's list; None in a card that no store resolved.

        Raises NoModel when they make no sense.
        """
        given = self.document.get("class_indices")
        if given is None:
            return None
        whole = isinstance(given, list) and all(type(index) is int and index >= 0 for index in given)
        if not whole or len(set(given)) != len(given) or len(given) != len(self.classes):
            raise _nonsense("class_indices", given, "another class of the store for each of its classes")
        return tuple(given)

    @property
    def format(self) -> str:
        """What runs the model; a card that says nothing means ONNX. Raises NoModel for one that nobody can run."""
        name = str(self.document.get("format", ONNX))
        if name not in FILES:
            raise NoModel(f"Models of the format {name!r} cannot be served, only {' and '.join(FILES)}.")
        return name


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes a model's input: resized, cropped, and (x / 255 - mean) / std of every level x.

    `size` is the side of the square input in pixels; `mean` and `std` are per colour, in the order red, green, blue
    whatever `channels` says. `resize_size` is what `resize` makes of both sides, or of the shorter one, before the
    centre of `size` x `size` is cut out. `channels` is their order in the model's input; GRAY is one, with the first
    mean and std, of luma by ITU-R 601.
    """

    size: int
    mean: Colours
    std: Colours
    resize: str = STRETCH
    resize_size: int = 0  # as `size`
    interpolation: str = BILINEAR
    layout: str = NCHW
    channels: str = RGB

    def __post_init__(self) -> None:
        object.__setattr__(self, "resize_size", self.resize_size or self.size)

    @classmethod
    def from_card(cls, card: Document) -> Self:
        """What a card says of its model's input. Raises NoModel when it makes no sense."""
        given = _part(card, "input")
        size, channels = _whole(given, "size"), _choice(given, "channels", RGB, (RGB, BGR, GRAY))
        spec = cls(
            size,
            _colours(given, "mean", channels),
            _colours(given, "std", channels),
            _choice(given, "resize", "", (STRETCH, SHORTER_SIDE)),
            _whole(given, "resize_size", size),
            _choice(given, "interpolation", BILINEAR, INTERPOLATIONS),
            _choice(given, "layout", NCHW, (NCHW, NHWC)),
            channels,
        )
        if spec.resize_size < spec.size:
            raise _nonsense("input.resize_size", spec.resize_size, f"at least input.size, {spec.size}")
        if 0 in spec.std:
            raise _nonsense("input.std", given["std"], "without 0: it divides")
        return spec

    def to_document(self) -> Document:
        """As `input` of a card; what has its default is left out, as in every card from before there was a choice."""
        document = {"size": self.size, "mean": list(self.mean), "std": list(self.std), "resize": self.resize}
        plain = Preprocessing(self.size, self.mean, self.std)
        later = ("resize_size", "interpolation", "layout", "channels")
        return document | {name: value for name in later if (value := getattr(self, name)) != getattr(plain, name)}

    @property
    def colours(self) -> tuple[int, ...]:
        """Which of red, green and blue (0, 1, 2) are the channels of the model's input, in its order."""
        return {RGB: (0, 1, 2), BGR: (2, 1, 0), GRAY: (0,)}[self.channels]

    @property
    def decode_side(self) -> int:
        """A decoder may scale a picture down while both of its sides stay at least this long.

        With these the answer of a full decode stays in 99 % (docs/decisions/0023-preprocessing-in-the-card.md).
        """
        if self.interpolation == NEAREST:
            return _ANY_SIDE
        plain = self.resize == STRETCH and self.resize_size == self.size and self.interpolation == BILINEAR
        return max(2 * self.resize_size, _LEAST_DECODED) if plain else 4 * self.resize_size

    def box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Which part of a picture of that size becomes the input: left, top, right, bottom in pixels.

        As torchvision's Resize, which floors the longer side, and CenterCrop, which rounds half to even.
        """
        across, down = self._resized(width, height)
        left, top = round((across - self.size) / 2), round((down - self.size) / 2)
        x, y = width / across, height / down
        return left * x, top * y, (left + self.size) * x, (top + self.size) * y

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        if self.resize == STRETCH:
            return self.resize_size, self.resize_size
        shorter = min(width, height)
        return self.resize_size * width // shorter, self.resize_size * height // shorter


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """What the numbers are that a model gives, one per class; `name` is the output that has them, of several."""

    kind: str = PROBABILITIES
    temperature: float = 1.0
    name: str = ""

    @classmethod
    def from_card(cls, card: Document) -> Self:
        """What a card says of its model's output. Raises NoModel when it makes no sense.

        A card that says nothing: probabilities of an ONNX file; of a torch file logits, over the card's temperature.
        """
        if "output" not in card and card.get("format") == TORCH:
            return cls(LOGITS, _positive(card, "temperature"))
        given = _part(card, "output") if "output" in card else {}
        kind = _choice(given, "kind", PROBABILITIES, KINDS, "output")
        return cls(kind, _positive(given, "temperature", "output."), str(given.get("name", "")))

    def to_probabilities(self, numbers: Sequence[float]) -> list[float]:
        """One probability per class, in 64-bit floats; the temperature divides logits (Guo et al., 2017).

        Raises ModelFailed when the numbers are not what `kind` says.
        """
        if self.kind == LOGITS:
            return check_probabilities(softmax(numbers, self.temperature), self.kind)
        logarithms = self.kind == LOG_PROBABILITIES
        answer = [math.exp(min(x, 1)) for x in numbers] if logarithms else [*map(float, numbers)]
        check_probabilities(answer, self.kind)
        if self.temperature == 1:
            return answer
        return softmax([math.log(p) if p > 0 else -math.inf for p in answer], self.temperature)

    def to_document(self) -> Document:
        """As `output` of a card; empty for probabilities as they are."""
        plain, names = OutputSpec(), ("kind", "temperature", "name")
        return {name: value for name in names if (value := getattr(self, name)) != getattr(plain, name)}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model's input and output, and how many classes it answers."""

    classes: int
    input: Preprocessing
    output: OutputSpec = OutputSpec()

    @classmethod
    def from_card(cls, card: Document) -> Self:
        """The specification in a card. Raises NoModel when it makes no sense."""
        classes = card.get("classes")
        if not isinstance(classes, list | tuple) or len(classes) < 2:  # noqa: PLR2004 - one answer would say nothing
            raise _nonsense("classes", classes, "a list of at least two names")
        return cls(len(classes), Preprocessing.from_card(card), OutputSpec.from_card(card))

    def probabilities(self, numbers: Sequence[float]) -> list[float]:
        """What the model gave for a picture, as one probability per class. Raises ModelFailed when it is not that."""
        if len(numbers) != self.classes:
            raise ModelFailed(f"The model gives {len(numbers)} numbers, and its card names {self.classes} classes.")
        return self.output.to_probabilities(numbers)


def _nonsense(key: str, value: object, wanted: str) -> NoModel:
    return NoModel(f"The model's card: {key} is {str(value)[:80]!r}, and should be {wanted}.")


def _part(card: Document, key: str) -> Document:
    given = card.get(key)
    if not isinstance(given, dict):
        raise _nonsense(key, given, "an object")
    return given


def _whole(given: Document, key: str, absent: int | None = None) -> int:
    value = given.get(key, absent)
    try:
        pixels = int(value) if value is not None else 0
    except (TypeError, ValueError, OverflowError):
        pixels = 0
    if pixels < 1:
        raise _nonsense(f"input.{key}", value, "a whole number of pixels, at least 1")
    return pixels


def _choice(given: Document, key: str, absent: str, known: Sequence[str], part: str = "input") -> str:
    value = given.get(key, absent)
    if value not in known:
        raise _nonsense(f"{part}.{key}", value, " or ".join(known))
    return str(value)


def _positive(given: Document, key: str, part: str = "") -> float:
    value = given.get(key, 1.0)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < math.inf:
        raise _nonsense(part + key, value, "a number above 0")
    return number


def _colours(given: Document, key: str, channels: str) -> Colours:
    try:
        levels = [*map(float, given[key])]
        red, green, blue = levels * 3 if channels == GRAY and len(levels) == 1 else levels
    except (KeyError, TypeError, ValueError):
        red = green = blue = math.nan
    if not all(map(math.isfinite, (red, green, blue))):
        raise _nonsense(f"input.{key}", given.get(key), "three numbers: red, green, blue")
    return red, green, blue
