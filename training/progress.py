"""The type of a progress bar."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Shows how far something is."""

    def __call__(self, things: Iterable[T], total: int, what: str, /) -> Iterator[T]:
        """Yield the same things; show how many of `total` were used, and `what` happens to them."""
