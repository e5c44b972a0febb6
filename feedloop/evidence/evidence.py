"""The evidence of some days: all predictions as counts, and those under review one by one with their answers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from types import MappingProxyType

from feedloop import log
from feedloop.domain import clock, keys
from feedloop.domain.classes import Translations, translate
from feedloop.domain.errors import Malformed, Missing
from feedloop.domain.observations import DayCounts, Kind, ListedPrediction, Observation
from feedloop.domain.prediction import PredictionId
from feedloop.domain.sampling import LabelledPrefix
from feedloop.evidence import day_files
from feedloop.evidence.human_labels import HumanLabels
from feedloop.ports import ForEach, ObjectStore

NO_TRANSLATIONS: Translations = MappingProxyType({})

TIMED = 200
"""On how many labels of a day and queue the time to a label rests: those with the smallest sample keys."""


@dataclass(slots=True)
class DayEvidence:
    """One day; its answers are evidence once it is closed."""

    day: str
    closed: bool
    counts: DayCounts
    early: DayCounts
    """Of the day on which another model began to serve: the predictions before that moment."""
    early_seconds: Mapping[str, tuple[int, int]]
    """The seconds of the first and the last of them, by model."""
    filed: bool = False
    """Its file was read."""
    damaged: bool = False
    """It has a file that cannot be read."""
    observations: list[Observation] = field(default_factory=list)
    behind: int = 0
    """Blind answers that do not count yet, since one before them in the day's order is not there."""
    waiting: int = 0
    """Tasks of the day's random sample without an answer."""
    done: Counter[str] = field(default_factory=Counter)
    """Answers by queue."""
    timed: dict[str, list[PredictionId]] = field(default_factory=lambda: defaultdict(list))
    """By queue those labelled predictions with the smallest sample keys, TIMED at most."""

    def add(self, prediction: ListedPrediction, labels: HumanLabels, *, predicted: int, in_prefix: bool) -> None:
        """Add a prediction of a class that was answered, drawn for the random sample, or flagged."""
        sample_key = prediction.sample_key
        answers = {queue: labels.answers[queue].get(sample_key) for queue in keys.QUEUES}
        blind = answers[keys.RANDOM_SAMPLED]
        observation = Observation(
            day=self.day,
            predicted=predicted,
            per_mille=prediction.per_mille,
            model=prediction.model,
            low=prediction.low,
            sample_key=sample_key,
            second=prediction.second,
            blind=blind if in_prefix else None,
            informed=answers[keys.LOW_CONFIDENCE],
            flag=answers[keys.USER_FEEDBACK],
            visitor=answers[keys.USER_FEEDBACK_2],
            flagged=sample_key in labels.tasks[keys.USER_FEEDBACK].sample_keys,
            listed_class=prediction.predicted,
        )
        self.observations.append(observation)
        self.behind += blind is not None and not in_prefix
        self.waiting += blind is None and sample_key in labels.tasks[keys.RANDOM_SAMPLED].sample_keys
        for queue, answer in answers.items():
            if answer is not None:
                self.done[queue] += 1
                if self.done[queue] <= TIMED:
                    self.timed[queue].append(observation.id)


def fetch(
    store: ObjectStore,
    days: Iterable[str],
    labels: HumanLabels,
    *,
    classes: int,
    now: datetime,
    moved_at: datetime | None = None,
    translations: Translations = NO_TRANSLATIONS,
    for_each: ForEach = map,
) -> list[DayEvidence]:
    """The evidence of these days, in their order: from their files where they are written, else from listings.

    Days before the first prediction are left out. `moved_at` is when the active model began to serve: what was
    predicted earlier on that day is counted as early. `translations` are those of the store's class list.
    """
    written, wanted = day_files.written_days(store), list(days)
    first = day_files.first_day(store, classes, for_each) if set(wanted) - written else None
    low = labels.tasks[keys.LOW_CONFIDENCE].sample_keys

    def fetch_day(day: str) -> DayEvidence:
        closed, damaged, moved = clock.is_closed(day, now), False, ""
        if moved_at and clock.day_of(moved_at) == day:
            moved = f"{clock.second_of_day(moved_at):05d}"
        if closed and day in written:
            try:
                evidence = observe(
                    day, day_files.fetch(store, day), labels, closed=closed, moved=moved, translations=translations
                )
            except (Missing, Malformed) as error:  # it is derived: what it was derived from is still there
                log.event("report.day_unreadable", day=day, why=repr(error))
                damaged = isinstance(error, Malformed)
            else:
                evidence.filed = True
                return evidence
        listed = day_files.list_predictions(store, day, classes, low)
        evidence = observe(day, listed, labels, closed=closed, moved=moved, translations=translations)
        evidence.damaged = damaged
        return evidence

    there = [day for day in wanted if day in written or (first and day >= first)]
    return list(for_each(fetch_day, there))


def observe(
    day: str,
    predictions: Iterable[ListedPrediction],
    labels: HumanLabels,
    *,
    closed: bool,
    moved: str = "",
    translations: Translations = NO_TRANSLATIONS,
) -> DayEvidence:
    """Count a day's predictions, given in the order of their sample keys, and add those under review.

    Those before the second `moved` are counted as early as well.
    """
    prefix = LabelledPrefix.of(predictions, labels.answers[keys.RANDOM_SAMPLED])
    reviewed, reviewed_keys = list[ListedPrediction](), labels.reviewed_keys
    kinds: Counter[Kind] = Counter()
    early: Counter[Kind] = Counter()
    early_seconds: dict[str, tuple[int, int]] = {}
    for prediction in chain(prefix.answered, prefix.others):
        predicted, per_mille, model, low, sample_key, second = prediction
        kinds[predicted, per_mille, model, low] += 1
        if second < moved:
            early[predicted, per_mille, model, low] += 1
            first, last = early_seconds.get(model, (int(second), int(second)))
            early_seconds[model] = min(first, int(second)), max(last, int(second))
        if sample_key in reviewed_keys:
            reviewed.append(prediction)
    counts, counts_early = (DayCounts.of(day, _translated(some, translations)) for some in (kinds, early))
    evidence = DayEvidence(day, closed, counts, counts_early, early_seconds)
    for number, one in enumerate(reviewed):
        predicted = translate(translations, one.model, one.predicted)
        evidence.add(one, labels, predicted=predicted, in_prefix=number < len(prefix.answered))
    return evidence


def _translated(kinds: Mapping[Kind, int], translations: Translations) -> Mapping[Kind, int]:
    """The same predictions by the classes of the store's list: the one place where a class of a key becomes one."""
    if not translations:
        return kinds
    counts: Counter[Kind] = Counter()
    for (predicted, per_mille, model, low), count in kinds.items():
        counts[translate(translations, model, predicted), per_mille, model, low] += count
    return counts
