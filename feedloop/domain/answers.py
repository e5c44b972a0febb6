"""What a person answered about a picture, as one number: the index of a class, or a code below 0."""

from feedloop.domain import annotations

Answer = int

OTHER: Answer = -1
"""None of the classes: whatever a model names is wrong."""

UNCLEAR, SKIPPED, DISPUTED = -2, -3, -4

SILENT = {annotations.UNCLEAR: UNCLEAR, annotations.SKIPPED: SKIPPED, annotations.DISPUTED: DISPUTED}
"""By outcome the answers that do not say what the picture shows."""

_CODES = {annotations.OTHER: OTHER, **SILENT}


def from_outcome(outcome: str, class_index: int | None = None) -> Answer | None:
    """The answer that an outcome gives; None for what is no answer: withdrawn, uncommitted, or unheard of."""
    return class_index if outcome == annotations.CLASS else _CODES.get(outcome)


def is_known(answer: Answer | None) -> bool:
    """Whether it says what the picture shows, be it none of the classes."""
    return answer is not None and answer >= OTHER
