"""The training loop: cross-entropy, AdamW, one cosine, and a stop when nothing improves."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from training.data.image_folder import Example
from training.data.tensors import TrainingDataset, served_batches, training_batches


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train; every number can be given on the command line."""

    size: int = 224
    rounds: int = 10
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.02
    patience: int = 3  # rounds without a better validation loss
    seed: int = 11
    workers: int = 2
    half: bool = False  # bfloat16 where the network multiplies


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the pictures brought."""

    number: int
    loss: float
    held_loss: float
    accuracy: float
    best: bool


OnBatch = Callable[[int, int, float], None]
"""Told after each batch: how many are done, of how many, and the loss."""


def seed_everything(seed: int, threads: int) -> None:
    """The same seed and number of threads give the same weights on the same machine and versions."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)


def train_epochs(
    network: nn.Module, kept: Sequence[Example], held: Sequence[Example], plan: TrainingPlan, step: OnBatch
) -> Iterator[Epoch]:
    """Train in place; yields each round, to be kept when it is the best one so far."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device, memory_format=torch.channels_last)
    lesson = training_batches(
        TrainingDataset(kept, _classes(network), plan.size), plan.batch, seed=plan.seed, workers=plan.workers
    )
    descent = AdamW(network.parameters(), plan.rate, weight_decay=plan.decay)
    pace = OneCycleLR(descent, plan.rate, total_steps=plan.rounds * len(lesson), pct_start=0.15)
    best, since = math.inf, 0
    for number in range(1, plan.rounds + 1):
        losses = []
        for done, (pixels, wanted) in enumerate(lesson, start=1):
            losses.append(_learn(network, pixels.to(device), wanted.to(device), descent, half=plan.half))
            pace.step()
            step(done, len(lesson), losses[-1])
        held_loss, accuracy = validate(network, held, plan.size)
        since = 0 if held_loss < best else since + 1
        best = min(best, held_loss)
        yield Epoch(number, sum(losses) / len(losses), held_loss, accuracy, best=since == 0)
        if since >= plan.patience:
            return


def validate(network: nn.Module, held: Sequence[Example], size: int) -> tuple[float, float]:
    """Mean loss, and accuracy on the pictures that show a class."""
    answers = logits(network, held, size)
    classes = torch.tensor([-1 if one.index is None else one.index for one in held])
    known = classes >= 0
    wanted = torch.full_like(answers, 1 / answers.shape[1])
    wanted[known] = functional.one_hot(classes[known], answers.shape[1]).float()
    right = (answers[known].argmax(1) == classes[known]).float().mean()
    return float(functional.cross_entropy(answers, wanted)), float(right)


def logits(network: nn.Module, shown: Sequence[Example], size: int) -> Tensor:
    """The network's answers to pictures as served, before softmax."""
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        return torch.cat([network(pixels.to(device)).float().cpu() for pixels in served_batches(shown, size)])


def _learn(network: nn.Module, pixels: Tensor, wanted: Tensor, descent: AdamW, *, half: bool) -> float:
    network.train()
    with torch.autocast(pixels.device.type, torch.bfloat16, enabled=half):
        answers = network(pixels.contiguous(memory_format=torch.channels_last))
    loss = functional.cross_entropy(answers.float(), wanted)
    descent.zero_grad(set_to_none=True)
    loss.backward()
    descent.step()
    return loss.item()


def _classes(network: nn.Module) -> int:
    return int(network.classifier[1].out_features)
