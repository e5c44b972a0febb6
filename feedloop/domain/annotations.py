"""Annotations as Label Studio (and relabel, for visitors) write them, parsed without trust."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from feedloop.domain.class_names import CANNOT_TELL, NONE_OF_THESE
from feedloop.domain.classes import ClassList
from feedloop.domain.clock import iso, parse_iso
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import Malformed, UnknownClass
from feedloop.domain.review import CHOICES

VISITOR = "visitor"
UNKNOWN = ""
"""Whose account was deleted: Label Studio no longer says who it was."""

CLASS, OTHER, UNCLEAR, SKIPPED = "class", "other", "unclear", "skipped"
DISPUTED, WITHDRAWN, UNCOMMITTED = "disputed", "withdrawn", "uncommitted"
"""Outcomes, of a vote and of a label."""

LARGEST = 500_000
"""Bytes of an annotation's file; Label Studio's have 2,000."""

LARGEST_EVER = 32_000_000
"""Bytes of an archived one, and of a label of record: there once was no limit."""

AHEAD = timedelta(days=1)
"""How far an answer's time may lie in the future: clocks differ, but not more."""

_A_CENTURY = 3.2e9  # seconds; Label Studio counts them
_LONGEST = 100  # characters of a name or an origin that a label of record keeps

_NOT_A_CLASS = {NONE_OF_THESE: OTHER, CANNOT_TELL: UNCLEAR}


@dataclass(frozen=True, slots=True)
class Vote:
    """One annotator's answer in one annotation."""

    outcome: str
    class_index: int | None
    annotator: str
    updated_at: datetime
    cancelled: bool
    origin: str
    lead_time: float | None

    def to_document(self) -> Document:
        """As it stands in a label of record."""
        return {
            "outcome": self.outcome,
            "class_index": self.class_index,
            "annotator": self.annotator,
            "updated_at": iso(self.updated_at),
            "cancelled": self.cancelled,
            "origin": self.origin,
            "lead_time": self.lead_time,
        }

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The vote that a label of record holds."""
        origin = str(document["origin"])[:_LONGEST]  # it was once kept whole
        return cls(**{**document, "updated_at": parse_iso(document["updated_at"]), "origin": origin})


@dataclass(frozen=True, slots=True)
class Annotation:
    """What matters of an annotation file: the address of the picture, and the answer."""

    image: str
    vote: Vote


def parse_annotation(body: bytes, classes: ClassList) -> Annotation:
    """The annotation that a file holds. Raises Malformed with the reason."""
    document = load(body)
    try:
        return Annotation(_image(document), _vote(document, classes))
    except UnknownClass as error:
        raise Malformed(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise Malformed(f"not an annotation: {error!r}") from error


def parse_choice(body: bytes) -> tuple[datetime, str | None]:
    """When an annotation was changed, and the name that it chose; None where it chose none. Raises Malformed."""
    document = load(body)
    try:
        updated_at = parse_iso(document["updated_at"])
        if document.get("was_cancelled") is True:
            return updated_at, None
        (choice,) = _only_choice(document["result"])["value"]["choices"]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise Malformed(f"not an annotation: {error!r}") from error
    return updated_at, choice if isinstance(choice, str) else None


def _image(document: Document) -> str:
    image = document["task"]["data"]["image"]
    if not isinstance(image, str):
        raise Malformed("its task names no picture")
    return image


def _vote(document: Document, classes: ClassList) -> Vote:
    annotator = _annotator(document["completed_by"])
    cancelled = document.get("was_cancelled") is True
    updated_at = parse_iso(document["updated_at"])
    answer: Document = {}
    outcome, index = WITHDRAWN if annotator == VISITOR else SKIPPED, None
    if not cancelled:
        answer = _only_choice(document["result"])
        outcome, index = _meaning(answer["value"]["choices"], classes)
    return Vote(outcome, index, annotator, updated_at, cancelled, _origin(answer), _seconds(document.get("lead_time")))


def _annotator(completed_by: object) -> str:
    identity = completed_by["id"] if isinstance(completed_by, dict) else completed_by
    if identity is None:
        return UNKNOWN
    if not isinstance(identity, int | str) or isinstance(identity, bool) or not 1 <= len(str(identity)) <= _LONGEST:
        raise Malformed("it names no annotator")
    return str(identity)


def _only_choice(result: list[Document]) -> Document:
    """The answer to our question; a project may ask others, which are the operator's. A visitor's names none."""
    choices = [part for part in result if (part.get("from_name", CHOICES), part.get("type")) == (CHOICES, "choices")]
    if len(choices) != 1:
        raise Malformed(f"it has {len(choices)} answers instead of one")
    return choices[0]


def _meaning(choices: list[str], classes: ClassList) -> tuple[str, int | None]:
    if len(choices) != 1 or not isinstance(choices[0], str):
        raise Malformed(f"it chooses {len(choices)} classes instead of one")
    choice = choices[0]
    return (_NOT_A_CLASS[choice], None) if choice in _NOT_A_CLASS else (CLASS, classes.index(choice))


def _origin(answer: Document) -> str:
    origin = answer.get("origin", "manual")
    return origin[:_LONGEST] if isinstance(origin, str) else ""


def _seconds(lead_time: object) -> float | None:
    if isinstance(lead_time, bool) or not isinstance(lead_time, int | float):
        return None
    return float(lead_time) if abs(lead_time) <= _A_CENTURY else None
