"""Which input of an ONNX model takes the picture, and which output has the scores, from names, types and shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import onnxruntime as ort

from feedloop.domain.errors import BadRequest
from training.adoption.facts import FILE, Facts, ModelFact, Option, facts_from
from training.adoption.onnx_file import OnnxFile

TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
"""Inputs that a picture can be given to, and what numpy calls their numbers."""

_SCORES = ("tensor(float)", "tensor(float16)", "tensor(double)")
_CHANNELS = (3, 1)
_AXES = 4
_ONLY = "Feedloop serves classifiers, which give one score for each class of the whole picture."

Shape = list[int | str | None]


@dataclass(frozen=True, slots=True)
class Put:
    """An input or output: its axes as numbers, or None where they are not fixed."""

    name: str
    type: str
    shape: tuple[int | None, ...]

    @property
    def is_row(self) -> bool:
        """Whether each picture may have one row of numbers in it: N x C, or the same with more axes of 1."""
        return not self.shape or (len(self.shape) > 1 and sum(axis != 1 for axis in self.shape[1:]) <= 1)

    def __str__(self) -> str:
        axes = " x ".join("?" if axis is None else str(axis) for axis in self.shape) or "of any shape"
        return f"{self.name} ({axes}, {self.type.removeprefix('tensor(').removesuffix(')')})"


@dataclass(frozen=True, slots=True)
class Signature:
    """The input for the picture and the outputs of a model, as ONNX Runtime sees them."""

    picture: Put
    outputs: tuple[Put, ...]


def open_session(file: OnnxFile) -> ort.InferenceSession:
    """The model in the runtime that serves it, on one thread. Raises BadRequest with the runtime's own reason."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(file.body, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no common class but this
        raise BadRequest(f"ONNX Runtime {ort.__version__} cannot load {file.path}: {error}") from error


def signature(file: OnnxFile, session: ort.InferenceSession) -> Signature:
    """Inputs and outputs. Raises BadRequest unless exactly one input is wanted, and it can take a picture."""
    try:
        inputs, outputs = ([_put(one) for one in puts] for puts in (session.get_inputs(), session.get_outputs()))
    except UnicodeDecodeError as error:
        raise BadRequest(f"{file.path} has names that are no text: it was damaged. Copy or export it again.") from error
    if len(inputs) != 1:
        names = ", ".join(map(str, inputs)) or "none"
        raise BadRequest(
            f"{file.path} wants {len(inputs)} inputs: {names}. Export it with the picture as its only input."
        )
    (picture,) = inputs
    if picture.type not in TYPES:
        raise BadRequest(f"{file.path} takes {picture}, not the numbers of a picture: {', '.join(TYPES.values())}.")
    if picture.shape and len(picture.shape) != _AXES:
        axes = "batch, channels, height and width, in that order or with the channels last"
        raise BadRequest(f"{file.path} takes {picture}, not pictures: their axes are {axes}.")
    return Signature(picture, tuple(outputs))


def input_facts(file: OnnxFile, picture: Put) -> Facts:
    """Layout, size, and the range of whole numbers, as far as the shape and the type say so. Raises BadRequest."""
    facts = facts_from(FILE, {Option.RANGE: "0-255" if picture.type == "tensor(uint8)" else None})
    if not picture.shape:
        return facts
    _, second, third, fourth = picture.shape
    if fourth in _CHANNELS and second not in _CHANNELS:
        layout, channels, sides = "nhwc", fourth, (second, third)
    elif second in _CHANNELS and fourth not in _CHANNELS:
        layout, channels, sides = "nchw", second, (third, fourth)
    elif second is None and fourth is None:
        return facts
    elif second in _CHANNELS:
        raise BadRequest(f"{file.path} takes {picture}: it cannot be told which axis has the colours.")
    else:
        raise BadRequest(f"{file.path} takes {picture}: no axis has the three channels of a picture.")
    height, width = sides
    if None not in sides and height != width:
        raise BadRequest(f"{file.path} takes {height} x {width} pixels; only squares can be served.")
    gray = "gray" if channels == 1 else None
    return facts | facts_from(FILE, {Option.LAYOUT: layout, Option.SIZE: height or width, Option.CHANNELS: gray})


def scores(file: OnnxFile, outputs: Sequence[Put], classes: int, wanted: ModelFact | None = None) -> Put:
    """The output that has a score for each class: the one that is wanted by name, else the only one that can be.

    Raises BadRequest, with all outputs, when there is none, or several.
    """
    names = ", ".join(map(str, outputs))
    if wanted:
        chosen = [put for put in outputs if put.name == wanted.value]
        if not chosen:
            raise BadRequest(f"--output-name {wanted.value}: {file.path} has no such output, but {names}.")
        return chosen[0]
    rows = [put for put in outputs if put.type in _SCORES and put.is_row]
    fitting = [put for put in rows if classes and width(put) == classes] or rows
    chosen = fitting or [put for put in outputs if put.type.startswith("seq(map(")]
    if _finds_objects(outputs):
        raise BadRequest(f"{file.path} finds objects in a picture: {names}. {_ONLY}")
    if not chosen:
        raise BadRequest(f"{file.path} gives {_without_scores(outputs)}")
    if len(chosen) > 1:
        raise BadRequest(f"Several outputs of {file.path} may be the scores: say --output-name. It has {names}.")
    return chosen[0]


def _finds_objects(outputs: Sequence[Put]) -> bool:
    """As a detector does: boxes of four numbers, their scores and classes, of which there are any number."""
    lists = {put.type for put in outputs if len(put.shape) == 1}
    unnamed = lists >= {"tensor(float)", "tensor(int64)"} and any(put.shape[1:] == (4,) for put in outputs)
    return len(outputs) > 1 and (unnamed or any("box" in put.name.lower() for put in outputs))


def _without_scores(outputs: Sequence[Put]) -> str:
    """What a model gives instead of a score for each class, and what helps."""
    names = ", ".join(map(str, outputs))
    if any(put.type in _SCORES for put in outputs):
        return (
            f"numbers for every place of the picture, not a score for each class: {names}. So do segmentation,"
            f" detection, autoencoders, and networks without their last layers. {_ONLY}"
        )
    return f"the best class alone: {names}. Export it without its last step (ArgMax, TopK), so that it gives scores."


def width(put: Put) -> int | None:
    """How many scores an output has for a picture; None where the file leaves that open."""
    axes = [axis for axis in put.shape[1:] if axis is not None]
    return prod(axes) if axes and len(axes) == len(put.shape) - 1 else None


def _put(one: ort.NodeArg) -> Put:
    axes: Shape = one.shape or []
    return Put(one.name, one.type, tuple(axis if isinstance(axis, int) and axis > 0 else None for axis in axes))
