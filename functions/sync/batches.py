"""Many things, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Thing = TypeVar("Thing")
SIZE = 250
"""Tasks per import: where Label Studio's database is SQLite, an annotator's save waits for it."""


def batches(things: Iterable[Thing], size: int = SIZE) -> Iterator[list[Thing]]:
    """The things in order, at most `size` of them at once."""
    remaining = iter(things)
    while batch := list(islice(remaining, size)):
        yield batch
