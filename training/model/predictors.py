"""What any model says about pictures, as served: an exported one, or a checkpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from feedloop.classifiers import load_classifier
from training.data.image_folder import Example
from training.model.card import load_exported


class Predictor(Protocol):
    """A model that can be asked about picture files."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes by index."""

    def probabilities(self, examples: Sequence[Example]) -> Iterator[list[float]]:
        """One for each class, picture by picture. Raises BadRequest for a picture that predict would refuse."""


class OnnxPredictor:
    """A folder with model.onnx and card.json, as `export` writes it and `release` takes it."""

    def __init__(self, folder: Path) -> None:
        model, card = load_exported(folder)
        self.classes: tuple[str, ...] = card.classes
        self._classifier = load_classifier(model, card)

    def probabilities(self, examples: Sequence[Example]) -> Iterator[list[float]]:
        """One for each class, picture by picture. Raises BadRequest."""
        for one in examples:
            yield self._classifier.probabilities(one.picture())
