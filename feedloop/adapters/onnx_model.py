"""The classifier on ONNX Runtime: an exported model on one thread of the CPU.

The graph stays as it is. What it takes and gives is said by the card (size, layout, channels, what its numbers mean)
and by the file itself (names, types, a fixed number of pictures); where both disagree, the message names both.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from feedloop.domain.cards import NHWC, ModelSpec, Preprocessing
from feedloop.domain.documents import Document
from feedloop.domain.errors import ModelFailed, NoModel
from feedloop.ports import Picture, Prepare

INTRA_OP_THREADS = 1
"""More processes serve more pictures; threads of one picture only wait for each other (benchmarks/threads.py)."""

_ERRORS = (TypeError, ValueError, RuntimeError, MemoryError)
_UNUSABLE: tuple[type[Exception], ...] = (
    *_ERRORS,
    *(one for one in vars(ort_errors).values() if isinstance(one, type) and issubclass(one, Exception)),
)
_UINT8 = np.dtype(np.uint8)
_TYPES: Mapping[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": _UINT8,
}
"""What a model may take."""

_NUMBERS = ("tensor(float)", "tensor(float16)", "tensor(double)", "seq(map(string,", "seq(map(int64,")
"""How the types begin of what a model may give."""

_NOWHERE = f"{os.devnull}/none"
_LONGEST_REASON = 300
_OWN_NAME = "[ONNXRuntimeError] : "


class OnnxClassifier:
    """A graph that turns one picture into one number per class of its card."""

    def __init__(self, model: bytes, card: Document, *, prepare: Prepare) -> None:
        """Load and try the model. Raises NoModel, or ModelFailed, when it is not what its card says."""
        self._spec, self._prepare = ModelSpec.from_card(card), prepare
        self.preprocessing = self._spec.input
        self._classes = [str(name) for name in card["classes"]]
        self._session = _session(model)
        self._input, self._shape, dtype = _input(self._session.get_inputs(), self._spec.input)
        self._output = _output(self._session.get_outputs(), self._spec.output.name)
        self._levels = _levels(self._spec.input, dtype)
        for rgb in (bytes(3 * self._spec.input.size**2), _gradient(self._spec.input.size)):
            self._infer(rgb)

    def probabilities(self, picture: Picture) -> list[float]:
        """One probability per class of the card; they sum to 1. Raises ModelFailed when the model gives none."""
        return self._infer(self._prepare(picture, self._spec.input))

    def _infer(self, rgb: bytes) -> list[float]:
        pixels = _pixels(rgb, self._spec.input, self._levels, self._shape)
        try:
            (answer,) = self._session.run([self._output], {self._input: pixels})
        except _UNUSABLE as error:
            raise ModelFailed(f"The model fails on a picture: {_reason(error)}") from error
        return self._spec.probabilities(_numbers(answer, len(pixels), self._classes))


def _session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = INTRA_OP_THREADS, 1
    options.log_severity_level = 4  # errors are raised; warnings about a graph's age help nobody here
    # Weights in a second file would be looked for where this process happens to run.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NOWHERE)
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _UNUSABLE as error:
        reason = _reason(error)
        if "External data" in reason:
            reason = "its weights lie in a second file beside it, and have to be within"
        raise NoModel(f"ONNX Runtime {ort.__version__} cannot load the model: {reason}") from error


def _input(inputs: Sequence[Any], preprocessing: Preprocessing) -> tuple[str, tuple[int, ...], np.dtype[Any]]:
    """The name of the input, and shape and type of what it takes."""
    if len(inputs) != 1:
        raise NoModel(f"The file takes {len(inputs)} inputs ({_names(inputs)}): a picture can be only one.")
    (put,) = inputs
    size, colours = preprocessing.size, len(preprocessing.colours)
    wanted = (size, size, colours) if preprocessing.layout == NHWC else (colours, size, size)
    batch, *axes = put.shape or [None, *wanted]  # a file need not say
    fits = len(axes) == len(wanted) and all(
        axis == want or not isinstance(axis, int) for axis, want in zip(axes, wanted, strict=True)
    )
    if not fits:
        raise NoModel(
            f"The file takes {_spelled(put.shape)}, and its card says {_spelled(('N', *wanted))}"
            f" (size {size}, layout {preprocessing.layout}, channels {preprocessing.channels})."
        )
    if put.type not in _TYPES:
        raise NoModel(f"The file takes {put.type}: pixels can be {', '.join(_TYPES)}.")
    return put.name, (batch if isinstance(batch, int) and batch > 0 else 1, *wanted), _TYPES[put.type]


def _output(outputs: Sequence[Any], name: str) -> str:
    """The output that has the numbers."""
    chosen = [put for put in outputs if put.name == name] if name else outputs
    if len(chosen) != 1:
        which = f"none that is called {name}" if name else "the card has to say which, as output.name"
        raise NoModel(f"The file has {len(outputs)} outputs ({_names(outputs)}): {which}.")
    if not chosen[0].type.startswith(_NUMBERS):
        raise NoModel(f"The output {chosen[0].name} is {chosen[0].type}, not a number with a fraction per class.")
    return str(chosen[0].name)


def _levels(preprocessing: Preprocessing, dtype: np.dtype[Any]) -> NDArray[Any]:
    """What becomes of each level, by colour: 3 x 256, red first, of the model's type. Raises NoModel."""
    wide: np.dtype[Any] = np.promote_types(dtype, np.float32)
    mean, std = (np.array(values, wide).reshape(3, 1) for values in (preprocessing.mean, preprocessing.std))
    levels: NDArray[Any] = (np.arange(256, dtype=wide) / 255 - mean) / std
    if dtype == _UINT8:
        whole = np.rint(levels)
        if np.abs(levels - whole).max() > 0.01 or whole.min() < 0 or whole.max() > 255:  # noqa: PLR2004 - of 8 bits
            raise NoModel(
                "The file takes whole levels from 0 to 255 (uint8), and the card's mean and std make other numbers of"
                " them. Of levels as they are, mean is 0 and std 1/255 = 0.00392156862745098."
            )
        levels = whole
    with np.errstate(over="ignore"):
        narrow = levels.astype(dtype)
    if not np.isfinite(narrow).all():
        raise NoModel(f"The card's mean and std make numbers that are too large for the file's {narrow.dtype}.")
    return narrow


def _pixels(rgb: bytes, preprocessing: Preprocessing, levels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """The picture in the shape and type that the model takes; one for several pictures gets as many copies."""
    size = preprocessing.size
    rows = np.frombuffer(rgb, np.uint8).reshape(size, size, 3)
    pixels = np.empty(shape, levels.dtype)
    for number, colour in enumerate(preprocessing.colours):
        plane = pixels[0, :, :, number] if preprocessing.layout == NHWC else pixels[0, number]
        np.take(levels[colour], rows[:, :, colour], out=plane, mode="clip")
    pixels[1:] = pixels[0]
    return pixels


def _gradient(size: int) -> bytes:
    """Every level somewhere, and the colours apart."""
    levels = np.linspace(0, 255, size * size * 3)
    return levels.astype(np.uint8).tobytes()


def _numbers(answer: Any, pictures: int, classes: Sequence[str]) -> list[float]:  # noqa: ANN401 - as the runtime has it
    """Those of the first picture, by class; a map (scikit-learn's ZipMap) has them by name, or by number."""
    if isinstance(answer, list):
        return _by_name(answer[0], classes) if answer else []
    numbers: list[float] = answer.reshape(-1).tolist() if pictures == 1 else answer[0].reshape(-1).tolist()
    return numbers


def _by_name(answer: Mapping[str | int, float], classes: Sequence[str]) -> list[float]:
    if all(isinstance(key, int) for key in answer):
        return [answer[key] for key in sorted(answer)]
    known = {_plain(str(name)): number for name, number in answer.items()}
    missing = [name for name in classes if _plain(name) not in known]
    if missing or len(known) != len(classes):
        raise ModelFailed(
            f"The model answers {', '.join(map(repr, [*answer][:5]))} …, and its card names other classes:"
            f" {', '.join(map(repr, missing[:5] or classes[:5]))} …"
        )
    return [known[_plain(name)] for name in classes]


def _plain(name: str) -> str:
    return normalize("NFC", name).strip()


def _names(puts: Sequence[Any]) -> str:
    return ", ".join(f"{put.name}: {put.type}" for put in puts)


def _spelled(shape: Sequence[int | str | None]) -> str:
    return " x ".join(str(axis if isinstance(axis, int) else axis or "?") for axis in shape) or "a single number"


def _reason(error: BaseException) -> str:
    """What ONNX Runtime says, without its own name and number."""
    text = " ".join(str(error).split())
    return text.split(" : ", 3)[-1][:_LONGEST_REASON] if text.startswith(_OWN_NAME) else repr(error)[:_LONGEST_REASON]
