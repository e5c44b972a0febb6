"""What is simulated: days, traffic, drift, and the habits of people."""

from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Self

from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest
from training.data.drawings import Style
from training.data.gallery import drifted

LABEL_STUDIO, DIRECT = "label-studio", "direct"
_BUSY = (1.0, 0.9, 1.1, 0.8, 1.2, 1.4, 0.6)
"""How much of the average traffic each day of a week has."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One simulation; all shares lie between 0 and 1. What two runs of a plan don't share is what servers draw."""

    days: int = 7  # with the model that is there
    days_after: int = 3  # with what retraining brings; 0: no retraining
    predictions: int = 150  # a day, on average
    sample: int = 40  # a day, blind
    style: str = "palette"  # what drifts
    drift: float = 0.6  # how far, from the middle of the first days on
    nothing: float = 0.02  # of the uploads, that show none of the classes
    annotators: tuple[float, ...] = (0.0, 0.005, 0.01)  # one for each: their share of wrong answers
    anchoring: float = 0.02  # of the model's wrong answers that annotators who see them accept
    unclear: float = 0.005  # of the tasks, where they can't tell
    skips: float = 0.005  # of the tasks, that they skip
    flags: float = 0.15  # of the wrong answers, that visitors flag
    false_flags: float = 0.01  # of the right ones
    relabels: float = 0.15  # of the wrong answers, that visitors correct
    false_relabels: float = 0.01  # of the right ones
    seed: int = 11
    annotator: str = LABEL_STUDIO

    def __post_init__(self) -> None:
        drifted(self.style, self.drift)
        if self.days < 1 or self.days_after < 0 or self.predictions < 1 or self.sample < 1:
            raise BadRequest("There is at least one day, one prediction a day, and a sample of one.")
        if not self.annotators or not all(0 <= share <= 1 for share in self._shares()):
            raise BadRequest("There is at least one annotator, and shares lie between 0 and 1.")
        if self.annotator not in (LABEL_STUDIO, DIRECT):
            raise BadRequest(f"Annotators answer by {LABEL_STUDIO} or {DIRECT}.")

    def _shares(self) -> tuple[float, ...]:
        habits = (self.flags, self.false_flags, self.relabels, self.false_relabels)
        return (*self.annotators, self.anchoring, self.unclear, self.skips, self.nothing, *habits)

    @property
    def whole(self) -> int:
        """All days."""
        return self.days + self.days_after

    @property
    def adrift(self) -> int:
        """The first day, from 0, on which the style has drifted as far as it does."""
        return self.days // 2

    def style_of(self, day: int) -> Style:
        """How pictures look on a day: as the model knows them on the first, then less and less so."""
        return drifted(self.style, self.drift * min(1.0, day / self.adrift if self.adrift else 1.0))

    def uploads(self, day: int) -> int:
        """How many pictures visitors bring on a day."""
        return max(1, round(self.predictions * _BUSY[day % len(_BUSY)]))

    def chance(self, *about: object) -> Random:
        """A generator of its own for one thing: what happens to it depends on nothing else."""
        return Random(" ".join(map(str, (self.seed, *about))))

    def to_document(self) -> Document:
        """As it is kept beside the data."""
        return {**asdict(self), "annotators": list(self.annotators)}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a kept plan back. Raises BadRequest for one of another version."""
        known = {field.name for field in fields(cls)}
        if document.keys() != known:
            raise BadRequest("The simulation in DATA_DIR is of another version: delete it, or choose another.")
        return cls(**{**document, "annotators": tuple(document["annotators"])})
