"""Whole reports of known days, to the last field and digit: what the page and programs read changes only on purpose.

What is expected lies in expected/; who means a change deletes the file, runs this again, and reads the difference.
"""

import json
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from feedloop.domain import keys
from feedloop.estimation.window import Window
from tests.support import colours, known_days
from tests.support.feedback import ANSWERS, flagged, sampled, visited, voted
from tests.support.known_days import is_expected
from tests.support.world import MODEL, NOON

EXPECTED = Path(__file__).parent / "expected"
ASKED = {
    "days": "days=4",
    "class": "days=3&class=Bread",
    "model": f"days=2&model={MODEL}",
    "month": "days=28",
    "one-open-day": "days=1&to=20261125",
    "before-the-first": "to=20250101",
}
SWITCHED = {
    "switch": "days=4",
    "switch-all": "days=4&model=all",
    "switch-class": "days=4&model=all&class=Blue",
    "switch-open": "days=2&to=20261126",
    "switch-moved": f"days=1&model=all&to={known_days.MOVED}",
    "switch-not-whole": f"days=1&model=all&to={known_days.NOT_WHOLE}",
    "switch-uncommitted": f"days=1&model=all&to={known_days.UNCOMMITTED}",
}
"""Of days of two models, and of what a store may hold that is no plain answer."""


def a_day(store, seed, count, time):
    """Visitors and annotators, most of whom agree; the end of the random sample waits, but for one who was ahead."""
    rng, made = Random(seed), []
    for _ in range(count):
        confidence = rng.choice([0.31, 0.55, 0.699, 0.7, 0.86, 0.95, 1.0])
        minute = timedelta(minutes=rng.randrange(600))
        random = f"{rng.getrandbits(128):032x}"
        made.append(visited(store, rng.randrange(4), confidence=confidence, time=time + minute, sample_key=random))
    made.sort(key=lambda one: one.id.sample_key)
    for number, one in enumerate(made):
        truth = one.id.class_index if rng.random() < 0.8 else rng.choice(ANSWERS)
        if number < 0.6 * count:
            sampled(store, one)
            if number < 0.5 * count or number == 0.5 * count + 2:
                voted(store, keys.RANDOM_SAMPLED, one, truth)
        if one.is_low_confidence and rng.random() < 0.8:
            voted(store, keys.LOW_CONFIDENCE, one, one.id.class_index if rng.random() < 0.2 else truth)
        if rng.random() < 0.2:
            flagged(store, one)
            voted(store, keys.USER_FEEDBACK, one, truth)
        if rng.random() < 0.2:
            voted(store, keys.USER_FEEDBACK_2, one, rng.choice(ANSWERS[:3]))


@pytest.fixture
def close(report_client, clock):
    def at(time):
        clock.time = time
        assert report_client.post("/").status_code == 200

    return at


@pytest.fixture
def get(report_client):
    def get(query):
        answer = report_client.get(f"/?{query}", headers={"Authorization": "Bearer token"})
        assert answer.status_code == 200, answer.text
        return answer

    return get


@pytest.fixture
def days(store, clock, close):
    """Three days of all kinds and one that is still open; nobody has written down the last of the closed ones."""
    for after, count in enumerate((60, 20, 90)):
        a_day(store, after, count, NOON + timedelta(days=after))
        if after < 2:
            close(NOON + timedelta(days=after + 1))
    clock.time = NOON + timedelta(days=3)
    a_day(store, 3, 10, clock())


@pytest.fixture
def switched(clock, store, close):
    """Days of two models, of which two are written down."""
    store.delete(keys.current_model())
    for name in ("", "food11"):  # these models see colours, and nothing was ever released before
        store.delete(keys.class_list(name))
    known_days.fill(store)
    close(NOON + timedelta(days=2))
    clock.time = known_days.NOW


def lines(answer):
    """A field each."""
    return "".join(f"{part}: {json.dumps(found, ensure_ascii=False)}\n" for part, found in answer.json.items())


@pytest.mark.usefixtures("days")
@pytest.mark.parametrize("name", ASKED)
def test_a_report_of_known_days_says_this_and_nothing_else(get, name):
    assert is_expected(EXPECTED / f"{name}.txt", lines(get(ASKED[name])))


@pytest.mark.usefixtures("switched")
@pytest.mark.parametrize("name", SWITCHED)
def test_a_report_of_two_models_and_odd_answers_says_this(get, name):
    text = lines(get(SWITCHED[name]))
    for called, calls in (("<first>", known_days.FIRST), ("<second>", known_days.SECOND)):
        text = text.replace(colours.card(colours.model(calls))["sha256"][:8], called)
    assert is_expected(EXPECTED / f"{name}.txt", text)


@pytest.mark.usefixtures("days")
def test_metrics_of_known_days_are_these_and_no_others(get):
    assert is_expected(EXPECTED / "metrics.txt", get(f"{ASKED['days']}&format=prometheus").text)


@pytest.mark.usefixtures("days")
@pytest.mark.parametrize(
    ("query", "count"), [("days=7&to=20261124", 9), ("days=7&to=20261124&class=Bread", 10), ("days=1", 2)]
)
def test_a_report_builds_one_window_per_set_of_observations(get, monkeypatch, query, count):
    """The whole, the days before, each part of the trend that is not the whole, and the class that was asked for."""
    built, build = [], Window.of

    def counting(*evidence):
        built.append(build(*evidence))
        return built[-1]

    monkeypatch.setattr(Window, "of", counting)
    get(query)
    assert len(built) == count
