"""Whatever a class is called, its name comes through a record, a task, annotations, datasets and the report."""

from dataclasses import replace
from datetime import timedelta

import pytest

from feedloop import releases, reviews
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys, review
from feedloop.domain.class_names import parse_names
from feedloop.domain.documents import load
from feedloop.domain.prediction import Prediction, new_id
from functions.curate.curator import Curator
from functions.curate.sweep import sweep
from functions.relabel.visitor import relabel
from functions.report.report import report
from tests.support import world
from tests.support.class_names import GIVEN
from tests.support.world import MODEL, NOON


@pytest.fixture(scope="module")
def labelled():
    """Each class said once by the model, and once of it by an annotator and by a visitor, who name the next class."""
    clock = world.SettableClock()
    store = MemoryStore(clock=clock)
    card = {"v": 1, "name": "food11", "sha256": MODEL, "classes": [*GIVEN]}
    releases.publish(store, b"weights", card, now=NOON)
    classes, made = releases.class_list(store), []
    for index, name in enumerate(GIVEN):
        one = world.prediction(1)
        made.append(replace(one, id=new_id(NOON, (index, 0.4), MODEL, one.id.sample_key), class_name=name))
        world.commit(store, made[-1])
        reviews.queue_informed(store, made[-1], keys.LOW_CONFIDENCE)
        answer = GIVEN[(index + 1) % len(GIVEN)]
        world.write(store, keys.LOW_CONFIDENCE, str(index), world.annotation(store, made[-1], answer))
        relabel(made[-1], classes.index(answer), store=store, classes=classes, now=NOON)
    sweep(Curator(store, classes, clock), patience=timedelta(minutes=15))
    clock.pass_(days=1)
    return store, classes, made, clock


def test_a_record_tells_the_name_of_its_class(labelled):
    store, _, made, _ = labelled
    found = [Prediction.from_metadata(store.head(keys.production(one.id)).metadata) for one in made]
    assert [one.class_name for one in found] == [*GIVEN]


def test_a_task_has_the_name_chosen_already(labelled):
    store, classes, made, _ = labelled
    chosen = []
    for one in made:
        body = store.get(keys.task(keys.LOW_CONFIDENCE, one.id.sample_key)).body
        task = review.parse_task(body, keys.LOW_CONFIDENCE, store.url(keys.image(one.id.sample_key)))
        chosen += review.as_imported(task, classes)["predictions"][0]["result"][0]["value"]["choices"]
    assert chosen == [*GIVEN]


@pytest.mark.parametrize("queue", [keys.LOW_CONFIDENCE, keys.USER_FEEDBACK_2])
def test_an_answer_by_name_lands_in_its_class(labelled, queue):
    store, _, made, _ = labelled
    said = {}
    for index in range(len(GIVEN)):
        said |= {keys.parse_dataset(entry.key)[1]: index for entry in store.list(keys.dataset_class(queue, index))}
    assert [said[one.id] for one in made] == [(index + 1) % len(GIVEN) for index in range(len(GIVEN))]
    assert [load(store.get(keys.label(queue, one.id)).body)["outcome"] for one in made] == ["class"] * len(GIVEN)


def test_the_report_tells_every_name(labelled):
    store, classes, _, clock = labelled
    told = report({"days": "1"}, store=store, classes=classes, now=clock(), threshold=700)
    assert told["classes"] == [*GIVEN]


def test_a_list_of_names_that_we_write_is_read_back():
    assert parse_names(("\n".join(GIVEN) + "\n").encode()) == GIVEN
