"""A uniform sample without replacement, read off the order of keys.

Keys of one class and day sort by their sample key, which the server drew. The k smallest
sample keys of all classes together are therefore a uniform sample (bottom-k sampling,
Cohen and Kaplan 2007), the same on every run, and a larger k contains the smaller one.
"""

import heapq
from collections.abc import Iterable
from itertools import islice

from feedloop.domain.prediction import PredictionId


def first(count: int, by_class: Iterable[Iterable[PredictionId]]) -> list[PredictionId]:
    """The `count` predictions with the smallest sample keys; each input is sorted by it."""
    return list(islice(heapq.merge(*by_class, key=lambda prediction: prediction.sample_key), count))
