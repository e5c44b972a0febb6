"""Models that know other classes than the store, in another order; and classes that are retired or have long names."""

from dataclasses import replace

import pytest
from werkzeug.datastructures import Headers, MultiDict

from feedloop import class_lists, releases, wiring
from feedloop.adapters.pictures import normalise
from feedloop.classifiers import load_classifier
from feedloop.domain import keys, receipts
from feedloop.domain.documents import dump, load
from feedloop.domain.prediction import Prediction, new_id
from feedloop.http import Context, Event, Upload
from feedloop.settings import Settings
from functions.flag.handler import flag
from functions.predict.inference import Model, infer, model_document, prediction_document
from functions.relabel.handler import handle as relabel
from functions.report.report import report
from tests.support import colours, world
from tests.support.world import CLASSES, NOON

LONG = "食" * 200


@pytest.fixture
def served(store):
    """Of eleven classes it knows two, last and first, and one that nobody knew."""
    body = colours.model((2, 0, 1))
    card = colours.card(body, classes=[CLASSES[-1], "Wine", CLASSES[0]])
    releases.publish(store, body, card, now=NOON)
    release = releases.current(store)
    return Model(release, load_classifier(releases.model_bytes(store, release), release.card), 700)


def test_answers_are_of_the_stores_classes_and_never_of_those_that_the_model_does_not_know(store, served):
    picture = normalise(colours.picture(0))
    made = infer(Upload(b"", ""), picture, served, now=NOON)
    told = prediction_document(made, served.release)
    assert (made.id.class_index, told["class"], told["class_index"]) == (0, CLASSES[0], 0)
    assert {one["class_index"] for one in told["top"]} == {0, len(CLASSES) - 1, len(CLASSES)}
    assert {one["class"] for one in told["top"]} == {CLASSES[0], CLASSES[-1], "Wine"}


def test_pictures_of_what_the_model_does_not_know_count_as_wrong_and_a_note_says_so(store, served, clock):
    version = served.release.card.id
    for number, truth in enumerate((0, 0, 3)):
        made = replace(world.prediction(0, model=version), class_name=CLASSES[0])
        world.commit(store, made)
        world.queue_task(store, made, keys.RANDOM_SAMPLED)
        store.create(keys.dataset(keys.RANDOM_SAMPLED, truth, made.id), b"%d" % number)
    clock.pass_(days=1)
    told = report({"days": "1"}, store=store, classes=releases.class_list(store), now=clock(), threshold=700)
    assert (told["accuracy"]["blind"] or told["accuracy"]["best"])["value"] == pytest.approx(2 / 3, abs=0.01)
    (note,) = (one for one in told["limits"] if one["kind"] == "unknown-classes")
    assert note == {"kind": "unknown-classes", "classes": CLASSES[3], "labels": 1}


def test_a_record_has_room_for_every_name_and_the_longest_is_shown_whole(store):
    """As a store sees it: more metadata than it takes is refused."""
    card = {"v": 1, "name": "food11", "sha256": "3" * 64, "classes": [CLASSES[0], LONG]}
    releases.publish(store, b"other", card, now=NOON)
    index = releases.current(store).indices[1]
    made = replace(
        world.prediction(1),
        class_name=LONG,
        filename=LONG,
        model_name=LONG,
        probabilities=tuple((9980 + number, 0.05) for number in range(20)),
    )
    made = world.commit(store, replace(made, id=new_id(NOON, (index, 0.4), "3" * 64, made.id.sample_key)))
    kept = Prediction.from_metadata(store.head(keys.production(made.id)).metadata)
    assert LONG.startswith(kept.class_name)
    assert len(kept.class_name) < len(LONG)
    assert flag(made.id, store=store)
    task = load(store.get(keys.task(keys.USER_FEEDBACK, made.id.sample_key)).body)
    assert task["data"]["ml_prediction"] == LONG


def test_nobody_chooses_a_retired_class_but_an_answer_may_be_taken_back_to_it(store, monkeypatch):
    chosen = Settings.from_environment({"S3_ENDPOINT": "http://store"})
    for name, value in {"configured": chosen, "signing_key": b"key", "store": store}.items():
        monkeypatch.setattr(wiring, name, lambda value=value: value)

    def say(made, name):
        body = dump({"prediction_id": receipts.sign(made.id, b"key"), "class": name})
        headers = Headers({"Content-Type": "application/json"})
        return relabel(Event(body, headers, "POST", MultiDict(), "/"), Context("here"))

    class_lists.edit(store, lambda classes: classes.without_choice("Meat"))
    bread, soup = (world.commit(store, world.prediction(CLASSES.index(name))) for name in ("Bread", "Meat"))
    refused = say(bread, "Meat")
    assert (refused["statusCode"], "retired" in str(refused["body"])) == (400, True)
    assert [say(soup, name)["statusCode"] for name in ("Bread", "Meat")] == [200, 200]
    assert "Meat" not in model_document(with_input(store), 700, None)["choices"]


def with_input(store):
    body = colours.model((0, 1, 2), 9)
    releases.publish(store, body, colours.card(body, classes=["Bread", "Egg", "Meat"]), now=NOON)
    return releases.current(store)
