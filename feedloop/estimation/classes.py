"""How often the model is right when it names a class, and how much of a class it finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.counted import Day, Row
from feedloop.estimation.estimate import Estimate
from feedloop.estimation.sample import Sample
from feedloop.estimation.shares import weighted_share


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """One class: the share of what the model called so that is, and the share of what is so that it called so."""

    precision: Estimate | None
    recall: Estimate | None


def per_class(days: Sequence[Day], rows: Iterable[Row]) -> Mapping[int, ClassAccuracy]:
    """By class index, of every class that was predicted or answered."""
    rows = list(rows)
    sample = Sample.of(days, rows)
    seen = {*sample.by_class, *sample.blind.tolist(), *sample.informed.tolist()}
    return {
        index: ClassAccuracy(accuracy(days, rows, index).best, _recall(sample, index))
        for index in sorted(seen)
        if index >= 0
    }


def _recall(sample: Sample, index: int) -> Estimate | None:
    chosen = sample.blind == index
    return weighted_share(sample.predicted[chosen] == index, sample.weight[chosen])
