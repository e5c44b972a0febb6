"""The weights of a released ONNX file as a network that can go on learning.

Export folds every batch normalisation into the convolution before it: w' = w g / s and b' = beta - m g / s, with
s = sqrt(v + eps). The released file still computes the same, but has no statistics to normalise by, so that training
on it as it is would move every layer at the first batch. `fold_back` reads the convolutions back. `unfold` runs
them on pictures, and gives each normalisation these means and variances with the g and beta that cancel them: the
network computes what the release computes, and its layers know their statistics again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from feedloop.domain.errors import Malformed
from training.model import networks, onnx_export
from training.model.networks import MOBILENET_V2, State

MOST_DIFFERENCE = 1e-4
"""Of a probability, between the release and what was read back from it."""

NOISE = 8
"""Random pictures that both are asked about."""

_PREFIX = "network."
LAST, BIAS = "classifier.1.weight", "classifier.1.bias"
Arrays = dict[str, NDArray[np.float32]]


def fold_back(model: bytes, classes: int, size: int, temperature: float) -> nn.Module:
    """The network in a released file, which answers as it does and cannot learn yet.

    Raises Malformed when the file is not one of ours, or the network answers otherwise than it.
    """
    network = networks.new(MOBILENET_V2, classes, size).eval()
    try:
        graph = onnx.load_from_string(model).graph
        arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        state = _weights(graph, arrays, network.state_dict())
        network.load_state_dict(state)
        for layer in _normalisations(network):
            layer.running_var.fill_(1 - layer.eps)  # divided by exactly one
    except (DecodeError, KeyError, RuntimeError, ValueError) as error:
        raise Malformed(f"the released file is not MobileNetV2 as `export` writes it: {str(error)[:200]}") from error
    _check(network, model, size, temperature)
    return network


def unfold(network: nn.Module, model: bytes, size: int, temperature: float, pictures: Iterable[Tensor]) -> None:
    """Let what `fold_back` made learn again, in place; `pictures` are batches to take statistics from.

    Raises Malformed when it answers otherwise than the released file then.
    """
    _give_statistics(network, pictures)
    _check(network, model, size, temperature)


def _weights(graph: onnx.GraphProto, arrays: Arrays, state: State) -> State:
    for node in graph.node:
        if node.op_type == "Conv":
            weight, bias = node.input[1:]
            layer = weight.removeprefix(_PREFIX).removesuffix(".weight")
            _set(state, f"{layer}.weight", arrays[weight])
            _set(state, f"{_after(layer)}.bias", arrays[bias])
    _set(state, LAST, arrays[_PREFIX + LAST])
    (last,) = (node for node in graph.node if _PREFIX + LAST in node.input)
    biases = [arrays[name] for name in last.input[2:]]  # one of zeros is left out by the exporter
    _set(state, BIAS, biases[0] if biases else np.zeros(len(state[BIAS]), np.float32))
    return state


def _set(state: State, name: str, values: NDArray[np.float32]) -> None:
    state[name] = torch.from_numpy(values.copy()).reshape(state[name].shape)


def _after(layer: str) -> str:
    """The normalisation behind a convolution: the next number in its sequence."""
    block, _, number = layer.rpartition(".")
    return f"{block}.{int(number) + 1}"


@dataclass(slots=True)
class _Moments:
    """Sums over all that came through one normalisation, per channel."""

    total: Tensor
    squares: Tensor
    count: int = 0

    def add(self, _layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """A batch comes in: n x channels x height x width."""
        values = inputs[0].double()
        self.count += values.numel() // values.shape[1]
        self.total += values.sum((0, 2, 3))
        self.squares += values.square().sum((0, 2, 3))

    def apply(self, layer: nn.BatchNorm2d) -> None:
        """Let the layer normalise by these moments, and undo it."""
        mean = self.total / self.count
        variance = (self.squares / self.count - mean**2).clamp(min=1e-6)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)
        layer.weight.copy_((variance + layer.eps).sqrt())
        layer.bias.add_(mean)


def _give_statistics(network: nn.Module, pictures: Iterable[Tensor]) -> None:
    layers = _normalisations(network)
    moments = [_Moments(*torch.zeros(2, layer.num_features, dtype=torch.double)) for layer in layers]
    hooks = [layer.register_forward_pre_hook(one.add) for layer, one in zip(layers, moments, strict=True)]
    with torch.no_grad():
        for batch in pictures:
            network(batch)
        for hook in hooks:
            hook.remove()
        for layer, one in zip(layers, moments, strict=True):
            one.apply(layer)


def _normalisations(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]


def _check(network: nn.Module, model: bytes, size: int, temperature: float) -> None:
    pixels = torch.randn(NOISE, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ours = onnx_export.Calibrated(network, temperature).eval()(pixels).numpy()
    difference = float(np.abs(ours - onnx_export.run_onnx(model, pixels.numpy())).max())
    if not difference <= MOST_DIFFERENCE:
        raise Malformed(f"the weights read back from the release answer differently: max |dp| {difference:.1e}")
