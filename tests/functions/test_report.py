"""The report itself: what callers of the function get."""

from datetime import timedelta
from random import Random

import pytest

from feedloop import wiring
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import clock as days_of
from feedloop.domain import keys
from feedloop.domain.clock import day_of
from feedloop.domain.observations import ListedPrediction
from feedloop.evidence.evidence import observe
from feedloop.evidence.human_labels import HumanLabels, Tasks
from functions.report.estimates import window_of
from functions.report.query import ReportFilter
from tests.support import feedback, world
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, SKIPPED, flagged, sampled, visited, voted
from tests.support.observations import MODEL, counts
from tests.support.world import NOON, SettableClock

BLIND, LOW = keys.RANDOM_SAMPLED, keys.LOW_CONFIDENCE
DAY = day_of(NOON)
TOKEN = {"Authorization": "Bearer token"}
SURE, UNSURE = 0.9, 0.3
TOLD_BY_SOURCE = ("notes", "limits", "generated_at")


@pytest.fixture
def clock():
    return SettableClock(NOON + timedelta(days=1))


@pytest.fixture
def report(report_client):
    def get(query="days=1"):
        answer = report_client.get(f"/?{query}", headers=TOKEN)
        assert answer.status_code == 200, answer.text
        return answer.json

    return get


def labelled(store, count=40, wrong=4, time=NOON, confidence=SURE):
    """So many predictions of a day, all labelled blind, some of them wrong."""
    for number in range(count):
        made = visited(store, 1, confidence=confidence, time=time, sample_key=f"{time.day:02x}{number:030x}")
        sampled(store, made)
        voted(store, BLIND, made, 2 if number < wrong else 1)


def without_source(told):
    return {name: value for name, value in told.items() if name not in TOLD_BY_SOURCE}


def test_the_share_of_right_answers_comes_with_its_interval(store, report):
    labelled(store)
    best = report()["accuracy"]["best"]
    assert (best["value"], best["labels"]) == (0.9, 40)
    assert 0.75 < best["low"] < 0.9 < best["high"] < 0.98


def test_an_empty_system_has_a_report_that_says_so(report_client, monkeypatch, clock):
    monkeypatch.setattr(wiring, "store", lambda: MemoryStore(clock=clock))
    told = report_client.get("/", headers=TOKEN).json
    assert (told["model"], told["classes"], told["accuracy"]["best"], told["next"]) == (None, [], None, [])
    assert told["notes"] == ["No model is released yet: there is nothing to report."]


def test_a_window_without_predictions_says_so(report):
    assert report("to=20250101")["notes"] == ["There are no such predictions in these days."]


def test_none_of_these_is_a_wrong_answer_and_cannot_tell_is_none(store, report):
    labelled(store, wrong=0)
    for number, answer in enumerate((NONE_OF_THESE, CANNOT_TELL, SKIPPED)):
        voted(store, BLIND, visited(store, 1, confidence=SURE, sample_key=f"0{number:031x}"), answer)
    told = report()
    assert (told["accuracy"]["blind"]["labels"], told["accuracy"]["missing"]["unclear"]) == (41, 1)
    assert told["accuracy"]["missing"] == {"unclear": 1, "skipped": 1, "disputed": 0}
    assert told["accuracy"]["worst_case"] < told["accuracy"]["best"]["value"] < told["accuracy"]["best_case"]
    assert told["confusion"]["none_of_these"] == [0, 1, 0, 0, 0, 0]


def test_the_confusion_matrix_has_a_row_per_truth_and_a_column_per_answer(store, report):
    labelled(store)
    told = report()["confusion"]
    assert (told["counts"][1][1], told["counts"][2][1], told["counts"][1][2]) == (36, 4, 0)
    assert told["shares"][2][1] == 0.1


def test_the_low_confidence_queue_is_a_stratum_and_never_pooled(store, report):
    """90 sure pictures are right, 10 unsure ones are wrong: 0.9, and not what all labels together would say."""
    made = [visited(store, 1, confidence=SURE if number < 90 else UNSURE) for number in range(100)]
    for number, one in enumerate(made):
        if number % 9 == 0 and number < 90:
            voted(store, BLIND, one, 1)
    for one in made[90:]:
        voted(store, LOW, one, 2)
    first = sorted(made, key=lambda one: one.id.sample_key)
    for one in first[:10]:
        voted(store, BLIND, one, 1)
    pooled = 19 / 29
    assert report()["accuracy"]["best"]["value"] == pytest.approx(0.9) != pytest.approx(pooled)


def test_days_count_by_their_size_and_not_by_their_labels(store, report, clock):
    """A calm day that is all wrong has as many labels as a busy one that is all right."""
    labelled(store, count=90, wrong=0)
    labelled(store, count=10, wrong=10, time=NOON + timedelta(days=1))
    for number in range(10, 90):
        store.delete(keys.ObjectRef(keys.DATASETS[BLIND], f"class_01/{_id(store, number)}.jpg"))
    clock.pass_(days=1)
    assert report("days=2")["accuracy"]["blind"]["value"] == pytest.approx(0.9)


def _id(store, number):
    (found,) = [
        name for name in world.everything(store, keys.PRODUCTION, "") if f"/{NOON.day:02x}{number:030x}" in name
    ]
    return keys.parse_production(found)


def test_an_open_day_is_counted_and_says_nothing_about_accuracy(store, report, clock):
    labelled(store)
    labelled(store, wrong=40, time=clock())
    told = report(f"from={DAY}&to={day_of(clock())}")
    assert (told["window"]["open_day"], told["predictions"]["total"]) == (True, 80)
    assert told["accuracy"]["blind"]["value"] == 0.9
    assert told["notes"][0].startswith("The last day is still open")


def test_a_report_is_the_same_before_and_after_its_days_are_closed(store, report_client, report):
    feedback.any_day(store, Random(3), count=60)
    before = report()
    assert report_client.post("/").json["closed"] == [DAY]
    assert without_source(report()) == without_source(before)


def test_a_report_keeps_its_numbers_when_the_pictures_go(store, report_client, report):
    labelled(store)
    report_client.post("/")
    before = report()
    for key in world.everything(store, keys.PRODUCTION, ""):
        store.delete(keys.ObjectRef(keys.PRODUCTION, key))
    assert report()["accuracy"] == before["accuracy"]
    assert report()["predictions"] == before["predictions"]


def test_a_damaged_file_of_a_day_is_counted_anew(store, report_client, report):
    labelled(store)
    before = report()
    report_client.post("/")
    store.delete(keys.day_file(DAY))
    store.create(keys.day_file(DAY), b'{"v":1}\n')
    assert without_source(report()) == without_source(before)


def test_a_change_is_told_against_the_window_before(store, report, clock):
    labelled(store, wrong=20)
    labelled(store, wrong=0, time=NOON + timedelta(days=1))
    clock.pass_(days=1)
    told = report()["change"]
    assert told["previous"] == {"from": DAY, "to": DAY}
    assert (told["difference"]["value"], told["difference"]["low"] > 0) == (0.5, True)


def test_a_trend_has_a_point_per_day(store, report, clock):
    labelled(store, wrong=20)
    labelled(store, wrong=0, time=NOON + timedelta(days=1))
    clock.pass_(days=1)
    values = [one["blind"] and one["blind"]["value"] for one in report("days=3")["trend"]]
    assert values == [None, 0.5, 1.0]


def test_a_window_may_be_a_single_day(store, report):
    labelled(store)
    assert report(f"from={DAY}&to={DAY}") == report("days=1")


@pytest.mark.parametrize(("days_", "points", "first"), [(14, 14, 1), (15, 3, 1), (182, 26, 7), (366, 14, 2)])
def test_a_long_trend_is_told_by_weeks_counted_back_from_the_end(report, days_, points, first):
    told = report(f"days={days_}")["trend"]
    covered = [list(days_of.days(one["from"], one["to"])) for one in told]
    assert (len(covered), len(covered[0])) == (points, first)
    assert [day for part in covered for day in part] == list(days_of.days(told[0]["from"], DAY))


def test_a_class_narrows_to_what_the_model_called_so(store, report):
    labelled(store)
    for number in range(5):
        visited(store, 3, confidence=SURE, sample_key=f"f{number:031x}")
    told = report("days=1&class=Dairy+product")
    assert (told["predictions"]["total"], told["accuracy"]["best"]["value"]) == (40, 0.9)
    assert [one["class"] for one in told["per_class"]] == ["Dairy product"]
    assert told["per_class"][0]["recall"]["value"] == 1.0


def test_a_model_narrows_to_its_own_predictions(store, report):
    labelled(store)
    assert report(f"days=1&model={world.MODEL}")["predictions"]["total"] == 40
    assert report("days=1&model=00000000")["accuracy"]["blind"] is None


def test_visitors_and_annotators_are_compared(store, report):
    one = visited(store, 1, confidence=SURE)
    flagged(store, one)
    voted(store, keys.USER_FEEDBACK, one, 2)
    voted(store, keys.USER_FEEDBACK_2, one, 2)
    told = report()["visitors"]
    assert (told["flagged"], told["relabelled"]) == (1, 1)
    assert told["flags_confirmed"]["value"] == told["relabels_confirmed"]["value"] == 1.0


def test_what_to_label_next_is_said_in_a_sentence(store, report):
    labelled(store)
    visited(store, 1, confidence=SURE, sample_key="f" * 32)
    (advice, *_) = report()["next"]
    assert advice["interval_then"] < advice["interval_now"]
    assert advice["why"].endswith("points.")


def test_an_unfinished_sample_is_told(store, report):
    labelled(store)
    late, behind = (visited(store, 1, confidence=SURE, sample_key=f"{first}{1:031x}") for first in "ef")
    for one in (late, behind):
        sampled(store, one)
    voted(store, BLIND, behind, 1)
    told = "\n".join(report()["notes"])
    assert f"not finished: {DAY}. Tasks that wait: 1." in told
    assert "Answers that do not count yet, since tasks before them in their day's order wait: 1." in told


def test_what_limits_a_report_is_told_as_facts_too(store, report):
    labelled(store, count=20)
    told = report()
    unwritten, few, no_change = told["limits"]
    assert unwritten == {"kind": "unwritten", "first": DAY, "last": DAY, "days": 1}
    assert (few, no_change) == ({"kind": "few-labels", "labels": 20}, {"kind": "no-change"})
    assert len(told["notes"]) == 3


def test_without_the_token_there_is_no_report(report_client):
    answer = report_client.get("/")
    assert (answer.status_code, answer.json["type"]) == (401, "urn:feedloop:problem:unauthorised")


def test_an_operator_may_open_the_report(report_client, monkeypatch):
    monkeypatch.setenv("REPORT_OPEN", "on")
    wiring.configured.cache_clear()
    assert report_client.get("/").status_code == 200


def test_a_stranger_may_close_days_since_cron_has_no_token(store, report_client):
    labelled(store)
    assert report_client.post("/", json={"day": "20200101"}).json == {"closed": [DAY], "predictions": 40, "known": 0}


def test_a_page_of_another_origin_may_send_the_token(report_client):
    asked = {"Origin": "https://ops.example", "Access-Control-Request-Headers": "authorization"}
    answer = report_client.options("/", headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ops.example"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("query", ["days=0", "from=yesterday", "class=Soup", "model=x", "format=xml", "what=1"])
def test_a_wrong_parameter_is_a_400_that_says_what_is_right(report_client, query):
    answer = report_client.get(f"/?{query}", headers=TOKEN)
    assert (answer.status_code, answer.json["detail"][-1]) == (400, ".")


def test_a_day_is_counted_as_the_estimators_count_it():
    rng = Random(5)
    told = [(rng.randrange(3), rng.randrange(1001), rng.random() < 0.3) for _ in range(300)]
    listed = (ListedPrediction(*one[:2], MODEL, one[2], f"{number:032x}", "00000") for number, one in enumerate(told))
    nobody = HumanLabels({queue: {} for queue in keys.QUEUES}, dict.fromkeys(keys.REVIEW_QUEUES, Tasks()))
    day = observe(DAY, listed, nobody, closed=True)
    assert window_of([day], ReportFilter()).days == (counts(DAY, told),)
