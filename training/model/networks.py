"""Classifiers of torchvision by name: built, extended by new classes, and asked about pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from math import isqrt
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision import models

from feedloop.domain.cards import SHORTER_SIDE, Preprocessing
from feedloop.domain.errors import BadRequest, Malformed, Unavailable
from training.data import tensors
from training.data.image_folder import Example

MOBILENET_V2 = "mobilenet_v2"
"""What a checkpoint or card of before 0.2 holds, which does not say so."""

_AUXILIARY = ("googlenet", "inception_v3")
"""Answer from the middle of the network too while they learn, and renormalise inside when torchvision's weights say so:
we build them without either, and their default mean and std of 0.5 are what that renormalisation comes to."""

_HALF = (0.5, 0.5, 0.5)

State = dict[str, Tensor]
"""Weights by their names in the network."""


def names() -> list[str]:
    """Every architecture that can be built."""
    return list(models.list_models(module=models))


def new(architecture: str, classes: int, size: int) -> nn.Module:
    """A network with random weights by torch's seed: n x 3 x size x size to n x classes. Raises BadRequest."""
    _check_name(architecture)
    try:
        return models.get_model(architecture, weights=None, num_classes=classes, **_options(architecture, size))
    except (RuntimeError, ValueError) as error:
        raise BadRequest(f"{architecture} cannot be built for {size} x {size} pixels: {error}") from error


def pretrained(architecture: str, classes: int) -> nn.Module:
    """A network that knows ImageNet, with a last layer that knows nothing. Raises BadRequest, Unavailable."""
    _check_name(architecture)
    options = {"aux_logits": False} if architecture in _AUXILIARY else {}
    try:
        network = models.get_model(architecture, weights="DEFAULT", **options)
    except (URLError, OSError, RuntimeError) as error:  # unreachable, cut off, or not what was promised
        raise Unavailable(f"torchvision's pretrained weights cannot be fetched: {error}") from error
    if architecture in _AUXILIARY:
        network.transform_input = False
    name = last_layer(network)
    last = network.get_submodule(name)
    network.set_submodule(
        name,
        nn.Linear(last.in_features, classes)
        if isinstance(last, nn.Linear)
        else nn.Conv2d(last.in_channels, classes, last.kernel_size),
    )
    return network


def last_layer(network: nn.Module) -> str:
    """The name of the layer that answers: the last one with weights."""
    return [name for name, layer in network.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)][-1]


def count_classes(network: nn.Module) -> int:
    """How many classes a network answers."""
    return len(network.get_submodule(last_layer(network)).weight)


@dataclass(frozen=True, slots=True)
class Outline:
    """An architecture without memory for its weights: their names and shapes, with one class, and its last layer."""

    architecture: str
    weights: Mapping[str, Tensor]
    last: str
    size: int


@cache
def outline(architecture: str, size: int) -> Outline:
    """An architecture for pictures of size x size. Raises BadRequest."""
    with _WithoutMemory():
        network = new(architecture, 1, size)
    return Outline(architecture, network.state_dict(), last_layer(network), size)


def size_in(architecture: str, weights: Mapping[str, Tensor]) -> int:
    """The size of pictures that weights were trained on: a ViT's show it, others fit any, and get torchvision's."""
    if architecture.startswith("vit_"):
        positions = [one for name, one in weights.items() if name.endswith("encoder.pos_embedding") and one.dim() > 1]
        patches = [one for name, one in weights.items() if name.endswith("conv_proj.weight") and one.dim() > 1]
        if positions and patches:
            return isqrt(positions[0].shape[1] - 1) * patches[0].shape[-1]
    return preprocessing(architecture).size


def preprocessing(architecture: str, size: int | None = None) -> Preprocessing:
    """How torchvision prepares pictures for its own weights of this architecture, those of this size if it has such.

    Raises BadRequest.
    """
    _check_name(architecture)
    known = models.get_model_weights(architecture)
    ours = [weights.transforms() for weights in (known.DEFAULT, *known)]
    given = next((one for one in ours if one.crop_size == [size]), ours[0])
    (crop,), (resize,) = given.crop_size, given.resize_size
    mean, std = (_HALF, _HALF) if architecture in _AUXILIARY else (given.mean, given.std)
    colours = (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])
    return at_size(Preprocessing(crop, *colours, SHORTER_SIDE, resize, given.interpolation.value), size or crop)


def at_size(preprocessing: Preprocessing, size: int) -> Preprocessing:
    """The same for another size of pictures: as much is cut off."""
    return replace(preprocessing, size=size, resize_size=round(preprocessing.resize_size * size / preprocessing.size))


def imagenet_classes(architecture: str) -> tuple[str, ...]:
    """What the answers of torchvision's own weights are called, by index; its corgi is no second cardigan."""
    names = models.get_model_weights(architecture).DEFAULT.meta["categories"]
    return tuple("Cardigan Welsh corgi" if name == "Cardigan" else name for name in names)


def with_weights(network: nn.Module, state: State) -> nn.Module:
    """The network with these weights, each of its own shape, ready to answer. Raises Malformed."""
    own = network.state_dict()
    wrong = [name for name in own if name not in state or state[name].shape != own[name].shape]
    if wrong:
        raise Malformed(f"the weights are another network's: {wrong[0]} is missing or has another shape")
    with torch.no_grad():
        for name, weight in own.items():  # in place, so that each module keeps the version of its layout
            weight.copy_(state[name])
    return network.eval()


def extended(network: nn.Module, state: State, indices: Sequence[int]) -> nn.Module:
    """The network with these weights; its answers `indices` are those that they give, the others start anew."""
    own, last = network.state_dict(), last_layer(network)
    rows = {name: own[name].clone() for name in (f"{last}.weight", f"{last}.bias") if name in own}
    for name, weights in rows.items():
        if indices:
            weights[list(indices)] = state[name]
    return with_weights(network, {**state, **rows})


def check_size(network: nn.Module, size: int) -> None:
    """Let it answer a black picture. Raises BadRequest where pictures of this size do not fit it."""
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, size, size))
    except (AssertionError, RuntimeError, ValueError) as error:
        raise BadRequest(f"the network takes no pictures of {size} x {size} pixels: {error}") from error


def logits(network: nn.Module, examples: Sequence[Example], preprocessing: Preprocessing) -> Tensor:
    """The network's answers to pictures as served, before softmax: float32, n x classes, on the CPU."""
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        batches = tensors.served_batches(examples, preprocessing)
        return torch.cat([network(pixels.to(device)).float().cpu() for pixels in batches])


class _WithoutMemory(TorchFunctionMode):
    """Weights get no memory while a network is built. Some networks compute with tensors then, which must be real."""

    def __torch_function__(
        self,
        function: Callable[..., object],
        types: object,
        arguments: Sequence[object] = (),
        keywords: Mapping[str, object] | None = None,
    ) -> object:
        """Let new weights be made on the device `meta`."""
        device = {"device": "meta"} if function is torch.empty else {}
        return function(*arguments, **{**(keywords or {}), **device})


def _options(architecture: str, size: int) -> dict[str, Any]:
    if architecture in _AUXILIARY:
        return {"aux_logits": False, "init_weights": True}
    if architecture.startswith("vit_"):
        return {"image_size": size}
    return {"input_size": (size, size)} if architecture.startswith("maxvit") else {}


def _check_name(architecture: str) -> None:
    if architecture not in names():
        likely = get_close_matches(architecture.lower().replace("-", "_"), names(), n=4, cutoff=0.5)
        some = f"{', '.join(likely)} are" if len(likely) > 1 else f"{(*likely, MOBILENET_V2)[0]} is"
        raise BadRequest(
            f"{architecture!r} is no classifier of torchvision, but {some}. torchvision.models.list_models() names all."
        )
