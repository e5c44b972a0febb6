"""What models see, for tests that care for pixels only."""

from feedloop.domain.cards import Preprocessing


def stretched(size: int) -> Preprocessing:
    """The whole picture, its levels from 0 to 1."""
    return Preprocessing(size, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
