"""What a model must show before it may serve: loaded as predict loads it, and asked about real pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from feedloop.ports import Picture
from training.promotion.registry import ModelPackage

WORKERS = 2
"""Processes that a container of predict has on two cores: `PREDICT_WORKERS`."""
MEMORY_LIMIT = 1 << 30
"""What such a container may take: the default of `PREDICT_MEMORY`."""

Reference = Callable[[Picture], Sequence[float]]
"""What the model answers where it came from, for example in torch: one probability per class of its card."""


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A model that passed every check, and what was seen: only such a one can be released."""

    package: ModelPackage
    answers: tuple[tuple[float, ...], ...]
    """Of each picture one probability per class of the card, in the order of the pictures."""
    milliseconds: float
    """The median of one picture, decoded and classified."""
    slowest: float
    megabytes: int
    """The most that one process took."""
    warnings: tuple[str, ...] = ()


def check(
    package: ModelPackage,
    pictures: Sequence[bytes] = (),
    *,
    memory_limit: int = MEMORY_LIMIT,
    workers: int = WORKERS,
    truth: Sequence[int | None] | None = None,
    constant_ok: bool = False,
    reference: Reference | None = None,
) -> CheckedModel:
    """Check a model in the order of cost, on these pictures (JPEG, PNG or WebP), else on drawings of ours.

    `memory_limit` is in bytes, of a container with so many `workers`. `truth` has each picture's class by the card's
    index, None where it is not known. `constant_ok` lets a model pass that answers every picture alike, as one with
    random weights does. Raises ModelRefused, and BadRequest for a picture that predict would refuse.
    """
    raise NotImplementedError
