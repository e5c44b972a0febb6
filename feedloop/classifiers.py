"""Which adapter runs a model: by the format that its card names, imported when it is needed."""

from feedloop.domain import cards
from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import ModelFailed, NoModel
from feedloop.ports import Classifier


def load_classifier(model: bytes, card: ModelCard) -> Classifier:
    """A model as predict serves it, loaded and tried. Raises NoModel."""
    try:
        return _load(model, card)
    except ModelFailed as error:  # at its trial: nothing serves yet
        raise NoModel(str(error)) from error


def _load(model: bytes, card: ModelCard) -> Classifier:
    from feedloop.adapters import pictures

    if card.format == cards.TORCH:
        from feedloop.adapters.torch_model import TorchClassifier

        return TorchClassifier(model, card.document, prepare=pictures.prepare)
    from feedloop.adapters.onnx_model import OnnxClassifier

    return OnnxClassifier(model, card.document, prepare=pictures.prepare)
