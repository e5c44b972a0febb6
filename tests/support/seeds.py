"""Seeds of random tests: a few fixed ones in `make test`, many fresh ones in `make soak`."""

import os
from random import Random

SOAK = int(os.environ.get("SOAK", "0"))
"""The number that `make soak` draws and prints, from which all its seeds follow; 0 in `make test`."""


def seeds(few: int, *, soak: int) -> list[int]:
    """0, 1, … in `make test`; in `make soak` so many drawn from SOAK, the same in every worker."""
    return [Random(SOAK).getrandbits(32) + number for number in range(soak)] if SOAK else list(range(few))
