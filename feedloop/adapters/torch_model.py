"""The classifier on torch itself: for models that cannot be exported, and the oracle of the others in tests.

The file holds a state_dict and nothing that runs; the card names the architecture, one of torchvision's.
"""

import pickle
from io import BytesIO

import torch
from torchvision import models

from feedloop.domain.cards import Colours, ModelSpec
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel
from feedloop.ports import Picture, Prepare

torch.set_num_threads(1)

ARCHITECTURE = "mobilenet_v2"
"""Of a card that names none."""

_UNUSABLE = (EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError)


class TorchClassifier:
    """A torchvision network whose logits, over the card's temperature, become probabilities."""

    def __init__(self, model: bytes, card: Document, *, prepare: Prepare) -> None:
        """Load and try the model. Raises NoModel when it is not what its card says."""
        self._spec, self._prepare = ModelSpec.from_card(card), prepare
        self._mean, self._std = _per_colour(self._spec.input.mean), _per_colour(self._spec.input.std)
        try:
            self._temperature = float(card.get("temperature", 1))
            name = card.get("architecture", ARCHITECTURE)
            self._network = models.get_model(name, weights=None, num_classes=self._spec.classes)
            self._network.load_state_dict(torch.load(BytesIO(model), map_location="cpu", weights_only=True))
            self._network.eval()
            probabilities = self._infer(bytes(3 * self._spec.input.size**2))  # a black picture
        except _UNUSABLE as error:
            raise NoModel("The released model cannot be loaded.") from error
        self._spec.check(probabilities)

    def probabilities(self, picture: Picture) -> list[float]:
        """One probability per class index; they sum to 1."""
        return self._infer(self._prepare(picture, self._spec.input))

    def _infer(self, rgb: bytes) -> list[float]:
        rows = torch.frombuffer(bytearray(rgb), dtype=torch.uint8).view(self._spec.input.size, self._spec.input.size, 3)
        pixels = rows.permute(2, 0, 1).float() / 255
        with torch.inference_mode():
            logits = self._network(((pixels - self._mean) / self._std)[None])
            outputs = torch.softmax(logits[0] / self._temperature, 0)
        return [float(p) for p in outputs]


def _per_colour(values: Colours) -> torch.Tensor:
    return torch.tensor(values).view(3, 1, 1)
