"""Visitors of one day: who comes when, with which picture, and what they do with the answer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

from feedloop.adapters.clock_file import ClockFile
from feedloop.domain.class_names import NONE_OF_THESE
from feedloop.domain.clock import time_of
from simulation import personas
from simulation.personas import Reaction
from simulation.plan import Plan
from simulation.site import Site
from simulation.truth import Fact, Truth
from training.data.drawings import CLASSES, draw
from training.data.outliers import outlier

AT_ONCE = 4
"""So many visitors wait for their answers at the same time."""
_FIRST, _LAST = 7_200, 86_000  # seconds of the day: after the night's crons, and before midnight refuses


@dataclass(frozen=True, slots=True)
class Visit:
    """One upload to come: its number on its day, and when."""

    day: int
    number: int
    second: int


@dataclass(frozen=True, slots=True)
class Visitors:
    """Everybody who comes to the website."""

    plan: Plan
    site: Site
    truth: Truth
    clock: ClockFile

    def upload_day(self, day: int, date: str) -> Iterator[int]:
        """Upload what the day still lacks, as its hours pass; yields how many have come, also earlier."""
        done = self.truth.numbers(day)
        visits = [visit for visit in _visits(self.plan, day) if visit.number not in done]
        yield len(done)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(visits), AT_ONCE):
                together = visits[start : start + AT_ONCE]
                self.clock.set(time_of(date, together[0].second))
                self.truth.add(pool.map(self._visit, together))
                yield len(done) + start + len(together)

    def _visit(self, visit: Visit) -> Fact:
        """Upload, then react. Killed here, it is repeated under the same key and is the same prediction."""
        true_class, picture = drawn(self.plan, visit.day, visit.number)
        answer = self.site.predict(picture, f"visit {self.plan.seed} {visit.day} {visit.number}")
        receipt, predicted = answer["prediction_id"], answer["class"]
        fact = Fact(receipt.rpartition(".")[0], visit.day, visit.number, true_class, predicted)
        reacts = reaction(self.plan, fact)
        if reacts.flags:
            self.site.flag(receipt)
        if reacts.relabels:
            self.site.relabel(receipt, reacts.relabels)
        return fact


def reaction(plan: Plan, fact: Fact) -> Reaction:
    """What the visitor behind an upload does with the answer."""
    chance = plan.chance("visitor", fact.day, fact.number)
    return personas.visit(plan, fact.true_class, fact.predicted, chance)


def drawn(plan: Plan, day: int, number: int) -> tuple[str, bytes]:
    """What an upload shows, and the picture; the same for the same plan, day and number."""
    chance = plan.chance("picture", day, number)
    if chance.random() < plan.nothing:
        true_class, image = NONE_OF_THESE, outlier(chance)
    else:
        true_class = chance.choice(list(CLASSES))
        image = draw(true_class, chance, plan.style_of(day))
    file = BytesIO()
    image.save(file, "JPEG", quality=chance.randint(60, 95))
    return true_class, file.getvalue()


def _visits(plan: Plan, day: int) -> Sequence[Visit]:
    """All of a day in order of time: most come around noon."""
    chance = plan.chance("hours", day)
    seconds = sorted(int(chance.triangular(_FIRST, _LAST)) for _ in range(plan.uploads(day)))
    return [Visit(day, number, second) for number, second in enumerate(seconds)]
