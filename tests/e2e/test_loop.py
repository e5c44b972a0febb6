"""The whole loop over HTTP on real stores: a photo in, a person's answer back, a dataset out.

What is refused before the store is asked is the same on each.
"""

import json

import pytest

from feedloop.domain import keys
from feedloop.domain.prediction import PredictionId
from tests.e2e.conftest import TOKENS, one_store
from tests.support.demo import committed
from tests.support.uploads import clear_upload, pixels
from tests.support.world import annotation, everything, write

BEARER = {"Authorization": f"Bearer {TOKENS['operator']}"}
EVENT = {"Authorization": f"Bearer {TOKENS['event']}"}

pytestmark = pytest.mark.usefixtures("deployed")


def place_of(told):
    return keys.production(identity(told))


def identity(told):
    return PredictionId.parse(told["prediction_id"].rpartition(".")[0])


def event(store, ref):
    bucket = store.url(ref).removeprefix("s3://").partition("/")[0]
    return {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": ref.key}}}]}


def annotate(store, told, queue, name, choice, **facts):
    (made,) = [made for made in committed(store) if made.id == identity(told)]
    write(store, queue, name, annotation(store, made, choice, **facts))


def test_a_picture_is_answered_and_kept(store, upload):
    told = upload(clear_upload())
    assert (told["class"], told["low_confidence"]) == ("Rice", False)
    assert pixels(store.get(place_of(told)).body).size == pixels(clear_upload()).size


def test_an_unsure_answer_waits_for_a_person(store, upload):
    random = identity(upload()).sample_key
    assert list(everything(store, keys.LABELSTUDIO, "tasks/")) == [f"tasks/lowconfidence/{random}.json"]
    assert list(everything(store, keys.LABELSTUDIO, "images/")) == [f"images/{random}.jpg"]


def test_a_visitor_flags_once(upload, call):
    form = {"prediction_id": upload(clear_upload())["prediction_id"]}
    assert [call("flag", data=form)[0] for _ in range(2)] == [202, 200]


@one_store
def test_json_serves_as_well_as_a_form(upload, call):
    asked = {"prediction_id": upload(clear_upload())["prediction_id"], "class": "Egg"}
    assert call("flag", json=asked)[0] == 202
    assert call("relabel", json=asked)[1]["status"] == "updated"


@one_store
def test_unknown_and_forged_ids_are_told_alike(upload, call):
    receipt = upload()["prediction_id"]
    forged = receipt[:-1] + ("0" if receipt[-1] != "0" else "1")
    answers = [call(name, data={"prediction_id": forged, "class": "Egg"}) for name in ("flag", "relabel")]
    assert answers == [call("flag", data={"prediction_id": "nonsense"})] * 2
    assert answers[0][0] == 404


def test_a_visitors_class_becomes_a_dataset_picture_and_moves_with_his_mind(store, upload, call):
    told = upload()
    for name in ("Egg", "Soup"):
        answer = call("relabel", data={"prediction_id": told["prediction_id"], "class": name})[1]
        assert (answer["status"], answer["class"]) == ("updated", name)
        output = keys.output(keys.USER_FEEDBACK_2, identity(told).sample_key)
        assert call("curate", json=event(store, output), headers=EVENT)[0] == 200
    assert list(everything(store, "userfeedback2", "")) == [f"class_09/{identity(told)}.jpg"]


@one_store
def test_a_class_that_does_not_exist_is_refused(upload, call):
    status, told = call("relabel", data={"prediction_id": upload()["prediction_id"], "class": "Pizza"})
    assert (status, told["type"]) == (400, "urn:feedloop:problem:unknown-class")


def test_the_sample_of_a_day_is_drawn_once(store, upload, call):
    ids = [identity(upload()) for _ in range(4)]
    asked = {"data": {"date": ids[0].day, "count": "3"}, "headers": BEARER}
    assert [call("sample", **asked)[1]["queued"] for _ in range(2)] == [3, 0]
    drawn = {f"tasks/randomsampled/{random}.json" for random in sorted(made.sample_key for made in ids)[:3]}
    assert set(everything(store, keys.LABELSTUDIO, "tasks/randomsampled/")) == drawn


@one_store
def test_without_the_token_a_sample_is_yesterdays_whatever_is_asked(upload, call):
    told = call("sample", data={"date": identity(upload()).day, "count": "3"})[1]
    assert (told["sampled"], told["date"] < identity(upload()).day) == (0, True)


@one_store
@pytest.mark.parametrize("asked", [{"date": "yesterday"}, {"count": "many"}, {"count": "0"}, {"date": "20261332"}])
def test_a_wrong_question_for_a_sample_is_refused(call, asked):
    assert call("sample", data=asked, headers=BEARER)[0] == 400


def test_an_event_brings_its_annotation_into_the_dataset(store, upload, call):
    told = upload()
    annotate(store, told, keys.LOW_CONFIDENCE, "1", "Egg")
    body = event(store, keys.output(keys.LOW_CONFIDENCE, "1"))
    assert call("curate", json=body, headers=EVENT)[1]["curated"] == 1
    assert list(everything(store, "lowconfidence", "")) == [f"class_03/{identity(told)}.jpg"]


def test_a_sweep_brings_every_annotation_in_and_then_finds_nothing_new(store, upload, call):
    for number in range(3):
        annotate(store, upload(), keys.LOW_CONFIDENCE, str(number), "Egg")
    write(store, keys.LOW_CONFIDENCE, "9", b"{")
    counts = call("curate")[1]
    assert (counts["curated"], counts["quarantined"]) == (3, 1)
    assert set(call("curate", headers=BEARER)[1].values()) == {0}


def test_a_deleted_annotation_is_withdrawn_by_its_event(store, upload, call):
    annotate(store, upload(), keys.LOW_CONFIDENCE, "1", "Egg")
    call("curate", headers=BEARER)
    ref = keys.output(keys.LOW_CONFIDENCE, "1")
    store.delete(ref)
    assert call("curate", json=event(store, ref), headers=EVENT)[1]["withdrawn"] == 1
    assert everything(store, "lowconfidence", "") == {}


@one_store
def test_an_event_without_the_token_is_refused(store, call):
    assert call("curate", json=event(store, keys.output(keys.LOW_CONFIDENCE, "1")))[0] == 401


def test_the_dataset_picture_is_the_production_picture(store, upload, call):
    told = upload()
    annotate(store, told, keys.LOW_CONFIDENCE, "1", "Egg")
    call("curate", headers=BEARER)
    kept, labelled = store.get(place_of(told)), store.get(keys.dataset(keys.LOW_CONFIDENCE, 3, identity(told)))
    assert (kept.body, dict(kept.metadata)) == (labelled.body, dict(labelled.metadata))


@one_store
def test_the_answer_is_json_that_a_browser_can_parse(call):
    status, told = call("predict", data=b"")
    assert (status, json.loads(json.dumps(told))["title"]) == (400, "The request is not understood")
