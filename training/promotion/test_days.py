"""The days whose blind labels judge a model, because nothing but chance chose their pictures.

It is the evidence of a report: of each closed day only the labelled prefix counts. A day's predictions are counted as
well, since a label of a busy day stands for more of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedloop.domain import clock, keys
from feedloop.domain.answers import is_known
from feedloop.domain.clock import DayRange
from feedloop.domain.errors import BadRequest
from feedloop.domain.observations import Observation
from feedloop.evidence import evidence, human_labels
from feedloop.evidence.human_labels import HumanLabels
from feedloop.ports import ObjectStore

DAYS = 14
"""How many days judge when nobody chose them."""


@dataclass(frozen=True, slots=True)
class LabelledDay:
    """A closed day: how many predictions, how many of them were put before annotators blind, which judge by now.

    `silent` blind answers tell nothing.
    """

    day: str
    predictions: int
    sampled: int
    labelled: tuple[Observation, ...]
    silent: int

    @property
    def predictions_per_label(self) -> float:
        """How many predictions a label stands for: one by the chance to be asked, as Horvitz and Thompson (1952) weigh.

        What is not answered yet, or was learned from, leaves the weight of the others alone: those few that are left of
        a day are not chosen by chance, and do not speak for all of it.
        """
        return self.predictions / (self.sampled - self.silent)


def choose_days(store: ObjectStore, first: str, last: str, *, now: datetime) -> DayRange:
    """The days asked for, else the newest up to the last closed one with a blind label. Raises BadRequest."""
    days = {prediction.day for _, prediction, _ in human_labels.list_pictures(store, keys.RANDOM_SAMPLED)}
    newest = last or max((day for day in days if clock.is_closed(day, now)), default="")
    if not newest:
        raise BadRequest("No closed day has a blind label: let annotators answer the random sample first.")
    first = first or clock.day_of(clock.time_of(newest, 0) - timedelta(days=DAYS - 1))
    if first > newest:
        raise BadRequest(f"The test days end on {newest}, before they begin on {first}.")
    return DayRange(first, newest)


def fetch_days(
    store: ObjectStore, days: DayRange, labels: HumanLabels, *, classes: int, now: datetime
) -> list[LabelledDay]:
    """The closed ones of these days that have a labelled prefix which tells something."""
    closed = [day for day in clock.days(days.first, days.last) if clock.is_closed(day, now)]
    judging = []
    for day in evidence.fetch(store, closed, labels, classes=classes, now=now):
        blind = [one for one in day.observations if one.blind is not None]
        labelled = tuple(one for one in blind if is_known(one.blind))
        if labelled:
            sampled, silent = len(blind) + day.behind + day.waiting, len(blind) - len(labelled)
            judging.append(LabelledDay(day.day, day.counts.predictions, sampled, labelled, silent))
    return judging
