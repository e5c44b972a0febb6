"""The whole loop: predict, task, annotation (by the SDK), dataset; with outages on both sides.

Each store tells of what comes, changes and goes in its own way: that is asked of both. The rest follows from it.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest

from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.clock import utc_now
from feedloop.domain.documents import load
from feedloop.domain.review import TITLES
from tests.local.system import prediction, until
from tests.support import demo
from tests.support.staffed import LOW, colleagues, operating, project
from tests.support.uploads import clear_upload
from tests.support.world import result
from training.promotion import registry

pytestmark = pytest.mark.slow("a whole system with Label Studio")

BREAD, EGG, MEAT = 0, 3, 5


@pytest.fixture
def unsure(staffed):
    """A visitor's picture that waits in Label Studio, and the number of its task."""
    return waiting(staffed)


def waiting(staffed):
    receipt = staffed.predicted()
    return receipt, staffed.task(receipt)


def votes(staffed, receipt):
    return staffed.label(receipt)["votes"]


def test_an_answer_carries_an_unsure_picture_into_its_dataset(any_staffed):
    receipt, task = waiting(any_staffed)
    annotation = any_staffed.annotator.annotate(task, "Egg", origin="prediction-changed", lead_time=3.2)
    any_staffed.until_in({EGG}, receipt)
    vote = votes(any_staffed, receipt)[str(annotation)]
    assert (vote["origin"], vote["lead_time"], vote["annotator"]) == ("prediction-changed", 3.2, "1")


def test_a_changed_mind_moves_the_picture_and_keeps_the_history(any_staffed):
    receipt, task = waiting(any_staffed)
    annotation = any_staffed.annotator.annotate(task, "Egg")
    any_staffed.until_in({EGG}, receipt)
    any_staffed.annotator.change(annotation, "Meat")
    any_staffed.until_in({MEAT}, receipt)
    assert [entry["class_index"] for entry in any_staffed.label(receipt)["history"]] == [EGG, MEAT]


def test_a_deleted_annotation_takes_its_picture_along(any_staffed):
    receipt, task = waiting(any_staffed)
    annotation = any_staffed.annotator.annotate(task, "Egg")
    any_staffed.until_in({EGG}, receipt)
    any_staffed.annotator.delete_annotation(annotation)
    any_staffed.until_told("withdrawn", receipt)


def test_a_flagged_picture_goes_to_the_dataset_of_user_feedback(staffed):
    receipt = staffed.predicted(clear_upload())
    assert staffed.system.call("flag", data={"prediction_id": receipt}).status_code == 202
    staffed.annotator.annotate(staffed.task(receipt, keys.USER_FEEDBACK), "Meat")
    staffed.until_in({MEAT}, receipt, keys.USER_FEEDBACK)
    assert staffed.classes(receipt) == set()


def test_a_sampled_picture_goes_to_the_dataset_of_the_sample(staffed):
    receipt = staffed.predicted(clear_upload())
    day = prediction(receipt).day
    assert staffed.sample(date=day, count=100).json()["provisional"]
    staffed.annotator.annotate(staffed.task(receipt, keys.RANDOM_SAMPLED), "Bread")
    staffed.until_in({BREAD}, receipt, keys.RANDOM_SAMPLED)


@pytest.mark.parametrize(
    ("choice", "outcome"), [(None, "skipped"), ("None of these", "other"), ("Can't tell", "unclear")]
)
def test_an_answer_without_a_class_gives_no_picture(staffed, unsure, choice, outcome):
    receipt, task = unsure
    staffed.annotator.annotate(task, choice)
    staffed.until_told(outcome, receipt)


def test_a_deleted_task_takes_its_picture_along_and_stays_away(staffed, unsure):
    receipt, task = unsure
    staffed.annotator.annotate(task, "Egg")
    staffed.until_in({EGG}, receipt)
    staffed.annotator.delete_task(task)
    staffed.until_told("withdrawn", receipt)
    assert settled(staffed)["lowconfidence"]["new"] == 0
    assert images(staffed)[prediction(receipt).sample_key] == 0


def settled(staffed):
    """What a sync counted that did run; asking while another runs would only keep that one going."""
    while "projects" not in (told := staffed.sync().json()):
        until(lambda: load(staffed.store.get(keys.lease("sync")).body)["state"] == "done", "the other sync ends")
    return told["projects"]


def images(staffed):
    """How often each picture is in the project of unsure ones."""
    return Counter(task["data"]["image"].rpartition("/")[2].removesuffix(".jpg") for task in waiting_tasks(staffed))


def waiting_tasks(staffed):
    path = f"/api/tasks?project={project(staffed, LOW)}&resolve_uri=false&page_size=10000&fields=all"
    return staffed.annotator.get(path).json()["tasks"]


def test_who_disagrees_takes_the_picture_out_until_most_agree(staffed, unsure):
    receipt, task = unsure
    staffed.annotator.annotate(task, "Egg")
    staffed.until_in({EGG}, receipt)
    second, third = colleagues(staffed, "second", "third")
    assert staffed.save(task, "Meat", token=second.token) == 201
    staffed.until_told("disputed", receipt)
    assert staffed.save(task, "Meat", token=third.token) == 201
    staffed.until_in({MEAT}, receipt)


@pytest.fixture(scope="module")
def set_up_again(staffed):
    """The operator's command."""
    with operating(staffed) as someone:
        yield someone.set_up


@pytest.fixture
def renamed(staffed, unsure):
    """`unsure`, annotated, after Egg has become Eggs; it is Egg again afterwards."""
    receipt, task = unsure
    staffed.annotator.annotate(task, "Egg")
    staffed.until_in({EGG}, receipt)
    rename(staffed, "Egg", "Eggs")
    yield receipt, task
    rename(staffed, "Eggs", "Egg")


def rename(staffed, old, new):
    classes = [new if name == old else name for name in demo.CARD["classes"]]
    known = {**demo.CARD, "classes": [new if name == "Egg" else name for name in classes]}
    package = registry.ModelPackage(demo.MODEL, ModelCard(known))
    registry.publish(staffed.store, package, {old: new}, now=utc_now())


def test_a_renamed_class_stays_the_same_class(staffed, renamed):
    receipt, task = renamed
    (second,) = colleagues(staffed, "second")
    assert staffed.save(task, "Eggs", token=second.token) == 201
    until(lambda: len(votes(staffed, receipt)) == 2, "both votes count")
    assert staffed.label(receipt)["class_index"] == EGG
    path = f"/api/projects/{project(staffed, LOW)}"
    until(lambda: "Eggs (was Egg)" in staffed.annotator.get(path).json()["label_config"], "the choices have followed")


def test_what_is_saved_while_the_store_is_away_comes_later(staffed, unsure):
    receipt, task = unsure
    with staffed.to_store.closed():
        assert staffed.save(task, "Egg") == 500
    assert staffed.classes(receipt) == set()
    settled(staffed)
    staffed.until_in({EGG}, receipt)


def test_a_change_while_the_store_is_away_comes_later(staffed, unsure):
    receipt, task = unsure
    annotation = staffed.annotator.annotate(task, "Egg")
    staffed.until_in({EGG}, receipt)
    with staffed.to_store.closed():
        answer = [{"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Meat"]}}]
        path = f"/api/annotations/{annotation}/"
        assert staffed.annotator.label_studio.ask("PATCH", path, json={"result": answer}).status_code == 500
    settled(staffed)
    staffed.until_in({MEAT}, receipt)


def test_while_label_studio_is_away_tasks_wait(staffed):
    with staffed.to_label_studio.closed():
        receipt = staffed.predicted()
        until(lambda: staffed.sync().status_code == 503, "sync says so")
        refused = staffed.sync()
        assert refused.json()["type"] == "urn:feedloop:problem:annotation-tool-down"
        assert int(refused.headers["Retry-After"]) > 0
    settled(staffed)
    staffed.annotator.annotate(staffed.task(receipt), "Egg")
    staffed.until_in({EGG}, receipt)


@pytest.mark.parametrize(("many", "more"), [(16, 8), pytest.param(100, 50, marks=pytest.mark.soak)])
def test_annotators_who_save_during_imports_lose_neither_task_nor_prediction(staffed, many, more):
    people = colleagues(staffed, *(f"annotator-{number}" for number in range(4)))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: staffed.predicted(), range(many)))
        waiting = [staffed.task(receipt) for receipt in made]
        newer = [pool.submit(staffed.predicted) for _ in range(more)]
        tokens = cycle(annotator.token for annotator in people)
        saves = [
            pool.submit(staffed.save, task, "Egg", token=token) for task, token in zip(waiting, tokens, strict=False)
        ]
        assert {save.result() for save in saves} == {201}
        brought = [receipt.result() for receipt in newer]
        assert all(pool.map(staffed.task, brought))
        list(pool.map(lambda receipt: staffed.until_in({EGG}, receipt), made))
    found = images(staffed)
    assert {found[prediction(receipt).sample_key] for receipt in made + brought} == {1}
    assert {len(task["predictions"]) for task in waiting_tasks(staffed)} == {
        1
    }  # Label Studio forgets one when it retries


def test_a_label_studio_that_lost_its_memory_takes_nothing_from_the_datasets(staffed, set_up_again):
    old = staffed.predicted()
    staffed.annotator.annotate(staffed.task(old), "Egg")
    staffed.until_in({EGG}, old)
    staffed.label_studio.reset()
    set_up_again()
    new = [staffed.predicted() for _ in range(2)]
    for receipt in new:
        staffed.annotator.annotate(staffed.task(receipt), "Meat")
        staffed.until_in({MEAT}, receipt)
    staffed.curate()
    assert staffed.classes(old) == {EGG}


def test_the_projects_have_their_titles(staffed):
    assert {each["title"] for each in staffed.annotator.projects()} == set(TITLES.values())


def test_half_a_character_that_an_annotator_sends_keeps_nobody_waiting(any_staffed):
    """Label Studio answers 500, keeps it, and writes the file all the same."""
    (odd, first), (good, second) = waiting(any_staffed), waiting(any_staffed)
    chosen = {**result("Egg")[0], "from_name": "choice", "to_name": "image", "origin": "\ud800"}
    sent = any_staffed.annotator.label_studio.ask("POST", f"/api/tasks/{first}/annotations/", json={"result": [chosen]})
    assert sent.status_code == 500
    any_staffed.annotator.annotate(second, "Meat")
    any_staffed.until_in({MEAT}, good)
    any_staffed.until_in({EGG}, odd)
    (annotation,) = votes(any_staffed, odd)
    any_staffed.annotator.delete_annotation(int(annotation))
    any_staffed.until_told("withdrawn", odd)
