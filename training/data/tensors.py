"""Pictures as tensors: varied for training, exactly as served for everything else."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TypeAlias, cast

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from feedloop.adapters import pictures
from feedloop.domain.cards import Preprocessing
from training.data.image_folder import Example

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as torchvision's networks and GourmetGram's expect them."""

Loader: TypeAlias = "DataLoader[tuple[Tensor, Tensor]]"
"""Batches of pixels (float32, n x 3 x size x size) and targets (float32, n x classes)."""


def stretched(size: int) -> Preprocessing:
    """What a network sees that says nothing else of its input: the whole picture, with ImageNet's colours."""
    return Preprocessing(size, MEAN, STD)


def as_served(example: Example, preprocessing: Preprocessing) -> Tensor:
    """The picture as predict hands it to the network: float32, channels x size x size. Raises BadRequest."""
    pixels = pictures.prepare(example.picture(), preprocessing)
    image = Image.frombytes("RGB", (preprocessing.size, preprocessing.size), pixels)
    return cast("Tensor", _normalize(preprocessing)(image))


def augmented(preprocessing: Preprocessing) -> v2.Transform:
    """Another crop, side and light every time."""
    by = preprocessing.interpolation
    return v2.Compose(
        [
            v2.RandomResizedCrop(
                preprocessing.size, (0.55, 1.0), (0.8, 1.25), v2.InterpolationMode(by), antialias=True
            ),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            _normalize(preprocessing),
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

    def __init__(self, examples: Sequence[Example], classes: int, preprocessing: Preprocessing) -> None:
        self._examples, self._classes = examples, classes
        self._side, self._augment = preprocessing.decode_side, augmented(preprocessing)

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        example = self._examples[number]
        return self._augment(pictures.decode(example.picture(), self._side)), target(example.index, self._classes)


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


def served_batches(examples: Sequence[Example], preprocessing: Preprocessing, batch_size: int = 64) -> Iterator[Tensor]:
    """The pictures as served, in batches: float32, n x 3 x size x size."""
    for start in range(0, len(examples), batch_size):
        yield torch.stack([as_served(one, preprocessing) for one in examples[start : start + batch_size]])


def _normalize(preprocessing: Preprocessing) -> v2.Transform:
    to_float = v2.ToDtype(torch.float32, scale=True)
    to_channels = v2.Lambda(itemgetter([*preprocessing.colours]))
    return v2.Compose([v2.ToImage(), to_float, v2.Normalize(preprocessing.mean, preprocessing.std), to_channels])
