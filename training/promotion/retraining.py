"""From the champion to a challenger: trained on what people answered since and on a replay, exported as ever."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from torch import nn

from feedloop.domain.cards import GRAY, NCHW, ModelCard, Preprocessing
from feedloop.domain.errors import BadRequest, Malformed
from training.data import manifests, tensors
from training.data.image_folder import Example
from training.model import networks, onnx_weights, training_loop
from training.model.card import save_exported
from training.model.checkpoint import Checkpoint, load_checkpoint, parse_checkpoint
from training.model.train import export_checkpoint
from training.model.training_loop import Epoch, OnBatch, TrainingPlan
from training.promotion import gathering
from training.promotion.gathering import RetrainingData
from training.promotion.registry import ModelPackage

STATISTICS_BATCHES = 8
"""Batches that give the normalisations of a released file their statistics."""


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """What a training goes on from; `folded` is the release's network where only its ONNX file has the weights."""

    checkpoint: Checkpoint
    folded: nn.Module | None = None


def find_start(champion: ModelPackage, given: Path | None, *, trust_pickle: bool = False) -> StartingPoint:
    """The weights to go on from: given, or kept beside the release, or read back from its file.

    Raises BadRequest when there are none, and Malformed for a file that cannot be used.
    """
    card, names = champion.card, champion.card.classes
    preprocessing = replace(Preprocessing.from_card(card.document), layout=NCHW)
    if preprocessing.channels == GRAY:
        raise BadRequest("The model that serves sees grey pictures, and this training colours: train it --with.")
    if given:
        loaded = load_checkpoint(given, names=names, preprocessing=preprocessing, trust_pickle=trust_pickle)
        return StartingPoint(loaded)
    if champion.weights:
        kept = parse_checkpoint(champion.weights, "The release", names=names, preprocessing=preprocessing)
        return StartingPoint(kept)
    try:
        folded = onnx_weights.fold_back(champion.model, len(names), preprocessing.size, _temperature(card))
    except Malformed as error:
        raise BadRequest(
            f"The release that serves cannot be trained further: no weights are kept beside it, and {error}. Give its"
            " checkpoint with --from, or train it with a program of your own: --with."
        ) from error
    return StartingPoint(Checkpoint(folded.state_dict(), names, preprocessing), folded)


def train_challenger(
    data: RetrainingData, start: StartingPoint, plan: TrainingPlan, to: Path, on_batch: OnBatch
) -> Iterator[Epoch]:
    """Go on training; the file `to` holds the best epoch so far.

    Raises BadRequest when nothing was learned: no picture, or no epoch better than the beginning.
    """
    training_loop.seed_everything(plan)
    training, validation = data.split(plan.seed)
    if not training:
        raise BadRequest(gathering.NOTHING)
    if start.folded:
        _unfold(start.folded, data, plan, training)
    state = start.folded.state_dict() if start.folded else start.checkpoint.state
    network = networks.new(plan.architecture, len(data.classes), plan.size)
    answered = data.champion.card.class_indices or range(len(start.checkpoint.classes))
    network = networks.extended(network, state, [data.indices.index(index) for index in answered])
    (before, _), improved = training_loop.validate(network, validation, plan.preprocessing), False
    for epoch in training_loop.train_best(network, data, plan, to, on_batch, below=before):
        improved |= epoch.validation_loss < before
        yield epoch
    if not improved:
        raise BadRequest("No epoch was better on validation pictures than the model that serves: it stays.")


def export_challenger(data: RetrainingData, weights: Path, to: Path, created: str) -> None:
    """Calibrate, export and compare as the command `export` does; write model, card and manifest."""
    checkpoint = load_checkpoint(weights)
    _, validation = data.split(checkpoint.trained_on["seed"])
    exported = export_checkpoint(checkpoint, validation, seed=checkpoint.trained_on["seed"])
    save_exported(to, exported.model, exported.card(data.champion.card.name, created), checkpoint.to_bytes())
    manifests.save(to, manifests.to_bytes(data.pictures.entries))


def _unfold(network: nn.Module, data: RetrainingData, plan: TrainingPlan, training: Sequence[Example]) -> None:
    dataset = tensors.TrainingDataset(training, len(data.classes), plan.preprocessing)
    loader = tensors.training_batches(dataset, plan.batch_size, seed=plan.seed, workers=0)
    batches = (pixels for pixels, _ in islice(loader, STATISTICS_BATCHES))
    onnx_weights.unfold(network, data.champion.model, plan.size, _temperature(data.champion.card), batches)


def _temperature(card: ModelCard) -> float:
    return float(card.document.get("temperature", 1.0))
