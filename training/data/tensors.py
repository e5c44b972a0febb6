"""Pictures as tensors: varied for training, exactly as served for everything else."""

from collections.abc import Iterator, Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from feedloop.adapters import pictures
from training.data.image_folder import Example

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as torchvision's networks and GourmetGram's expect them."""

_normal = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])


def card_input(size: int) -> dict[str, object]:
    """What a model card says of the pictures that the network expects."""
    return {"size": size, "mean": list(MEAN), "std": list(STD), "resize": "stretch"}


def as_served(one: Example, size: int) -> Tensor:
    """The picture as predict will show it to the network: 3 x size x size. Raises BadRequest."""
    return _normal(Image.frombytes("RGB", (size, size), pictures.shrink(one.picture(), size)))


def varied(size: int) -> v2.Transform:
    """Another crop, side and light every time."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(size, scale=(0.55, 1.0), ratio=(0.8, 1.25), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            _normal,
        ]
    )


class TrainingDataset(Dataset[tuple[Tensor, Tensor]]):
    """Varied pictures, decoded as predict does, with the answer wanted: a class, or no preference among them all."""

    def __init__(self, shown: Sequence[Example], classes: int, size: int) -> None:
        self._shown, self._classes, self._size, self._vary = shown, classes, size, varied(size)

    def __len__(self) -> int:
        return len(self._shown)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        one = self._shown[number]
        return self._vary(pictures.decode(one.picture(), 2 * self._size)), target(one.index, self._classes)


def target(index: int | None, classes: int) -> Tensor:
    """One probability per class."""
    if index is None:
        return torch.full((classes,), 1 / classes)
    return torch.nn.functional.one_hot(torch.tensor(index), classes).float()


def training_batches(
    lesson: TrainingDataset, size: int, *, seed: int, workers: int
) -> DataLoader[tuple[Tensor, Tensor]]:
    """The lesson in an order that the seed decides, another one every round."""
    order = torch.Generator().manual_seed(seed)
    return DataLoader(
        lesson,
        size,
        shuffle=True,
        drop_last=len(lesson) > size,  # a last batch of one has no variance to normalise by
        num_workers=workers,
        generator=order,
        persistent_workers=workers > 0,
    )


def served_batches(shown: Sequence[Example], side: int, size: int = 64) -> Iterator[Tensor]:
    """The pictures as served, in batches."""
    for start in range(0, len(shown), size):
        yield torch.stack([as_served(one, side) for one in shown[start : start + size]])
