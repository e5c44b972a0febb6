from collections import Counter
from itertools import groupby
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import sampling
from feedloop.domain.observations import ListedPrediction
from feedloop.domain.prediction import PredictionId
from feedloop.domain.sampling import LabelledPrefix
from tests.support.strategies import prediction_ids

populations = st.lists(prediction_ids(), max_size=30, unique_by=lambda prediction: prediction.sample_key)


def by_class(predictions):
    """As the listings give them: one per class, each in the order of its sample keys."""
    ordered = sorted(predictions, key=lambda p: (p.class_index, p.sample_key))
    return [list(group) for _, group in groupby(ordered, key=lambda p: p.class_index)]


@given(populations, st.integers(0, 40))
def test_a_sample_is_the_smallest_random_parts_of_all_classes(predictions, count):
    expected = sorted(predictions, key=lambda p: p.sample_key)[:count]
    assert sampling.first(count, by_class(predictions)) == expected


@given(populations, st.integers(0, 40))
def test_a_larger_sample_begins_with_the_smaller_one(predictions, count):
    larger = sampling.first(count + 1, by_class(predictions))
    assert larger[:count] == sampling.first(count, by_class(predictions))


@given(populations, st.integers(0, 40))
def test_no_class_needs_to_be_listed_beyond_the_count(predictions, count):
    cut = [listing[:count] for listing in by_class(predictions)]
    assert sampling.first(count, cut) == sampling.first(count, by_class(predictions))


SIZES = {0: 1, 3: 9, 7: 90}  # classes of very different size
DRAWS, COUNT = 2_500, 5
CRITICAL = 135.8  # chi-square, 99 degrees of freedom, p = 0.01; smaller is more even


def a_day(rng):
    """100 predictions whose sample keys are drawn anew; which one is which stands in the second."""
    members = [(index, second) for index, size in SIZES.items() for second in range(size)]
    named = [PredictionId("20261122", i, 500, "0" * 8, f"{rng.getrandbits(128):032x}", s) for i, s in members]
    return by_class(named)


def test_every_prediction_has_the_same_chance_whatever_the_size_of_its_class():
    rng, chosen = Random(20261122), Counter()
    for _ in range(DRAWS):
        chosen.update((p.class_index, p.second) for p in sampling.first(COUNT, a_day(rng)))
    members = sum(SIZES.values())
    expected = DRAWS * COUNT / members
    spread = expected * (1 - COUNT / members)  # without replacement the counts vary less
    assert len(chosen) == members
    assert sum((count - expected) ** 2 / spread for count in chosen.values()) * (members - 1) / members < CRITICAL


@given(st.lists(st.booleans(), max_size=12))
def test_the_labelled_prefix_ends_where_the_first_answer_is_missing(answered):
    order = [ListedPrediction(0, 900, "9f2c11aa", False, f"{n:032x}", "00000") for n in range(len(answered))]  # noqa: FBT003
    answers = {one.sample_key for one, is_answered in zip(order, answered, strict=True) if is_answered}
    prefix = LabelledPrefix.of(order, answers)
    length = [*answered, False].index(False)
    assert (prefix.answered, list(prefix.others)) == (order[:length], order[length:])


def test_what_lies_behind_the_labelled_prefix_is_not_held_in_memory():
    order = iter([ListedPrediction(0, 900, "9f2c11aa", False, f"{n:032x}", "00000") for n in range(9)])  # noqa: FBT003
    LabelledPrefix.of(order, {f"{0:032x}"})
    assert len(list(order)) == 7
