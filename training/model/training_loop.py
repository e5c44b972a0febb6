"""The training loop: cross-entropy, AdamW, one cosine, and a stop when nothing improves."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from feedloop.domain.cards import Preprocessing
from feedloop.domain.documents import Document
from training.data import tensors
from training.data.image_folder import Example
from training.data.tensors import Loader, TrainingDataset
from training.model import networks
from training.model.checkpoint import Checkpoint, save_checkpoint
from training.model.networks import MOBILENET_V2

WHOLE = tensors.stretched(224)
"""The whole picture, at the size that most networks are made for."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train; every number can be given on the command line."""

    preprocessing: Preprocessing = WHOLE
    architecture: str = MOBILENET_V2
    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    patience: int = 3  # epochs without a lower validation loss
    seed: int = 11
    workers: int = 2
    threads: int = 2
    bfloat16: bool = False  # where the network multiplies

    @property
    def size(self) -> int:
        """The side of the pictures that the network sees."""
        return self.preprocessing.size


class TrainingData(Protocol):
    """What is learned from."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes by index."""

    def split(self, seed: int) -> tuple[list[Example], list[Example]]:
        """The examples to train on, and those to validate with; the same seed gives the same."""

    def facts(self, plan: TrainingPlan) -> Document:
        """What a checkpoint and a card say about this training."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the pictures brought; `best` when no earlier one had as low a validation loss."""

    number: int
    loss: float
    validation_loss: float
    accuracy: float
    best: bool


OnBatch = Callable[[int, int, float], None]
"""Called after each batch: how many are done, of how many, and the loss."""


def seed_everything(plan: TrainingPlan) -> None:
    """The same seed and number of threads give the same weights on the same machine and versions."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)


def train_best(
    network: nn.Module, data: TrainingData, plan: TrainingPlan, to: Path, on_batch: OnBatch, *, below: float = math.inf
) -> Iterator[Epoch]:
    """Train in place and yield each epoch; the checkpoint `to` is the epoch with the lowest validation loss so far.

    It is not written before a validation loss is lower than `below`.
    """
    training, validation = data.split(plan.seed)
    facts = data.facts(plan)
    for epoch in train_epochs(network, training, validation, plan, on_batch):
        if epoch.validation_loss < below:
            below = epoch.validation_loss
            state = {name: weight.detach().cpu() for name, weight in network.state_dict().items()}
            save_checkpoint(Checkpoint(state, data.classes, plan.preprocessing, plan.architecture, facts), to)
        yield epoch


def train_epochs(
    network: nn.Module,
    training: Sequence[Example],
    validation: Sequence[Example],
    plan: TrainingPlan,
    on_batch: OnBatch,
) -> Iterator[Epoch]:
    """Train in place and yield each epoch, until the last of the plan or `patience` without a better one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device, memory_format=torch.channels_last)
    dataset = TrainingDataset(training, networks.count_classes(network), plan.preprocessing)
    loader = tensors.training_batches(dataset, plan.batch_size, seed=plan.seed, workers=plan.workers)
    optimizer = AdamW(network.parameters(), plan.learning_rate, weight_decay=plan.weight_decay)
    scheduler = OneCycleLR(optimizer, plan.learning_rate, total_steps=plan.epochs * len(loader), pct_start=0.15)
    lowest, since_best = math.inf, 0
    for number in range(1, plan.epochs + 1):
        loss = _train_epoch(network, loader, optimizer, scheduler, on_batch, bfloat16=plan.bfloat16)
        validation_loss, accuracy = validate(network, validation, plan.preprocessing)
        since_best = 0 if validation_loss < lowest else since_best + 1
        lowest = min(lowest, validation_loss)
        yield Epoch(number, loss, validation_loss, accuracy, best=since_best == 0)
        if since_best >= plan.patience:
            return


def validate(network: nn.Module, validation: Sequence[Example], preprocessing: Preprocessing) -> tuple[float, float]:
    """Mean cross-entropy, and the accuracy on the pictures that show a class."""
    answers = networks.logits(network, validation, preprocessing)
    classes = torch.tensor([-1 if one.index is None else one.index for one in validation])
    known = classes >= 0
    accuracy = (answers[known].argmax(1) == classes[known]).float().mean()
    return float(cross_entropy(answers, tensors.targets(validation, answers.shape[1]))), float(accuracy)


def _train_epoch(
    network: nn.Module,
    loader: Loader,
    optimizer: AdamW,
    scheduler: LRScheduler,
    on_batch: OnBatch,
    *,
    bfloat16: bool,
) -> float:
    """One step of optimizer and scheduler for each batch; the mean loss."""
    device, losses = next(network.parameters()).device, []
    network.train()
    for done, (pixels, targets) in enumerate(loader, start=1):
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            answers = network(pixels.to(device).contiguous(memory_format=torch.channels_last))
        loss = cross_entropy(answers.float(), targets.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        on_batch(done, len(loader), losses[-1])
    return sum(losses) / len(losses)
