"""The classifier on ONNX Runtime: an exported model on one thread of the CPU."""

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from feedloop.domain.cards import Colours, ModelSpec
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel
from feedloop.ports import Picture, Prepare

INTRA_OP_THREADS = 1
"""More processes serve more pictures; threads of one picture only wait for each other (benchmarks/threads.py)."""

_UNUSABLE = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class OnnxClassifier:
    """A graph that turns 1 x 3 x size x size floats into one probability per class of its card."""

    def __init__(self, model: bytes, card: Document, *, prepare: Prepare) -> None:
        """Load and try the model. Raises NoModel when it is not what its card says."""
        self._spec, self._prepare = ModelSpec.from_card(card), prepare
        self._mean, self._std = _per_colour(self._spec.input.mean), _per_colour(self._spec.input.std)
        try:
            self._session = ort.InferenceSession(model, _options(), providers=["CPUExecutionProvider"])
            (self._input,) = (put.name for put in self._session.get_inputs())
            probabilities = self._infer(bytes(3 * self._spec.input.size**2))  # a black picture
        except (TypeError, ValueError, *_UNUSABLE) as error:
            raise NoModel("The released model cannot be loaded.") from error
        self._spec.check(probabilities)

    def probabilities(self, picture: Picture) -> list[float]:
        """One probability per class index; they sum to 1."""
        return self._infer(self._prepare(picture, self._spec.input))

    def _infer(self, rgb: bytes) -> list[float]:
        rows = np.frombuffer(rgb, np.uint8).reshape(self._spec.input.size, self._spec.input.size, 3)
        pixels = rows.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
        (outputs,) = self._session.run(None, {self._input: ((pixels - self._mean) / self._std)[None]})
        return [float(p) for p in outputs[0]]


def _per_colour(values: Colours) -> NDArray[np.float32]:
    return np.array(values, np.float32).reshape(3, 1, 1)


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = INTRA_OP_THREADS, 1
    options.log_severity_level = 3  # errors are raised; warnings about a graph's age help nobody here
    return options
