"""What every uploaded picture really shows. It lies beside the store and never in it: the loop must not know."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from feedloop.domain.documents import Document
from feedloop.domain.prediction import PredictionId
from local.data_directory import write


@dataclass(frozen=True, slots=True)
class Fact:
    """One upload: the prediction that it became, what was drawn, and what the model predicted."""

    id: str
    day: int  # of the simulation, from 0
    number: int  # of the day
    true_class: str
    predicted: str

    @property
    def right(self) -> bool:
        """Whether the prediction is the true class."""
        return self.true_class == self.predicted

    def to_document(self) -> Document:
        """As a line of the file has it."""
        return {"id": self.id, "day": self.day, "number": self.number, "truth": self.true_class, "told": self.predicted}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """A line of the file."""
        return cls(document["id"], document["day"], document["number"], document["truth"], document["told"])


class Truth:
    """A file of JSON lines, one per prediction, that only grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._facts = {fact.id: fact for fact in _load(path)}
        self._by_sample_key = {PredictionId.parse(id_).sample_key: fact for id_, fact in self._facts.items()}

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def __contains__(self, prediction: str) -> bool:
        return prediction in self._facts

    def add(self, facts: Iterable[Fact]) -> None:
        """Keep what has just been uploaded."""
        new = list(facts)
        with self._path.open("a") as file:
            file.writelines(f"{json.dumps(fact.to_document())}\n" for fact in new)
        self._facts |= {fact.id: fact for fact in new}
        self._by_sample_key |= {PredictionId.parse(fact.id).sample_key: fact for fact in new}

    def of(self, sample_key: str) -> Fact | None:
        """By the sample key of the prediction, which review pictures and tasks are named after."""
        return self._by_sample_key.get(sample_key)

    def numbers(self, day: int) -> set[int]:
        """The uploads of a day that have been made."""
        return {fact.number for fact in self if fact.day == day}

    def accuracy(self, days: range) -> float:
        """The share of right answers on these days; nan without any."""
        right = [fact.right for fact in self if fact.day in days]
        return sum(right) / len(right) if right else float("nan")


def _load(path: Path) -> list[Fact]:
    """All whole lines; one that a kill cut off is taken away, since its upload is repeated under the same key."""
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write(path, whole)
    return [Fact.from_document(json.loads(line)) for line in whole.splitlines()]
