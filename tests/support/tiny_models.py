"""Classifiers of a few bytes, one for every shape that files in the wild have, and some that must never serve.

All but those that say otherwise are N x 3 x 32 x 32 -> the mean of each colour -> MatMul 3 x 5 -> Softmax. A card of
theirs is card(model); its pixels are x / 255, so that the mean of a picture's reds is the first of three numbers.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

CLASSES = ("Bread", "Egg", "Meat", "Rice", "Soup")
SIDE = 32
WEIGHTS = np.array([[8, -4, 0, 2, -2], [-4, 8, 0, 2, -2], [0, -4, 8, -2, 2]], np.float32)
"""Of the mean red, green and blue, for each class: a red picture is Bread, a green one Egg, a blue one Meat."""

FLOAT, PIXELS, SCORES = TensorProto.FLOAT, "pixels", "probabilities"
_OPSET, _ML_OPSET, _IR = 17, 3, 10


def card(model: bytes, **changes: Any) -> dict[str, Any]:
    """What its maker would say of it; the input is plain."""
    plain = {"size": SIDE, "mean": [0.0] * 3, "std": [1.0] * 3, "resize": "stretch"}
    known = {"v": 1, "name": "tiny", "sha256": hashlib.sha256(model).hexdigest(), "format": "onnx"}
    return {**known, "classes": list(CLASSES), "input": plain, **changes}


def plain(weights: np.ndarray[Any, Any] = WEIGHTS) -> bytes:
    """Probabilities from floats, as our own export makes them."""
    return _serialised(_pooled(weights, _softmax()))


def logits() -> bytes:
    """Without the Softmax."""
    return _serialised(_pooled(outputs={"logits": "scores"}))


def sigmoid() -> bytes:
    """Every class by itself: a picture may be two, or none."""
    return _serialised(_pooled(WEIGHTS, [helper.make_node("Sigmoid", ["scores"], [SCORES])]))


def log_softmax() -> bytes:
    """Logarithms of probabilities."""
    return _serialised(_pooled(WEIGHTS, [helper.make_node("LogSoftmax", ["scores"], [SCORES], axis=1)]))


def softmax_twice() -> bytes:
    """Probabilities of probabilities: flat, and never sure."""
    again = helper.make_node("Softmax", ["once"], [SCORES], axis=1)
    return _serialised(_pooled(WEIGHTS, [helper.make_node("Softmax", ["scores"], ["once"], axis=1), again]))


def convolutional() -> bytes:
    """N x 5 x 1 x 1, as the head of a network is that is all convolutions."""
    axes = numpy_helper.from_array(np.array([2, 3]), "axes")
    nodes = [*_softmax("flat"), helper.make_node("Unsqueeze", ["flat", "axes"], [SCORES])]
    return _serialised(_pooled(WEIGHTS, nodes, shape=("N", 5, 1, 1), constants=[axes]))


def channels_last() -> bytes:
    """N x 32 x 32 x 3, as TensorFlow has it."""
    turn = helper.make_node("Transpose", [PIXELS], ["turned"], perm=[0, 3, 1, 2])
    return _serialised(_pooled(WEIGHTS, _softmax(), first=turn, size=("N", SIDE, SIDE, 3)))


def grey() -> bytes:
    """N x 1 x 32 x 32: light alone; white is Bread, black Egg."""
    return _serialised(_pooled(np.array([[8, -4, 0, 0, 0]], np.float32), _softmax(), size=("N", 1, SIDE, SIDE)))


def float16() -> bytes:
    """Half the bytes: floats of 16 bits from input to output."""
    return _serialised(_pooled(WEIGHTS.astype(np.float16), _softmax(), kind=TensorProto.FLOAT16))


def float64() -> bytes:
    """Floats of 64 bits, cast inside."""
    first = helper.make_node("Cast", [PIXELS], ["turned"], to=FLOAT)
    return _serialised(_pooled(WEIGHTS, _softmax(), first=first, given=TensorProto.DOUBLE))


def uint8() -> bytes:
    """Levels from 0 to 255 as they are in a file, divided inside."""
    weights = (WEIGHTS / 255).astype(np.float32)
    first = helper.make_node("Cast", [PIXELS], ["turned"], to=FLOAT)
    return _serialised(_pooled(weights, _softmax(), first=first, given=TensorProto.UINT8))


def fixed_batch(pictures: int = 8) -> bytes:
    """So many pictures at once, and no other number."""
    return _serialised(_pooled(WEIGHTS, _softmax(), size=(pictures, 3, SIDE, SIDE), shape=(pictures, 5)))


def label_first() -> bytes:
    """The number of the best class, then the probabilities."""
    best = helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)
    model = _pooled(WEIGHTS, [best, *_softmax()])
    model.graph.output.insert(0, helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]))
    return _serialised(model)


def zip_map(names: Sequence[str] | Sequence[int] = CLASSES) -> bytes:
    """A list of maps from the class's name, or number, to its probability, as scikit-learn's converter writes it."""
    kind = "strings" if isinstance(names[0], str) else "int64s"
    labels: dict[str, Any] = {f"classlabels_{kind}": list(names)}
    node = helper.make_node("ZipMap", ["flat"], [SCORES], domain="ai.onnx.ml", **labels)
    model = _pooled(WEIGHTS, [*_softmax("flat"), node])
    key = TensorProto.STRING if kind == "strings" else TensorProto.INT64
    kind_of_map = helper.make_map_type_proto(key, helper.make_tensor_type_proto(FLOAT, []))
    model.graph.output.pop()
    model.graph.output.append(helper.make_value_info(SCORES, helper.make_sequence_type_proto(kind_of_map)))
    return _serialised(model)


def zero_weights() -> bytes:
    """The same answer to every picture."""
    return plain(np.zeros_like(WEIGHTS))


def not_a_number() -> bytes:
    """The root of a negative number, unless the picture is black."""
    nodes = [helper.make_node("Neg", ["scores"], ["below"]), helper.make_node("Sqrt", ["below"], ["roots"])]
    return _serialised(_pooled(np.abs(WEIGHTS), [*nodes, *_softmax(SCORES, of="roots")]))


def not_a_number_of_white() -> bytes:
    """Fine, until a picture comes that is nearly white: then the root of a negative number."""
    limit = numpy_helper.from_array(np.array([0.9], np.float32), "limit")
    below = helper.make_node("Sub", ["limit", "means"], ["below"])
    roots = [below, helper.make_node("Sqrt", ["below"], ["roots"])]
    again = helper.make_node("MatMul", ["roots", "weights"], ["again"])
    return _serialised(_pooled(WEIGHTS, [*roots, again, *_softmax(of="again")], constants=[limit]))


def negative() -> bytes:
    """Numbers that sum to 1, and some of them are below 0."""
    weights, bias = WEIGHTS - WEIGHTS.mean(1, keepdims=True), np.full(5, 0.2, np.float32)
    add = helper.make_node("Add", ["scores", "bias"], [SCORES])
    return _serialised(_pooled(weights, [add], constants=[numpy_helper.from_array(bias, "bias")]))


def random() -> bytes:
    """Another answer to the same picture every time, as a network in training gives with its dropout."""
    chance = helper.make_node("RandomNormalLike", ["scores"], ["chance"], scale=3.0)
    add = helper.make_node("Add", ["scores", "chance"], ["moved"])
    return _serialised(_pooled(WEIGHTS, [chance, add, *_softmax(SCORES, of="moved")]))


def external_data(folder: Path) -> Path:
    """`model.onnx`, whose weights lie in a second file `model.onnx.data` beside it."""
    path, model = folder / "model.onnx", onnx.load_from_string(plain())
    onnx.save_model(model, path, save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    return path


def unknown_domain() -> bytes:
    """With an operator `Magic` of `com.acme` that no runtime has."""
    model = _pooled(WEIGHTS, [helper.make_node("Magic", ["scores"], [SCORES], domain="com.acme")])
    model.opset_import.append(helper.make_opsetid("com.acme", 1))
    return _serialised(model)


def long_loop(turns: int = 3_000_000) -> bytes:
    """A loop of so many turns for every picture: seconds."""
    condition = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    turn = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    before, after = (helper.make_tensor_value_info(name, FLOAT, None) for name in ("before", "after"))
    inner = [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["before"], ["after"])]
    on = helper.make_tensor_value_info("on", TensorProto.BOOL, [])
    body = helper.make_graph(inner, "body", [turn, condition, before], [on, after])
    constants = [numpy_helper.from_array(np.array(turns), "turns"), numpy_helper.from_array(np.array(1, bool), "yes")]
    loop = helper.make_node("Loop", ["turns", "yes", "scores"], ["last"], body=body)
    return _serialised(_pooled(WEIGHTS, [loop, *_softmax(SCORES, of="last")], constants=constants))


def wrong_width() -> bytes:
    """Seven classes by its own words, and five in truth."""
    return _serialised(_pooled(WEIGHTS, _softmax(), shape=("N", 7)))


def two_inputs() -> bytes:
    """A second input `scale` that the picture is not: one number, times which the scores are taken."""
    times = helper.make_node("Mul", ["scores", "scale"], ["times"])
    model = _pooled(WEIGHTS, [times, *_softmax(SCORES, of="times")])
    model.graph.input.append(helper.make_tensor_value_info("scale", FLOAT, [1]))
    return _serialised(model)


def cut_short() -> bytes:
    """The first half of a file."""
    whole = plain()
    return whole[: len(whole) // 2]


_KINDS = (plain, logits, sigmoid, log_softmax, softmax_twice, convolutional, channels_last, grey, float16, float64)
_OUTPUTS = (uint8, fixed_batch, label_first, zip_map, zero_weights, not_a_number, negative, random, unknown_domain)
MODELS: Mapping[str, Callable[[], bytes]] = {
    one.__name__: one
    for one in (*_KINDS, *_OUTPUTS, long_loop, wrong_width, two_inputs, cut_short, not_a_number_of_white)
}
"""Every one that is a single file, by its name."""


def _softmax(name: str = SCORES, of: str = "scores") -> list[NodeProto]:
    return [helper.make_node("Softmax", [of], [name], axis=1)]


def _pooled(
    weights: np.ndarray[Any, Any] = WEIGHTS,
    nodes: Sequence[NodeProto] = (),
    *,
    first: NodeProto | None = None,
    size: Sequence[int | str] = ("N", 3, SIDE, SIDE),
    shape: Sequence[int | str] = ("N", 5),
    kind: int = FLOAT,
    given: int | None = None,
    constants: Sequence[TensorProto] = (),
    outputs: Mapping[str, str] | None = None,
) -> ModelProto:
    """Pixels to `scores` by the mean of each colour, then these nodes; `outputs` renames what they leave."""
    pooling = [
        *([first] if first else []),
        helper.make_node("GlobalAveragePool", ["turned" if first else PIXELS], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["means"]),
        helper.make_node("MatMul", ["means", "weights"], ["scores"]),
    ]
    renamed = [helper.make_node("Identity", [inner], [outer]) for outer, inner in (outputs or {}).items()]
    names = list(outputs or {SCORES: SCORES})
    results: list[ValueInfoProto] = [helper.make_tensor_value_info(name, kind, shape) for name in names]
    graph = helper.make_graph(
        [*pooling, *nodes, *renamed],
        "tiny",
        [helper.make_tensor_value_info(PIXELS, given or kind, size)],
        results,
        [numpy_helper.from_array(weights, "weights"), *constants],
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=_IR)


def _serialised(model: ModelProto) -> bytes:
    return bytes(model.SerializeToString(deterministic=True))
