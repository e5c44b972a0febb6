"""A uniform sample without replacement, read off the order of keys.

A day's predictions sort by their sample keys, which the server drew. The k smallest of all classes together are
therefore a uniform sample (bottom-k sampling, Cohen and Kaplan 2007), the same on every run, and a larger k contains
the smaller one.
"""

import heapq
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Self

from feedloop.domain.observations import ListedPrediction
from feedloop.domain.prediction import PredictionId


def first(count: int, by_class: Iterable[Iterable[PredictionId]]) -> list[PredictionId]:
    """The `count` predictions with the smallest sample keys; each input is sorted by it."""
    return list(islice(heapq.merge(*by_class, key=lambda prediction: prediction.sample_key), count))


@dataclass(frozen=True, slots=True)
class LabelledPrefix:
    """A day's predictions in the order of their sample keys, cut in two where the first of them has no blind answer.

    Only the answered beginning is a uniform sample: annotators may leave what is hard for later, and an answer behind a
    gap was chosen by them. So only the blind answers of this beginning count, in a report as in the gate.
    """

    answered: list[ListedPrediction]
    others: Iterator[ListedPrediction]

    @classmethod
    def of(cls, predictions: Iterable[ListedPrediction], answers: Container[str]) -> Self:
        """Cut a day's predictions; `answers` has the sample keys of those with a blind answer."""
        order, answered = iter(predictions), list[ListedPrediction]()
        for prediction in order:
            if prediction.sample_key not in answers:
                return cls(answered, chain([prediction], order))
            answered.append(prediction)
        return cls(answered, order)
