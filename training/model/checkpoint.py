"""Weights on disk: our own checkpoints, and a GourmetGram `food11.pth` in either form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor, nn

from feedloop import files
from feedloop.domain.cards import Preprocessing
from feedloop.domain.errors import Malformed
from training.data import tensors
from training.data.image_folder import FOOD_11
from training.model import mobilenet

SIZE = 224
"""The side of the pictures that a foreign checkpoint was trained on, as far as we know."""

_RISK = (
    "{} is not a plain state_dict, perhaps a pickled module: loading that runs whatever code is inside."
    " If you made it yourself or trust who did, say --trust-pickle. Safer: torch.save(model.state_dict(), ...)."
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights, and what must be known to use them."""

    state: mobilenet.State
    classes: tuple[str, ...]
    size: int = SIZE
    trained_on: Mapping[str, Any] = field(default_factory=dict)

    @property
    def preprocessing(self) -> Preprocessing:
        """How pictures reach the network."""
        return tensors.stretched(self.size)

    @property
    def network(self) -> nn.Module:
        """The network, ready to answer."""
        return mobilenet.of(self.state)


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file in one step: a kill leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = BytesIO()
    torch.save({"v": 1, **asdict(checkpoint), "classes": list(checkpoint.classes)}, body)
    files.replace(path, body.getvalue(), durable=True)


def load_checkpoint(path: Path, *, names: tuple[str, ...] = (), trust_pickle: bool = False) -> Checkpoint:
    """Read and check a file. `names` are the classes of one that does not tell them, else Food-11's.

    Only `trust_pickle` runs what a pickled module brings along. Raises Malformed.
    """
    content = _unpickled(path, trust_pickle=trust_pickle)
    if isinstance(content, nn.Module):
        content = content.state_dict()
    if isinstance(content, dict) and "state" in content:
        checkpoint = _from_document(content, path, names)
    else:
        checkpoint = Checkpoint(_weights(content, path), names or FOOD_11)
    _check(checkpoint)
    return checkpoint


def _unpickled(path: Path, *, trust_pickle: bool) -> object:
    try:
        if not is_zipfile(path):  # as torch writes it since 1.6
            raise Malformed(f"{path} is {'no file of torch' if path.exists() else 'not there'}")
        return torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        if not trust_pickle:
            raise Malformed(_RISK.format(path)) from error
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (UnpicklingError, RuntimeError, EOFError, ValueError, AttributeError, ImportError) as error:
        raise Malformed(f"{path} cannot be unpickled: {error}") from error


def _from_document(document: dict[str, Any], path: Path, names: tuple[str, ...]) -> Checkpoint:
    try:
        classes, size = names or tuple(document["classes"]), int(document["size"])
        return Checkpoint(_weights(document["state"], path), classes, size, document["trained_on"])
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"{path} is no checkpoint of ours: {error!r}") from error


def _weights(state: object, path: Path) -> mobilenet.State:
    """Weights by name; those of a DataParallel module have a prefix."""
    if not isinstance(state, dict) or not all(isinstance(weight, Tensor) for weight in state.values()):
        raise Malformed(f"{path} holds no weights by name (a state_dict)")
    return {str(name).removeprefix("module."): weight for name, weight in state.items()}


def _check(checkpoint: Checkpoint) -> None:
    answers = mobilenet.count_classes(checkpoint.state)
    if answers != len(checkpoint.classes):
        raise Malformed(f"the weights answer {answers} classes, {len(checkpoint.classes)} are named: say --classes")
    if not all(bool(torch.isfinite(weight).all()) for weight in checkpoint.state.values()):
        raise Malformed("some weights are not finite numbers")
    mobilenet.of(checkpoint.state)
