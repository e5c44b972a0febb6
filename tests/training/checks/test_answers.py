"""What answers show when a model is asked twice, among others, and about different pictures."""

import math

import pytest

from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import ModelRefused
from training.checks import answers
from training.checks.sandbox import SmokeTest

CARD = ModelCard({"classes": ["Bread", "Egg", "Rice"]})
RED, GREEN = (0.8, 0.1, 0.1), (0.1, 0.8, 0.1)


def smoke(*given, again=None, batch=0.0):
    return SmokeTest(given, again or given[:2], (1.0,) * len(given), 0, batch)


def test_the_same_answers_again_and_in_a_batch_pass():
    answers.check_repeatable(smoke(RED, GREEN))
    answers.check_repeatable(smoke(RED, GREEN, batch=None))


def test_another_answer_the_second_time_is_refused():
    with pytest.raises(ModelRefused, match=r"repeatable: .*moved by 0\.01"):
        answers.check_repeatable(smoke(RED, GREEN, again=(RED, (0.11, 0.79, 0.1))))


def test_another_answer_among_others_is_refused():
    with pytest.raises(ModelRefused, match=r"batch: .* among others than alone"):
        answers.check_repeatable(smoke(RED, GREEN, batch=0.2))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((0.5, 0.5), "2 numbers, and its card names 3"),
        ((math.nan, 0.5, 0.5), "picture 1 with NaN"),
        ((-0.1, 0.6, 0.5), "the lowest of -0.1"),
        ((0.5, 0.5, 0.5), "a sum of 1.5"),
    ],
)
def test_what_are_no_probabilities_of_the_classes_is_refused(answer, says):
    with pytest.raises(ModelRefused, match=says):
        answers.check_probabilities(smoke(RED, GREEN, RED, answer), CARD)


def test_one_answer_to_all_is_refused_unless_it_is_meant():
    with pytest.raises(ModelRefused, match=r"constant: .* --allow-constant"):
        answers.check_varied(smoke(RED, RED), CARD, constant_ok=False)
    (warning,) = answers.check_varied(smoke(RED, RED), CARD, constant_ok=True)
    assert "All 2 pictures are called Bread" in warning


def test_answers_that_are_never_sure_are_a_warning():
    flat = answers.check_varied(smoke((0.36, 0.32, 0.32), (0.32, 0.36, 0.32)), CARD, constant_ok=False)
    assert "two softmaxes" in flat[0]
    assert answers.check_varied(smoke(RED, GREEN), CARD, constant_ok=False) == []
