"""The classifier on torch itself: for models that cannot be exported, and the oracle of the others in tests.

The file holds a state_dict and nothing that runs; the card names the architecture, one of torchvision's.
"""

import pickle
from io import BytesIO

import torch
from torchvision import models

from feedloop.domain.cards import NCHW, Colours, ModelSpec
from feedloop.domain.documents import Document
from feedloop.domain.errors import ModelFailed, NoModel
from feedloop.ports import Picture, Prepare

torch.set_num_threads(1)

ARCHITECTURE = "mobilenet_v2"
"""Of a card that names none."""

_UNUSABLE = (EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError)
_LONGEST_REASON = 300


class TorchClassifier:
    """A torchvision network whose answers, by default logits over the card's temperature, become probabilities."""

    def __init__(self, model: bytes, card: Document, *, prepare: Prepare) -> None:
        """Load and try the model. Raises NoModel, or ModelFailed, when it is not what its card says."""
        self._spec, self._prepare = ModelSpec.from_card(card), prepare
        self.preprocessing = self._spec.input
        if self._spec.input.layout != NCHW:
            raise NoModel(f"A torch file takes pictures as {NCHW}, and its card says {self._spec.input.layout}.")
        self._mean, self._std = _per_colour(self._spec.input.mean), _per_colour(self._spec.input.std)
        name = card.get("architecture", ARCHITECTURE)
        try:
            self._network = models.get_model(name, weights=None, num_classes=self._spec.classes)
            self._network.load_state_dict(torch.load(BytesIO(model), map_location="cpu", weights_only=True))
        except _UNUSABLE as error:
            reason = " ".join(str(error).split())[:_LONGEST_REASON]
            raise NoModel(f"The file is no state_dict of {name} with {self._spec.classes} classes: {reason}") from error
        self._network.eval()
        self._infer(bytes(3 * self._spec.input.size**2))  # a black picture

    def probabilities(self, picture: Picture) -> list[float]:
        """One probability per class of the card. Raises ModelFailed when the network gives none."""
        return self._infer(self._prepare(picture, self._spec.input))

    def _infer(self, rgb: bytes) -> list[float]:
        size = self._spec.input.size
        rows = torch.frombuffer(bytearray(rgb), dtype=torch.uint8).view(size, size, 3)
        pixels = (rows.permute(2, 0, 1).float() / 255 - self._mean) / self._std
        try:
            with torch.inference_mode():
                (answer,) = self._network(pixels[[*self._spec.input.colours]][None])
        except _UNUSABLE as error:
            raise ModelFailed(f"The model fails on a picture: {str(error)[:_LONGEST_REASON]}") from error
        return self._spec.probabilities(answer.tolist())


def _per_colour(values: Colours) -> torch.Tensor:
    return torch.tensor(values).view(3, 1, 1)
