"""Whether a graph begins with its own normalisation: then it wants plain pixels, in a range that its constants tell.

The walk goes from the picture's input over operators that change each value alone, up to the first other one. None
on the way proves nothing: a normalisation may be folded into the first convolution.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from training.adoption.facts import Facts, Option, facts_from

ORIGIN = "from the first steps of the graph"
MOST_STEPS = 40

_STEEP, _OFF, _GENTLE = 1.5, 10.0, 0.05
"""Slopes (1/std) for pixels up to 1 begin at 1.5, those for pixels up to 255 end at 0.05; means of these pass 10."""
_CHANNELS_LAST = [0, 3, 1, 2]
_PASSED = {"Identity", "Dropout", "Resize", "Pad", "Clip"}

Constants = dict[str, NDArray[np.float64]]


def scale_facts(graph: onnx.GraphProto, picture: str) -> Facts:
    """Range, channel order and layout as the first operators tell them; empty when they do not."""
    constants, facts = _constants(graph), Facts()
    slope, offset = np.ones(1), np.zeros(1)
    name = picture
    for _ in range(MOST_STEPS):
        readers = [node for node in graph.node if name in node.input]
        if len(readers) != 1:
            break
        (node,) = readers
        if node.op_type == "Transpose":
            order = next((list(one.ints) for one in node.attribute if one.name == "perm"), [])
            facts |= facts_from(ORIGIN, {Option.LAYOUT: "nhwc" if order == _CHANNELS_LAST else None})
        elif node.op_type in {"Sub", "Add", "Mul", "Div"}:
            step = _step(node, name, constants)
            if step is None:
                break
            slope, offset = step[0] * slope, step[0] * offset + step[1]
        elif node.op_type not in _PASSED and node.op_type != "Cast":
            break
        name = node.output[0]
    return facts | facts_from(ORIGIN, {Option.RANGE: _range(slope, offset), Option.CHANNELS: _order(slope, offset)})


def _range(slope: NDArray[np.float64], offset: NDArray[np.float64]) -> str | None:
    if float(np.abs(slope).max()) < _GENTLE or float(np.abs(offset).max()) > _OFF:
        return "0-255"
    return "0-1" if float(np.abs(slope).min()) >= _STEEP else None


def _order(slope: NDArray[np.float64], offset: NDArray[np.float64]) -> str | None:
    """ImageNet's mean is largest in red and smallest in blue; it shows which channel comes first."""
    means = np.atleast_1d(-offset / slope) if np.all(slope) else np.zeros(1)
    if means.size != 3 or not means.all():  # noqa: PLR2004 - channels
        return None
    if means[0] > means[1] > means[2] > 0:
        return "rgb"
    return "bgr" if 0 < means[0] < means[1] < means[2] else None


def _step(
    node: onnx.NodeProto, name: str, constants: Constants
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """What an operator does to each value: times the first, plus the second; None when that is not all."""
    first, second = node.input
    values = constants.get(second if first == name else first)
    if values is None or values.size not in {1, 3} or (first != name and node.op_type in {"Sub", "Div"}):
        return None
    one, none = np.ones_like(values), np.zeros_like(values)
    match node.op_type:
        case "Sub":
            return one, -values
        case "Add":
            return one, values
        case "Mul":
            return values, none
    return (1 / values, none) if values.all() else None


def _constants(graph: onnx.GraphProto) -> Constants:
    """Small constants, flat: as many as channels, or one for all."""
    tensors = {one.name: one for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
    small = {name: one for name, one in tensors.items() if int(np.prod(one.dims)) <= 3}  # noqa: PLR2004
    return {
        name: numpy_helper.to_array(one).astype(np.float64).ravel() for name, one in small.items() if _is_number(one)
    }


def _is_number(tensor: onnx.TensorProto) -> bool:
    types = onnx.TensorProto
    return tensor.data_type in {types.FLOAT, types.FLOAT16, types.DOUBLE, types.UINT8, types.INT32, types.INT64}
