"""A small network in numpy, written as an ONNX graph: filters, a grid of means, one hidden layer.

The filters are patches of the training pictures themselves (a single layer of such
filters goes a long way: Coates, Lee and Ng, 2011); only what stands behind them is trained.
"""

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, checker, helper, numpy_helper

Floats = NDArray[np.float32]
Weights = dict[str, Floats]

FILTERS, SIDE, STRIDE, CELL = 96, 6, 2, 10
FIRES = 75  # percentile: a filter answers to a quarter of all places
HIDDEN, ROUNDS, BATCH, RATE, DECAY = 64, 60, 128, 1e-3, 1e-4
OPSET = 21

_FEATURES = [
    helper.make_node("Conv", ["pixels", "filters", "bias"], ["found"], strides=[STRIDE, STRIDE]),
    helper.make_node("Relu", ["found"], ["strong"]),
    helper.make_node("AveragePool", ["strong"], ["means"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
    helper.make_node("Flatten", ["means"], ["features"]),
]
_LAYERS = [
    helper.make_node("Gemm", ["features", "w1", "b1"], ["sums"]),
    helper.make_node("Relu", ["sums"], ["hidden"]),
    helper.make_node("Gemm", ["hidden", "w2", "b2"], ["logits"]),
    helper.make_node("Softmax", ["logits"], ["probabilities"]),
]


def train(pixels: Floats, wanted: Floats, *, seed: int) -> bytes:
    """An ONNX file that answers `wanted` (n x classes) to `pixels` (n x 3 x size x size)."""
    rng = np.random.default_rng(seed)
    weights = _filters(pixels, rng)
    features = _run(_file(_FEATURES, weights, pixels, "features"), pixels)
    weights |= _fit(features, wanted, rng)
    return _file(_FEATURES + _LAYERS, weights, pixels, "probabilities")


def _filters(pixels: Floats, rng: np.random.Generator) -> Weights:
    """Patches of the pictures as filters, each with the bias at which it fires now and then."""
    patches = np.stack([_patch(pixels, rng) for _ in range(40 * FILTERS)])
    centred = patches - patches.mean(0)
    chosen = centred[np.argsort(-centred.std(1))[: 4 * FILTERS : 4]]  # where there is something to see
    filters = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
    bias = -np.percentile(patches @ filters.T, FIRES, axis=0)
    return {"filters": filters.reshape(FILTERS, 3, SIDE, SIDE), "bias": bias.astype(np.float32)}


def _patch(pixels: Floats, rng: np.random.Generator) -> Floats:
    which, y, x = rng.integers([len(pixels), *(size - SIDE for size in pixels.shape[2:])])
    return pixels[which, :, y : y + SIDE, x : x + SIDE].ravel()


def _fit(features: Floats, wanted: Floats, rng: np.random.Generator) -> Weights:
    """Train both layers by Adam (Kingma and Ba, 2015) on cross-entropy."""
    mean, std = features.mean(0), features.std(0) + 1e-6
    scaled = (features - mean) / std
    weights = {**_layer("1", features.shape[1], HIDDEN, rng), **_layer("2", HIDDEN, wanted.shape[1], rng)}
    moments = {name: (np.zeros_like(weight), np.zeros_like(weight)) for name, weight in weights.items()}
    starts = range(0, len(scaled), BATCH)
    for number in range(ROUNDS):
        order = rng.permutation(len(scaled))
        for step, start in enumerate(starts, start=1 + number * len(starts)):
            some = order[start : start + BATCH]
            for name, slope in _slopes(weights, scaled[some], wanted[some]).items():
                moments[name] = _adam(weights[name], slope, *moments[name], step)
    return _unscaled(weights, mean, std)


def _layer(number: str, inputs: int, outputs: int, rng: np.random.Generator) -> Weights:
    weight = rng.normal(0, (2 / inputs) ** 0.5, (inputs, outputs))
    return {f"w{number}": weight.astype(np.float32), f"b{number}": np.zeros(outputs, np.float32)}


def _slopes(weights: Weights, x: Floats, wanted: Floats) -> Weights:
    """The gradient of the mean cross-entropy for one batch."""
    hidden = np.maximum(x @ weights["w1"] + weights["b1"], 0)
    logits = hidden @ weights["w2"] + weights["b2"]
    odds = np.exp(logits - logits.max(1, keepdims=True))
    error = (odds / odds.sum(1, keepdims=True) - wanted) / len(x)
    back = (error @ weights["w2"].T) * (hidden > 0)
    return {"w1": x.T @ back, "b1": back.sum(0), "w2": hidden.T @ error, "b2": error.sum(0)}


def _adam(weight: Floats, slope: Floats, mean: Floats, square: Floats, step: int) -> tuple[Floats, Floats]:
    """Move one weight in place; return its moments."""
    mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
    move = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    weight -= RATE * (move + DECAY * weight)
    return mean, square


def _unscaled(weights: Weights, mean: Floats, std: Floats) -> Weights:
    """The same network for features as they come: their scale moves into the first layer."""
    w1 = weights["w1"] / std[:, None]
    return {**weights, "w1": w1, "b1": weights["b1"] - mean @ w1}


def _file(nodes: list[NodeProto], weights: Weights, pixels: Floats, output: str) -> bytes:
    """A checked ONNX file."""
    numbers = [numpy_helper.from_array(np.ascontiguousarray(weight), name) for name, weight in weights.items()]
    given = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", *pixels.shape[1:]])
    answer = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", None])
    graph = helper.make_graph(nodes, "tiny", [given], [answer], numbers)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=helper.find_min_ir_version_for([opset]))
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _run(model: bytes, pixels: Floats) -> Floats:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    parts = [session.run(None, {"pixels": part})[0] for part in np.array_split(pixels, len(pixels) // BATCH + 1)]
    return np.concatenate(parts)
