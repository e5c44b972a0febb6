"""What callers without any credentials can do to the loop, on real stores: cron's work, and nothing to others'.

Who comes first is decided by each store in its own way. Who is believed, and what is told, is decided before.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random

import pytest

from feedloop import sweeps, wiring
from feedloop.domain import keys, receipts
from feedloop.domain.clock import day_of, utc_now
from feedloop.domain.prediction import PredictionId
from feedloop.sweeps import Lease
from tests.e2e.conftest import one_store
from tests.e2e.test_loop import BEARER, identity
from tests.support.demo import committed
from tests.support.uploads import clear_upload
from tests.support.world import annotation, commit, everything, prediction, write

pytestmark = pytest.mark.usefixtures("deployed")

CRON = {"headers": {"X-Topic": "cron-function", "X-Connector": "cron-connector"}}
MANY = 8


@pytest.fixture(autouse=True)
def _short_rest(monkeypatch):
    """Strangers wait for a second between two sweeps, not for five."""

    def lease_for(seconds, *, trusted=False):
        return Lease(timedelta(seconds=seconds), rest=timedelta(seconds=not trusted))

    monkeypatch.setattr(sweeps, "lease_for", lease_for)


def yesterday() -> datetime:
    return utc_now() - timedelta(days=1)


def test_strangers_just_before_cron_do_not_use_up_its_sample(store, call):
    assert call("sample")[1]["sampled"] == 0
    made = commit(store, prediction(time=yesterday()), shown=False)
    assert call("sample", **CRON)[1]["queued"] == 1
    assert list(everything(store, keys.LABELSTUDIO, "tasks/")) == [f"tasks/randomsampled/{made.id.sample_key}.json"]


def test_strangers_at_the_moment_of_cron_do_not_use_up_its_sample(store, call):
    with ThreadPoolExecutor(2 * MANY) as pool:
        before = [pool.submit(call, "sample") for _ in range(MANY)]
        commit(store, prediction(time=yesterday()), shown=False)
        after = [pool.submit(call, "sample", **CRON), *(pool.submit(call, "sample") for _ in range(MANY))]
        statuses = {one.result()[0] for one in [*before, *after]}
    assert statuses == {200}
    assert len(everything(store, keys.LABELSTUDIO, "tasks/randomsampled/")) == 1


def test_strangers_at_the_moment_of_cron_do_not_use_up_its_sweep(store, call, upload):
    upload()
    (made,) = committed(store)
    with ThreadPoolExecutor(MANY + 1) as pool:
        strangers = [pool.submit(call, "curate") for _ in range(MANY)]
        write(store, keys.LOW_CONFIDENCE, "1", annotation(store, made, "Egg"))
        answers = [one.result()[0] for one in [*strangers, pool.submit(call, "curate", **CRON)]]
    assert set(answers) == {200}
    assert len(everything(store, keys.DATASETS[keys.LOW_CONFIDENCE], "")) == 1


@one_store
@pytest.mark.parametrize(
    "header", ["", "Bearer wrong", "Basic x", "an operator token", "Bearer an event token", "Bearer a report token"]
)
def test_a_strangers_parameters_are_as_if_they_were_not_there(store, call, header):
    commit(store, prediction(time=yesterday() - timedelta(days=3)), shown=False)
    asked = {"date": day_of(yesterday() - timedelta(days=3)), "count": "nonsense"}
    status, told = call("sample", data=asked, headers={"Authorization": header})
    assert (status, told["sampled"], told["date"]) == (200, 0, day_of(yesterday()))


def guesses(told):
    """Receipts that nobody was given, made of one that somebody was."""
    text, _, signature = told["prediction_id"].rpartition(".")
    other = str(PredictionId.parse(text)).replace(identity(told).sample_key, f"{Random(1).getrandbits(128):032x}")
    never_made = receipts.sign(PredictionId.parse(other), wiring.signing_key())
    forged = [f"{other}.{signature}", text, f"{text}.", f"{text}.{'0' * 64}", f".{signature}", signature]
    return [never_made, *forged, "*", "%", "../x", "."]


@one_store
@pytest.mark.parametrize("name", ["flag", "relabel"])
def test_ids_that_are_wrong_in_any_way_are_answered_alike(call, upload, name):
    asked = [{"prediction_id": guess, "class": "Egg"} for guess in guesses(upload(clear_upload()))]
    told = [call(name, json=one) for one in asked]
    assert told == [told[0]] * len(told)
    assert told[0][0] == 404


@one_store
@pytest.mark.parametrize("name", ["flag", "relabel"])
def test_a_forged_id_costs_the_store_nothing_and_so_takes_the_same_time(call, upload, monkeypatch, name):
    forged = {"prediction_id": upload()["prediction_id"][:-1] + "!", "class": "Egg"}
    asked: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "store", lambda: asked.append("the store"))
        assert call(name, json=forged)[0] == 404
    assert asked == []


@one_store
def test_no_answer_to_a_stranger_names_a_prediction(store, call, upload):
    upload()
    made = commit(store, prediction(time=yesterday()), shown=False)
    upload()
    asked = {"prediction_id": "x", "class": "x"}
    told = str([call(name, json=asked) for name in ("sample", "curate", "flag", "relabel")])
    assert [one.id.sample_key for one in (made, *committed(store)) if one.id.sample_key in told] == []
    assert call("sample", headers=BEARER)[1]["known"] == 1
