from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

import pytest
from PIL import Image

from feedloop import releases, wiring
from feedloop.adapters.memory import MemoryStore
from feedloop.adapters.pictures import normalise
from feedloop.app import create_app
from feedloop.domain import keys, receipts
from feedloop.domain.documents import load
from feedloop.domain.errors import DayClosing, StoreDown
from feedloop.domain.upload_limits import MOST_BYTES
from feedloop.settings import Settings
from functions.predict.handler import handle
from tests.support import demo, tiny_models
from tests.support.demo import CARD, committed, queued, upload
from tests.support.interleaving import Worker
from tests.support.uploads import SECRET, clear_upload, encoded, private_exif, scene, unclear_upload
from tests.support.world import NOON, everything, retire

SIGNING = b"a key for receipts"
MIDNIGHT = datetime(2026, 11, 23, tzinfo=NOON.tzinfo)


@pytest.fixture
def site(monkeypatch, store, clock):
    """The function as a website reaches it, with the demonstration model released."""
    demo.release(store)
    settings = Settings.from_environment({"S3_ENDPOINT": "http://store"})
    for name, value in {"store": store, "clock": clock, "signing_key": SIGNING, "configured": settings}.items():
        monkeypatch.setattr(wiring, name, lambda value=value: value)
    wiring.active_model.cache_clear()
    yield create_app(handle, "predict").test_client()
    wiring.active_model.cache_clear()


def test_an_answer_says_what_the_picture_shows(site, store):
    answer = site.post("/", data=clear_upload()).json
    (made,) = committed(store)
    assert answer == {
        "prediction_id": receipts.sign(made.id, SIGNING),
        "class": "Rice",
        "class_index": 7,
        "confidence": made.confidence,
        "top": [{"class": CARD["classes"][i], "class_index": i, "confidence": p} for i, p in made.probabilities[:5]],
        "model": {"name": "food11", "version": CARD["sha256"][:8]},
        "low_confidence": False,
    }


def test_a_doubtful_answer_says_so(site):
    answer = site.post("/", data=unclear_upload()).json
    assert answer["low_confidence"]
    assert answer["confidence"] < 0.7


def test_a_form_and_a_bare_body_are_the_same_upload(site, store):
    site.post("/", data={"file": (BytesIO(clear_upload()), "Fleisch & Soße.jpg")})
    site.post("/", data=clear_upload())
    one, other = committed(store)
    assert one.probabilities == other.probabilities
    assert {one.filename, other.filename} == {"", "Fleisch & Soße.jpg"}


def test_a_retired_class_keeps_its_index_and_is_no_choice(site, store):
    """The website tells the class of an earlier answer by its index."""
    retire(store, "Egg")
    told = site.get("/").json
    assert told["classes"] == CARD["classes"]
    assert told["choices"] == [name for name in CARD["classes"] if name != "Egg"]


def test_get_tells_what_the_website_needs(site):
    told = site.get("/").json
    assert told["classes"] == told["choices"] == CARD["classes"]
    assert told["low_confidence_threshold"] == 0.7
    assert told["limits"]["bytes"] == MOST_BYTES
    assert set(told["limits"]["pixels"]) == set(told["limits"]["types"]) == {"image/jpeg", "image/png", "image/webp"}
    assert told["model"]["note"] == CARD["note"]
    assert told["model"]["input"] == {
        **CARD["input"],
        "resize_size": 64,
        "interpolation": "bilinear",
        "layout": "NCHW",
        "channels": "RGB",
    }
    assert told["model"]["output"] == {"kind": "probabilities", "temperature": 1, "name": ""}
    assert told["model"]["class_indices"] == [*range(11)]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "bad-request"),
        (bytes(MOST_BYTES + 1), 413, "too-large"),
        (b"hello", 415, "unsupported-picture"),
        (clear_upload()[:-99], 422, "broken-picture"),
        (encoded(scene(10, 10)), 422, "broken-picture"),
    ],
    ids=["nothing", "too large", "no picture", "cut short", "tiny"],
)
def test_what_cannot_be_classified_is_refused_and_leaves_nothing(site, store, body, status, kind):
    refusal = site.post("/", data=body)
    assert (refusal.status_code, refusal.json["type"]) == (status, f"urn:feedloop:problem:{kind}")
    assert everything(store, keys.PRODUCTION, "") == everything(store, keys.TRACKING, "") == {}


def test_a_model_without_an_answer_to_a_picture_says_so_and_leaves_nothing(site, store, capsys):
    model = tiny_models.not_a_number_of_white()
    releases.publish(store, model, tiny_models.card(model), now=NOON)
    assert site.post("/", data=clear_upload()).status_code == 200
    failed = site.post("/", data=encoded(Image.new("RGB", (64, 64), "white")))
    assert (failed.status_code, failed.json["type"]) == (503, "urn:feedloop:problem:model-failed")
    assert "not finite" in capsys.readouterr().out
    assert len(committed(store)) == 1
    assert queued(store) == [one.id.sample_key for one in committed(store) if one.is_low_confidence]


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb"])
def test_a_key_that_is_not_printable_is_refused(site, store, key):
    assert site.post("/", data=clear_upload(), headers={"Idempotency-Key": key}).status_code == 400
    assert committed(store) == []


def test_the_same_key_gets_the_same_answer(site, store):
    one, other = (site.post("/", data=clear_upload(), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert one.json == other.json
    assert len(committed(store)) == 1


def test_neither_key_nor_receipt_lies_in_the_store(site, store):
    answer = site.post("/", data=unclear_upload(), headers={"Idempotency-Key": "a secret key"}).json
    signature = answer["prediction_id"].rpartition(".")[2].encode()
    kept = b"".join(body for bucket in keys.BUCKETS for body in everything(store, bucket, "").values())
    assert signature not in kept
    assert b"a secret key" not in kept


def test_without_a_released_model_nobody_is_served(site, store):
    store.delete(keys.current_model())
    assert site.get("/").status_code == site.post("/", data=clear_upload()).status_code == 503


def test_the_stored_picture_tells_all_that_is_known(store, clock):
    claim = upload(store, clock, clear_upload())
    head = store.head(keys.production(claim.prediction.id))
    assert committed(store) == [claim.prediction]
    assert (head.metadata["time"], head.metadata["filename"]) == ("2026-11-22T12:00:00Z", "lunch.jpg")
    assert head.metadata["model"] == CARD["sha256"]


def test_what_is_stored_is_upright_and_private(store, clock):
    claim = upload(store, clock, encoded(scene(), exif=private_exif(6)))
    body = store.get(keys.production(claim.prediction.id)).body
    assert SECRET not in body
    assert (claim.prediction.width, claim.prediction.height) == (64, 96)


def test_a_clear_prediction_has_no_task(store, clock):
    upload(store, clock, clear_upload())
    assert everything(store, keys.LABELSTUDIO, "") == {}


def test_a_doubtful_prediction_has_its_task_and_picture(store, clock):
    made = upload(store, clock).prediction
    task = load(store.get(keys.task(keys.LOW_CONFIDENCE, made.id.sample_key)).body)
    image = store.get(keys.image(made.id.sample_key))
    assert task["data"]["confidence"] == made.confidence
    assert (image.body, dict(image.metadata)) == (normalise(unclear_upload()).jpeg, made.to_metadata())


def test_without_a_key_every_upload_is_a_prediction_of_its_own(store, clock):
    one, other = (upload(store, clock, key=None).prediction.id.sample_key for _ in range(2))
    assert one != other
    assert everything(store, keys.TRACKING, "") == {}


def test_a_chosen_key_and_picture_do_not_choose_the_random_part(store, clock):
    stores = (store, MemoryStore(clock=clock))
    assert len({upload(each, clock).prediction.id.sample_key for each in stores}) == 2


@pytest.mark.parametrize("dies", ["before", "after"])
@pytest.mark.parametrize("step", range(4))
def test_wherever_a_call_dies_a_committed_doubt_has_its_task(store, clock, step, dies):
    worker = Worker(store, lambda stepped: upload(stepped, clock))
    for _ in range(step):
        worker.step()
    worker.step(dies)
    assert not worker.alive
    assert {made.id.sample_key for made in committed(store)} <= set(queued(store))


def test_the_commit_is_the_fourth_and_last_write(store, clock):
    worker = Worker(store, lambda stepped: upload(stepped, clock))
    for _ in range(3):
        worker.step()
    assert (len(queued(store)), len(committed(store))) == (1, 0)
    worker.step()
    assert (worker.alive, worker.failure, len(committed(store))) == (False, None, 1)


def test_a_store_that_fails_is_told_as_it_is(store, clock, monkeypatch):
    monkeypatch.setattr(store, "create", partial(_fail, StoreDown("no answer")))
    with pytest.raises(StoreDown):
        upload(store, clock)


def test_a_picture_that_the_store_did_not_take_is_not_answered(store, clock, monkeypatch):
    monkeypatch.setattr(store, "create", partial(_fail, StoreDown("no answer")))
    with pytest.raises(StoreDown):  # a clear one without a key: its only write is the commit
        upload(store, clock, clear_upload(), key=None)


def test_a_commit_that_comes_too_late_for_its_day_is_refused(store):
    times = iter([MIDNIGHT - timedelta(seconds=1), MIDNIGHT + timedelta(minutes=5)])
    with pytest.raises(DayClosing):
        upload(store, lambda: next(times), key=None)
    assert committed(store) == []


def test_a_commit_soon_after_midnight_belongs_to_the_day_of_the_upload(store):
    times = iter([MIDNIGHT - timedelta(seconds=1), MIDNIGHT + timedelta(minutes=4)])
    assert upload(store, lambda: next(times), key=None).prediction.id.day == "20261122"
    assert len(committed(store)) == 1


def _fail(error, *args, **kwargs):
    raise error
