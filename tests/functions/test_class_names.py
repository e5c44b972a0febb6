"""Whatever a class is called, its name comes through a record, a task, annotations, datasets and the report."""

from dataclasses import replace
from datetime import timedelta
from itertools import compress
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families

from feedloop import releases, reviews
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys, review
from feedloop.domain.class_names import parse_names
from feedloop.domain.documents import load
from feedloop.domain.prediction import LONGEST_CLASS, Prediction, new_id
from functions.curate.curator import Curator
from functions.curate.sweep import sweep
from functions.flag.handler import flag
from functions.relabel.visitor import relabel
from functions.report import prometheus
from functions.report.query import parse_query
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


def test_a_record_tells_the_name_of_its_class_as_far_as_there_is_room(labelled):
    store, _, made, _ = labelled
    found = [Prediction.from_metadata(store.head(keys.production(one.id)).metadata).class_name for one in made]
    short = [len(quote(name, safe="")) <= LONGEST_CLASS for name in GIVEN]
    assert [told if fits else name[: len(told)] for told, name, fits in zip(found, GIVEN, short, strict=True)] == found
    assert [told for told, fits in zip(found, short, strict=True) if fits] == list(compress(GIVEN, short))


def test_who_flags_a_prediction_queues_the_whole_name(labelled):
    store, _, made, _ = labelled
    for one, name in zip(made, GIVEN, strict=True):
        flag(one.id, store=store)
        task = load(store.get(keys.task(keys.USER_FEEDBACK, one.id.sample_key)).body)
        assert task["data"]["ml_prediction"] == name


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


def test_the_report_is_asked_for_every_name(labelled):
    """By the address of its page, as a browser spells it."""
    _, classes, _, clock = labelled
    asked = [dict(parse_qsl(urlencode({"class": name}), strict_parsing=True)) for name in GIVEN]
    found = [parse_query(query, classes=classes, now=clock()).class_index for query in asked]
    assert found == [*range(len(GIVEN))]


def test_metrics_carry_every_name(labelled):
    store, classes, _, clock = labelled
    told = report({"days": "1"}, store=store, classes=classes, now=clock(), threshold=700)
    parsed = text_string_to_metric_families(prometheus.text(told))
    labels = {sample.labels.get("class") for family in parsed for sample in family.samples}
    assert labels >= {*GIVEN}


def test_a_list_of_names_that_we_write_is_read_back():
    assert parse_names(("\n".join(GIVEN) + "\n").encode()) == GIVEN
