"""What the gate decides: on a table of intervals, and on planted models."""

from random import Random

import pytest

from feedloop.domain.answers import OTHER
from feedloop.estimation.intervals import Estimate
from feedloop.estimation.paired import Compared, Paired, paired
from training.promotion import gate
from training.promotion.gate import REFUSE, RELEASE, WAIT, Rules

CLASSES = ["Bread", "Egg"]
RULES = Rules()


def estimate(value, low, high, labels=500):
    return Estimate(value / 100, low / 100, high / 100, labels)


def decided(overall, rules=RULES, **by_class):
    classes = {CLASSES.index(name): estimate(*one) for name, one in by_class.items()}
    return gate.decide(Paired(estimate(*overall), classes), CLASSES, rules)


@pytest.mark.parametrize(
    ("overall", "what"),
    [
        ((5, 2, 8), RELEASE),
        ((0, -1.9, 1.9), RELEASE),
        ((-1, -1.9, -0.1), RELEASE),  # shown to be worse, and not by the margin
        ((0, -2, 2), WAIT),
        ((1, -2.1, 4.1), WAIT),
        ((-2, -4, 0), WAIT),
        ((-30, -60, 10), WAIT),  # a few unlucky labels are no decision
        ((-1.9, -3, -0.5), REFUSE),
        ((-3, -4, -2.1), REFUSE),
        ((-1, -2.3, 0.3), REFUSE),  # with labels enough to let an equal model through
    ],
)
def test_what_an_interval_decides(overall, what):
    assert decided(overall).what == what


@pytest.mark.parametrize(
    ("egg", "what"), [((-9, -20, -4.9), RELEASE), ((-9, -20, -5.1), REFUSE), ((-4, -5, -3), RELEASE)]
)
def test_a_class_must_be_shown_to_fall(egg, what):
    assert decided((5, 2, 8), Bread=(20, 10, 30), Egg=egg).what == what


def test_margins_are_settings():
    rules = Rules(margin=0.01, class_margin=0.2)
    assert decided((0, -1.5, 1.5), rules).what == WAIT
    assert decided((0, -0.9, 0.9), rules, Egg=(-15, -19, -11)).what == RELEASE


def test_without_any_label_nobody_guesses():
    assert gate.decide(None, CLASSES, RULES).what == WAIT


def test_a_verdict_says_its_numbers():
    assert "+1.0 points (-2.1 to +4.1) on 500 blind labels" in decided((1, -2.1, 4.1)).why
    assert "Egg by -9.0 points (-20.0 to -5.1)" in decided((5, 2, 8), Egg=(-9, -20, -5.1)).why


def test_too_few_labels_are_told_how_many_are_needed():
    found = paired([*compared(10, old=1, new=1), *compared(2, old=1, new=0), *compared(2, old=0, new=1)], {"1": 100})
    decision = gate.decide(found, CLASSES, RULES)
    assert decision.what == WAIT
    assert f"About {decision.needed:,} labels" in decision.why


def test_as_many_labels_as_are_told_do_settle_it():
    few = [*compared(80, old=1, new=1), *compared(10, old=1, new=0), *compared(10, old=0, new=1)]
    needed = gate.decide(paired(few, {"1": 1000}), CLASSES, RULES).needed
    assert needed
    assert gate.decide(paired(few * (needed // len(few) + 2), {"1": 1000}), CLASSES, RULES).what == RELEASE


def test_nobody_is_right_about_a_picture_of_none_of_the_classes():
    both = [Compared("1", OTHER, 0, 1)] * 20 + compared(20, old=1, new=1)
    found = paired(both, {"1": 100})
    assert found
    assert (found.overall.value, sorted(found.by_class)) == (0, [1])


def compared(count, *, old, new, day="1", truth=1):
    return [Compared(day, truth, truth if old else 1 - truth, truth if new else 1 - truth)] * count


def judged(rng, labels, loss):
    """Models of 87 % that differ on six pictures in a hundred, the new one worse by `loss`."""
    pictures = []
    for number in range(labels):
        old = rng.random() < 0.87
        turns = rng.random() < ((0.03 + loss / 2) / 0.87 if old else (0.03 - loss / 2) / 0.13)
        pictures += compared(1, old=old, new=old != turns, day=str(number % 14), truth=rng.randrange(2))
    sizes = {str(day): (10 if day % 7 == 6 else 1000) for day in range(14)}
    return gate.decide(paired(pictures, sizes), CLASSES, RULES).what


@pytest.mark.parametrize(("loss", "least", "most"), [(0.03, 0, 0.05), (0.0, 0.8, 1)])
def test_with_two_thousand_labels_a_planted_loss_is_refused_and_an_equal_model_let_through(loss, least, most):
    rng = Random(f"planted {loss}")
    released = sum(judged(rng, 2000, loss) == RELEASE for _ in range(60)) / 60
    assert least <= released <= most
