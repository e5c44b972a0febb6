"""Windows so small that anything happens: days without predictions, queues without answers, every answer missing."""

from random import Random

import pytest

from feedloop.domain.answers import OTHER, UNCLEAR
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.allocation import allocate_labels
from feedloop.estimation.annotator_bias import anchoring
from feedloop.estimation.calibration import calibration
from feedloop.estimation.confusion import confusion, per_class
from feedloop.estimation.window import Window
from tests.support.observations import counts, observed

CONFIDENCES = (0, 100, 650, 700, 999, 1000)


def a_day(name, rng):
    """Up to thirty predictions in random order, the first of them answered blind, the unsure ones perhaps informed."""
    predictions = [(rng.randrange(3), rng.choice(CONFIDENCES)) for _ in range(rng.choice([0, 1, 2, 5, 30]))]
    day = counts(name, [(predicted, each, each < 700) for predicted, each in predictions])
    reached, rows = rng.randint(0, len(predictions)), []
    for rank, (predicted, each) in enumerate(predictions):
        blind = rng.choice([0, 1, 2, OTHER, UNCLEAR, predicted]) if rank < reached else None
        informed = rng.choice([None, 0, 1, 2, OTHER, UNCLEAR, predicted]) if each < 700 else None
        rows.append(observed(name, predicted, each, low=each < 700, blind=blind, informed=informed))
    return day, [row for row in rows if (row.blind, row.informed) != (None, None)]


@pytest.fixture(params=range(10))
def windows(request):
    drawn = [
        [a_day(str(name), Random(f"{request.param} {seed} {name}")) for name in range(seed % 5)] for seed in range(30)
    ]
    return [Window.of([day for day, _ in days], [row for _, rows in days for row in rows]) for days in drawn]


def lies_inside(estimate):
    return estimate is None or 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_every_estimate_lies_inside_its_interval_and_that_between_none_and_all(windows):
    for window in windows:
        whole, seen = accuracy(window), anchoring(window.columns)
        found = [whole.blind, whole.best, accuracy(window, 1).best, seen.accepted, seen.blind_agreement]
        found += [each for of_class in per_class(window).values() for each in (of_class.precision, of_class.recall)]
        found += [each.accuracy for each in calibration(window).bins]
        assert all(map(lies_inside, found))


def test_shares_add_up_and_advice_promises_something(windows):
    for window in windows:
        shares = confusion(window).shares
        assert sum(shares.values()) == pytest.approx(1 if shares else 0)
        assert all(0 <= one.interval_then < one.interval_now for one in allocate_labels(window, 7))
