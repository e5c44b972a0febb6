"""Whole reports of known days, to the last field and digit: what the page and programs read changes only on purpose.

What is expected lies in expected/; who means a change deletes the file, runs this again, and reads the difference.
"""

import json
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from feedloop import releases
from feedloop.domain import keys
from functions.report import prometheus
from functions.report.closing import close
from functions.report.reporting import report
from tests.support.opinions import ANSWERS, flagged, said, sampled, visited
from tests.support.world import CLASSES, MODEL, NOON

EXPECTED = Path(__file__).parent / "expected"
ASKED = {
    "days": {"days": "4"},
    "class": {"days": "3", "class": "Bread"},
    "model": {"days": "2", "model": MODEL},
    "month": {"days": "28"},
    "one-open-day": {"days": "1", "to": "20261125"},
    "before-the-first": {"to": "20250101"},
}


def a_day(store, seed, count, time):
    """Visitors and annotators, most of whom agree; the end of the random sample waits, but for one who was ahead."""
    rng, made = Random(seed), []
    for _ in range(count):
        confidence = rng.choice([0.31, 0.55, 0.699, 0.7, 0.86, 0.95, 1.0])
        minute = timedelta(minutes=rng.randrange(600))
        random = f"{rng.getrandbits(128):032x}"
        made.append(visited(store, rng.randrange(4), confidence=confidence, time=time + minute, random=random))
    made.sort(key=lambda one: one.id.random)
    for ref, one in enumerate(made):
        truth = one.id.class_index if rng.random() < 0.8 else rng.choice(ANSWERS)
        if ref < 0.6 * count:
            sampled(store, one)
            if ref < 0.5 * count or ref == 0.5 * count + 2:
                said(store, keys.RANDOM_SAMPLED, one, truth)
        if one.is_low_confidence and rng.random() < 0.8:
            said(store, keys.LOW_CONFIDENCE, one, one.id.class_index if rng.random() < 0.2 else truth)
        if rng.random() < 0.2:
            flagged(store, one)
            said(store, keys.USER_FEEDBACK, one, truth)
        if rng.random() < 0.2:
            said(store, keys.USER_FEEDBACK_2, one, rng.choice(ANSWERS[:3]))


@pytest.fixture
def told(store, clock):
    """Three days of all kinds and one that is still open; nobody has written down the last of the closed ones."""
    for after, count in enumerate((60, 20, 90)):
        a_day(store, after, count, NOON + timedelta(days=after))
        if after < 2:
            clock.time = NOON + timedelta(days=after + 1)
            close(store, classes=len(CLASSES), now=clock())
    clock.time = NOON + timedelta(days=3)
    a_day(store, 3, 10, clock())
    classes = releases.class_list(store)
    return lambda query: report(query, store=store, classes=classes, now=clock(), threshold=700)


def is_expected(name, text):
    path = EXPECTED / name
    if not path.exists():
        path.write_text(text)
        pytest.fail(f"{path} was missing: read what was written")
    return text == path.read_text()


@pytest.mark.parametrize("name", ASKED)
def test_a_report_of_known_days_says_this_and_nothing_else(told, name):
    lines = [f"{part}: {json.dumps(found, ensure_ascii=False)}\n" for part, found in told(ASKED[name]).items()]
    assert is_expected(f"{name}.txt", "".join(lines))


def test_metrics_of_known_days_are_these_and_no_others(told):
    assert is_expected("metrics.txt", prometheus.text(told(ASKED["days"])))
