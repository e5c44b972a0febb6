"""From the champion to a challenger: trained on what people answered since and on a replay, exported as ever."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from feedloop.domain.errors import BadRequest, Malformed
from training.data import manifests, tensors
from training.data.image_folder import Example
from training.model import mobilenet, training_loop
from training.model.card import save_exported
from training.model.checkpoint import load_checkpoint
from training.model.onnx_weights import unfold
from training.model.train import export_checkpoint
from training.model.training_loop import Epoch, OnBatch, TrainingPlan
from training.promotion import gathering
from training.promotion.gathering import RetrainingData

STATISTICS_BATCHES = 8
"""Batches that give the normalisations of a released file their statistics."""


def train_challenger(
    data: RetrainingData, weights: Path | None, plan: TrainingPlan, to: Path, on_batch: OnBatch
) -> Iterator[Epoch]:
    """Go on training the champion, or a checkpoint; the file `to` holds the best epoch so far.

    Raises BadRequest when nothing was learned: no picture, or no epoch better than the beginning.
    """
    training_loop.seed_everything(plan)
    training, validation = data.split(plan.seed)
    if not training:
        raise BadRequest(gathering.NOTHING)
    network = mobilenet.extended(_weights(data, weights, plan, training), len(data.classes))
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
    save_exported(to, exported.model, exported.card(data.champion.card.name, created))
    manifests.save(to, manifests.to_bytes(data.pictures.entries))


def _weights(
    data: RetrainingData, weights: Path | None, plan: TrainingPlan, training: Sequence[Example]
) -> mobilenet.State:
    """The weights to go on from: given, or those of the release, read back from its file."""
    names = data.champion.card.classes
    if weights:
        return load_checkpoint(weights, names=names).state
    dataset = tensors.TrainingDataset(training, len(data.classes), plan.preprocessing)
    loader = tensors.training_batches(dataset, plan.batch_size, seed=plan.seed, workers=0)
    batches = (pixels for pixels, _ in islice(loader, STATISTICS_BATCHES))
    temperature = float(data.champion.card.document.get("temperature", 1.0))
    try:
        return unfold(data.champion.model, len(names), plan.size, temperature, batches).state_dict()
    except Malformed as error:
        raise BadRequest(f"The release cannot be trained further: {error}. Give its checkpoint with --from.") from error
