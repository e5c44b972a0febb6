from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import sampling
from tests.support.strategies import prediction_ids

populations = st.lists(prediction_ids(), max_size=30, unique_by=lambda prediction: prediction.random)


def by_class(predictions):
    """As the listings give them: one per class, each in the order of its random parts."""
    ordered = sorted(predictions, key=lambda p: (p.class_index, p.random))
    return [list(group) for _, group in groupby(ordered, key=lambda p: p.class_index)]


@given(populations, st.integers(0, 40))
def test_a_sample_is_the_smallest_random_parts_of_all_classes(predictions, count):
    expected = sorted(predictions, key=lambda p: p.random)[:count]
    assert sampling.first(count, by_class(predictions)) == expected


@given(populations, st.integers(0, 40))
def test_a_larger_sample_begins_with_the_smaller_one(predictions, count):
    larger = sampling.first(count + 1, by_class(predictions))
    assert larger[:count] == sampling.first(count, by_class(predictions))


@given(populations, st.integers(0, 40))
def test_no_class_needs_to_be_listed_beyond_the_count(predictions, count):
    cut = [listing[:count] for listing in by_class(predictions)]
    assert sampling.first(count, cut) == sampling.first(count, by_class(predictions))
