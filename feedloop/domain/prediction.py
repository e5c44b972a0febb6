"""A prediction, its id, and its record as the metadata of the stored picture."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Self
from urllib.parse import quote, unquote

from feedloop.domain.cards import version_of
from feedloop.domain.clock import day_of, iso, parse_iso, second_of_day, time_of
from feedloop.domain.errors import Malformed

MOST_PROBABILITIES = 20
LONGEST_CLASS = 400  # percent-encoded characters: a record must be small; nothing but people go by the name
LONGEST_FILENAME = 200  # percent-encoded characters
LONGEST_MODEL_NAME = 120  # percent-encoded characters
CERTAIN = 1000  # per mille
SECONDS_OF_A_DAY = 86_400

_ID = re.compile(
    r"(\d{8})-(\d{2}|[1-9]\d{2,3})-(0\d{3}|1000)-([0-9a-f]{8})-([0-9a-f]{32})-([0-7]\d{4}|8[0-5]\d{3}|86[0-3]\d{2})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class PredictionId:
    """Everything that says where a prediction lies: `<day>-<class>-<per mille>-<model>-<sample key>-<second>`."""

    day: str
    class_index: int
    per_mille: int
    model: str
    sample_key: str
    second: int

    def __str__(self) -> str:
        return (
            f"{self.day}-{self.class_index:02d}-{self.per_mille:04d}-{self.model}-{self.sample_key}-{self.second:05d}"
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id back. Raises Malformed for anything that `str` would not have written."""
        match = _ID.fullmatch(text)
        if match is None or not _is_day(match[1]):
            raise Malformed("not a prediction id")
        day, class_index, per_mille, model, sample_key, second = match.groups()
        return cls(day, int(class_index), int(per_mille), model, sample_key, int(second))

    @property
    def time(self) -> datetime:
        """When it was made, to the second."""
        return time_of(self.day, self.second)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's answer to one upload, with all that is known about it; never edited."""

    id: PredictionId
    class_name: str
    probabilities: tuple[tuple[int, float], ...]  # the largest first
    threshold: int  # per mille
    model_name: str
    model_sha256: str
    time: datetime
    filename: str
    source_sha256: str
    width: int
    height: int

    @property
    def confidence(self) -> float:
        """The largest probability, floored to four digits."""
        return self.probabilities[0][1]

    @property
    def is_low_confidence(self) -> bool:
        """Whether people should look at it: compared in floored per mille, like the key."""
        return self.id.per_mille < self.threshold

    def to_metadata(self) -> dict[str, str]:
        """ASCII names and values, small enough for every store; one without a value is left out."""
        record = {
            "v": "1",
            "prediction-id": str(self.id),
            "class-index": str(self.id.class_index),
            "class": _percent(self.class_name, LONGEST_CLASS),
            "confidence": f"{self.confidence:.4f}",
            "probabilities": ",".join(f"{index}:{p:.4f}" for index, p in self.probabilities),
            "threshold": str(self.threshold),
            "model": self.model_sha256,
            "model-name": _percent(self.model_name, LONGEST_MODEL_NAME),
            "time": iso(self.time),
            "filename": _percent(self.filename, LONGEST_FILENAME),
            "source-sha256": self.source_sha256,
            "width": str(self.width),
            "height": str(self.height),
        }
        return {name: value for name, value in record.items() if value}  # a body of its own has no file name

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read a record back. Raises Malformed when something is missing or unreadable."""
        try:
            return cls(
                id=PredictionId.parse(metadata["prediction-id"]),
                class_name=unquote(metadata["class"]),
                probabilities=_pairs(metadata["probabilities"]),
                threshold=int(metadata["threshold"]),
                model_name=unquote(metadata["model-name"]),
                model_sha256=metadata["model"],
                time=parse_iso(metadata["time"]),
                filename=unquote(metadata.get("filename", "")),
                source_sha256=metadata["source-sha256"],
                width=int(metadata["width"]),
                height=int(metadata["height"]),
            )
        except (KeyError, ValueError) as error:
            raise Malformed(f"not a prediction's record: {error!r}") from error


def ranked(probabilities: Sequence[float], indices: Sequence[int] | None = None) -> tuple[tuple[int, float], ...]:
    """The largest probabilities first as (class index, floored to four digits); of equal ones the first.

    `indices` are the classes of a model's outputs; without them each output is the class of its number.
    """
    order = sorted(range(len(probabilities)), key=lambda output: -probabilities[output])
    return tuple(
        (indices[output] if indices else output, int(min(probabilities[output], 1.0) * 10_000 + 1e-9) / 10_000)
        for output in order[:MOST_PROBABILITIES]
    )


def sample_key_of(text: str) -> str | None:
    """The sample key of a prediction id, without making the id; None for what `PredictionId.parse` refuses."""
    match = _ID.fullmatch(text)
    return match[5] if match and _is_day(match[1]) else None


def new_id(time: datetime, top: tuple[int, float], model_sha256: str, sample_key: str) -> PredictionId:
    """The id of a prediction made at `time` whose best class is `top`."""
    index, confidence = top
    return PredictionId(
        day_of(time), index, per_mille(confidence), version_of(model_sha256), sample_key, second_of_day(time)
    )


def per_mille(confidence: float) -> int:
    """Floored; the small term keeps a decimal such as 0.29 from falling to 289."""
    return int(confidence * 1000 + 1e-9)


def _pairs(text: str) -> tuple[tuple[int, float], ...]:
    pairs = (part.split(":", 1) for part in text.split(","))
    return tuple((int(index), float(p)) for index, p in pairs)


def _percent(text: str, longest: int) -> str:
    """Percent-encoded ASCII, cut between characters so that it always decodes."""
    encoded = quote(text, safe="", errors="replace")
    while len(encoded) > longest:
        text = text[: len(text) * longest // len(encoded)] if len(encoded) > 2 * longest else text[:-1]
        encoded = quote(text, safe="", errors="replace")
    return encoded


@lru_cache(maxsize=1024)
def _is_day(day: str) -> bool:
    try:
        time_of(day, 0)
    except ValueError:
        return False
    return True
