"""Pictures as tensors: varied for training, exactly as served for everything else."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from feedloop.adapters import pictures
from training.data.image_folder import Example

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as torchvision's networks and GourmetGram's expect them."""

Loader: TypeAlias = "DataLoader[tuple[Tensor, Tensor]]"
"""Batches of pixels (float32, n x 3 x size x size) and targets (float32, n x classes)."""

_normalize = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])


def card_input(size: int) -> dict[str, object]:
    """What a model card says of the pictures that the network expects."""
    return {"size": size, "mean": list(MEAN), "std": list(STD), "resize": "stretch"}


def as_served(example: Example, size: int) -> Tensor:
    """The picture as predict hands it to the network: float32, 3 x size x size. Raises BadRequest."""
    return _normalize(Image.frombytes("RGB", (size, size), pictures.shrink(example.picture(), size)))


def augmented(size: int) -> v2.Transform:
    """Another crop, side and light every time."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(size, scale=(0.55, 1.0), ratio=(0.8, 1.25), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            _normalize,
        ]
    )


def target(index: int | None, classes: int) -> Tensor:
    """The answer wanted, one probability per class (float32): all of it for a class, none preferred for an outlier."""
    if index is None:
        return torch.full((classes,), 1 / classes)
    return torch.nn.functional.one_hot(torch.tensor(index), classes).float()


def targets(examples: Sequence[Example], classes: int) -> Tensor:
    """The answers wanted: float32, n x classes."""
    return torch.stack([target(one.index, classes) for one in examples])


class TrainingDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented pictures (float32, 3 x size x size), decoded as predict does, with their targets."""

    def __init__(self, examples: Sequence[Example], classes: int, size: int) -> None:
        self._examples, self._classes, self._size, self._augment = examples, classes, size, augmented(size)

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        example = self._examples[number]
        return self._augment(pictures.decode(example.picture(), 2 * self._size)), target(example.index, self._classes)


def training_batches(dataset: TrainingDataset, batch_size: int, *, seed: int, workers: int) -> Loader:
    """The dataset in an order that the seed decides, another one every epoch."""
    return DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        drop_last=len(dataset) > batch_size,  # a last batch of one has no variance to normalise by
        num_workers=workers,
        generator=torch.Generator().manual_seed(seed),
        persistent_workers=workers > 0,
    )


def served_batches(examples: Sequence[Example], size: int, batch_size: int = 64) -> Iterator[Tensor]:
    """The pictures as served, in batches: float32, n x 3 x size x size."""
    for start in range(0, len(examples), batch_size):
        yield torch.stack([as_served(one, size) for one in examples[start : start + batch_size]])
