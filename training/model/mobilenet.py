"""MobileNetV2 (Sandler et al., 2018) as GourmetGram has it: Dropout + Linear(1280, classes)."""

from collections.abc import Sequence
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from feedloop.domain.cards import Preprocessing
from feedloop.domain.errors import Malformed, Unavailable
from training.data import tensors
from training.data.image_folder import Example

FEATURES, DROPOUT = 1280, 0.2
LAST, BIAS = "classifier.1.weight", "classifier.1.bias"
State = dict[str, Tensor]


def new(classes: int) -> nn.Module:
    """A network with random weights, by torch's seed."""
    return mobilenet_v2(num_classes=classes, dropout=DROPOUT)


def pretrained(classes: int) -> nn.Module:
    """A network that knows ImageNet, with a new classifier. Raises Unavailable without a connection."""
    try:
        network = mobilenet_v2(weights=MobileNet_V2_Weights.DEFAULT)
    except (URLError, OSError, RuntimeError) as error:  # unreachable, cut off, or not what was promised
        raise Unavailable(f"torchvision's pretrained weights cannot be fetched: {error}") from error
    network.classifier = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(FEATURES, classes))
    return network


def of(state: State) -> nn.Module:
    """The network with these weights, ready to answer. Raises Malformed."""
    network = new(count_classes(state))
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise Malformed(f"the weights are not MobileNetV2's: {str(error).splitlines()[1].strip()[:200]}") from error
    return network.eval()


def count_classes(state: State) -> int:
    """How many classes the weights answer. Raises Malformed when they don't end in Linear(1280, n)."""
    shape = tuple(state[LAST].shape) if LAST in state else ()
    match shape:
        case (int(classes), features) if features == FEATURES:
            return classes
    raise Malformed(f"the weights do not end in Linear({FEATURES}, classes): {LAST} is {shape or 'not there'}")


def for_classes(state: State, classes: int) -> nn.Module:
    """The network with these weights; with another number of classes its last layer starts anew."""
    known = of(state)
    if count_classes(state) == classes:
        return known
    network = new(classes)
    own = network.state_dict()
    network.load_state_dict({name: own[name] if name.startswith("classifier.") else state[name] for name in own})
    return network


def extended(state: State, classes: int) -> nn.Module:
    """The network with these weights, and new answers behind those that it gives. Raises Malformed for fewer."""
    known = count_classes(state)
    if classes < known:
        raise Malformed(f"the weights answer {known} classes, and {classes} are known: none can be taken away")
    network = new(classes)
    own = network.state_dict()
    for name in (LAST, BIAS):
        own[name][:known] = state[name]
    network.load_state_dict({name: own[name] if name in (LAST, BIAS) else state[name] for name in own})
    return network


def logits(network: nn.Module, examples: Sequence[Example], preprocessing: Preprocessing) -> Tensor:
    """The network's answers to pictures as served, before softmax: float32, n x classes, on the CPU."""
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        batches = tensors.served_batches(examples, preprocessing)
        return torch.cat([network(pixels.to(device)).float().cpu() for pixels in batches])
