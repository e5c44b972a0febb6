"""A number with its 95 % interval."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in [0, 1], or a difference of two in [-1, 1], with the interval that holds the truth 95 times in 100."""

    value: float
    low: float
    high: float
    labels: int
    """Human answers that it rests on."""

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2
