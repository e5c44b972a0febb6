"""What every uploaded picture really shows. It lies beside the store and never in it: the loop must not know."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from feedloop.domain.prediction import PredictionId
from local.folder import write


@dataclass(frozen=True, slots=True)
class Fact:
    """One upload: the prediction that it became, what was drawn, and what the model said."""

    id: str
    day: int  # of the simulation, from 0
    number: int  # of the day
    truth: str
    told: str

    @property
    def right(self) -> bool:
        """Whether the model said what was drawn."""
        return self.truth == self.told


class Truth:
    """A file of JSON lines, one per prediction, that only grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._facts = {fact.id: fact for fact in _read(path)}
        self._by_random = {PredictionId.parse(id_).sample_key: fact for id_, fact in self._facts.items()}

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def __contains__(self, prediction: str) -> bool:
        return prediction in self._facts

    def add(self, facts: Iterable[Fact]) -> None:
        """Keep what has just been uploaded."""
        new = list(facts)
        with self._path.open("a") as file:
            file.writelines(f"{json.dumps(asdict(fact))}\n" for fact in new)
        self._facts |= {fact.id: fact for fact in new}
        self._by_random |= {PredictionId.parse(fact.id).sample_key: fact for fact in new}

    def of(self, random: str) -> Fact | None:
        """By the sample key of the prediction, which review pictures and tasks are named after."""
        return self._by_random.get(random)

    def numbers(self, day: int) -> set[int]:
        """The uploads of a day that have been made."""
        return {fact.number for fact in self if fact.day == day}

    def accuracy(self, days: range) -> float:
        """The share of right answers on these days; nan without any."""
        right = [fact.right for fact in self if fact.day in days]
        return sum(right) / len(right) if right else float("nan")


def _read(path: Path) -> list[Fact]:
    """All whole lines; one that a kill cut off is taken away, since its upload is repeated under the same key."""
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write(path, whole)
    return [Fact(**json.loads(line)) for line in whole.splitlines()]
