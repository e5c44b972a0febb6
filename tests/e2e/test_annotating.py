"""The whole loop: predict, task, annotation (by the SDK), dataset; with outages on both sides.

Each store tells of what comes, changes and goes in its own way: that is asked of both. The rest follows from it.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest

from feedloop.domain import keys
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
def unsure(office):
    """A visitor's picture that waits in Label Studio, and the number of its task."""
    return waiting(office)


def waiting(office):
    shown = office.predicted()
    return shown, office.task(shown)


def votes(office, shown):
    return office.label(shown)["votes"]


def test_an_answer_carries_an_unsure_picture_into_its_dataset(any_office):
    shown, task = waiting(any_office)
    annotation = any_office.annotator.annotate(task, "Egg", origin="prediction-changed", lead_time=3.2)
    any_office.until_in({EGG}, shown)
    vote = votes(any_office, shown)[str(annotation)]
    assert (vote["origin"], vote["lead_time"], vote["annotator"]) == ("prediction-changed", 3.2, "1")


def test_a_changed_mind_moves_the_picture_and_keeps_the_history(any_office):
    shown, task = waiting(any_office)
    annotation = any_office.annotator.annotate(task, "Egg")
    any_office.until_in({EGG}, shown)
    any_office.annotator.change(annotation, "Meat")
    any_office.until_in({MEAT}, shown)
    assert [entry["class_index"] for entry in any_office.label(shown)["history"]] == [EGG, MEAT]


def test_a_deleted_annotation_takes_its_picture_along(any_office):
    shown, task = waiting(any_office)
    annotation = any_office.annotator.annotate(task, "Egg")
    any_office.until_in({EGG}, shown)
    any_office.annotator.delete_annotation(annotation)
    any_office.until_told("withdrawn", shown)


def test_a_flagged_picture_goes_to_the_dataset_of_user_feedback(office):
    shown = office.predicted(clear_upload())
    assert office.system.call("flag", data={"prediction_id": shown}).status_code == 202
    office.annotator.annotate(office.task(shown, keys.USER_FEEDBACK), "Meat")
    office.until_in({MEAT}, shown, keys.USER_FEEDBACK)
    assert office.classes(shown) == set()


def test_a_sampled_picture_goes_to_the_dataset_of_the_sample(office):
    shown = office.predicted(clear_upload())
    day = prediction(shown).day
    assert office.sample(date=day, count=100).json()["provisional"]
    office.annotator.annotate(office.task(shown, keys.RANDOM_SAMPLED), "Bread")
    office.until_in({BREAD}, shown, keys.RANDOM_SAMPLED)


@pytest.mark.parametrize(
    ("choice", "outcome"), [(None, "skipped"), ("None of these", "other"), ("Can't tell", "unclear")]
)
def test_an_answer_without_a_class_gives_no_picture(office, unsure, choice, outcome):
    shown, task = unsure
    office.annotator.annotate(task, choice)
    office.until_told(outcome, shown)


def test_a_deleted_task_takes_its_picture_along_and_stays_away(office, unsure):
    shown, task = unsure
    office.annotator.annotate(task, "Egg")
    office.until_in({EGG}, shown)
    office.annotator.delete_task(task)
    office.until_told("withdrawn", shown)
    assert settled(office)["lowconfidence"]["new"] == 0
    assert images(office)[prediction(shown).random] == 0


def settled(office):
    """What a sync counted that did run; asking while another runs would only keep that one going."""
    while "projects" not in (told := office.sync().json()):
        until(lambda: load(office.store.get(keys.lease("sync")).body)["state"] == "done", "the other sync ends")
    return told["projects"]


def images(office):
    """How often each picture is in the project of unsure ones."""
    return Counter(task["data"]["image"].rpartition("/")[2].removesuffix(".jpg") for task in waiting_tasks(office))


def waiting_tasks(office):
    path = f"/api/tasks?project={project(office, LOW)}&resolve_uri=false&page_size=10000&fields=all"
    return office.annotator.get(path).json()["tasks"]


def test_who_disagrees_takes_the_picture_out_until_most_agree(office, unsure):
    shown, task = unsure
    office.annotator.annotate(task, "Egg")
    office.until_in({EGG}, shown)
    second, third = colleagues(office, "second", "third")
    assert office.save(task, "Meat", token=second.token) == 201
    office.until_told("disputed", shown)
    assert office.save(task, "Meat", token=third.token) == 201
    office.until_in({MEAT}, shown)


@pytest.fixture(scope="module")
def set_up_again(office):
    """The operator's command."""
    with operating(office) as someone:
        yield someone.set_up


@pytest.fixture
def renamed(office, unsure, set_up_again):
    """`unsure`, annotated, after Egg has become Eggs; it is Egg again afterwards."""
    shown, task = unsure
    office.annotator.annotate(task, "Egg")
    office.until_in({EGG}, shown)
    rename(office, "Egg", "Eggs")
    set_up_again()
    yield shown, task
    rename(office, "Eggs", "Egg")
    set_up_again()


def rename(office, old, new):
    classes = [new if name == old else name for name in demo.CARD["classes"]]
    known = {**demo.CARD, "classes": [new if name == "Egg" else name for name in classes]}
    registry.release(office.store, demo.MODEL, known, {old: new}, now=utc_now())


def test_a_renamed_class_stays_the_same_class(office, renamed):
    shown, task = renamed
    (second,) = colleagues(office, "second")
    assert office.save(task, "Eggs", token=second.token) == 201
    until(lambda: len(votes(office, shown)) == 2, "both votes count")
    assert office.label(shown)["class_index"] == EGG
    assert "Eggs" in office.annotator.get(f"/api/projects/{project(office, LOW)}").json()["label_config"]


def test_what_is_saved_while_the_store_is_away_comes_later(office, unsure):
    shown, task = unsure
    with office.to_store.closed():
        assert office.save(task, "Egg") == 500
    assert office.classes(shown) == set()
    settled(office)
    office.until_in({EGG}, shown)


def test_a_change_while_the_store_is_away_comes_later(office, unsure):
    shown, task = unsure
    annotation = office.annotator.annotate(task, "Egg")
    office.until_in({EGG}, shown)
    with office.to_store.closed():
        answer = [{"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Meat"]}}]
        path = f"/api/annotations/{annotation}/"
        assert office.annotator.desk.ask("PATCH", path, json={"result": answer}).status_code == 500
    settled(office)
    office.until_in({MEAT}, shown)


def test_while_label_studio_is_away_tasks_wait(office):
    with office.to_desk.closed():
        shown = office.predicted()
        until(lambda: office.sync().status_code == 503, "sync says so")
        refused = office.sync()
        assert refused.json()["type"] == "urn:feedloop:problem:annotation-tool-down"
        assert int(refused.headers["Retry-After"]) > 0
    settled(office)
    office.annotator.annotate(office.task(shown), "Egg")
    office.until_in({EGG}, shown)


@pytest.mark.parametrize(("many", "more"), [(16, 8), pytest.param(100, 50, marks=pytest.mark.soak)])
def test_annotators_who_save_during_imports_lose_neither_task_nor_prediction(office, many, more):
    people = colleagues(office, *(f"annotator-{number}" for number in range(4)))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: office.predicted(), range(many)))
        waiting = [office.task(shown) for shown in made]
        newer = [pool.submit(office.predicted) for _ in range(more)]
        tokens = cycle(annotator.token for annotator in people)
        saves = [
            pool.submit(office.save, task, "Egg", token=token) for task, token in zip(waiting, tokens, strict=False)
        ]
        assert {save.result() for save in saves} == {201}
        brought = [shown.result() for shown in newer]
        assert all(pool.map(office.task, brought))
        list(pool.map(lambda shown: office.until_in({EGG}, shown), made))
    found = images(office)
    assert {found[prediction(shown).random] for shown in made + brought} == {1}
    assert {len(task["predictions"]) for task in waiting_tasks(office)} == {
        1
    }  # Label Studio forgets one when it retries


def test_a_label_studio_that_lost_its_memory_takes_nothing_from_the_datasets(office, set_up_again):
    old = office.predicted()
    office.annotator.annotate(office.task(old), "Egg")
    office.until_in({EGG}, old)
    office.desk.forget()
    set_up_again()
    new = [office.predicted() for _ in range(2)]
    for shown in new:
        office.annotator.annotate(office.task(shown), "Meat")
        office.until_in({MEAT}, shown)
    office.curate()
    assert office.classes(old) == {EGG}


def test_the_projects_have_their_titles(office):
    assert {each["title"] for each in office.annotator.projects()} == set(TITLES.values())


def test_half_a_character_that_an_annotator_sends_keeps_nobody_waiting(any_office):
    """Label Studio answers 500, keeps it, and writes the file all the same."""
    (odd, first), (good, second) = waiting(any_office), waiting(any_office)
    chosen = {**result("Egg")[0], "from_name": "choice", "to_name": "image", "origin": "\ud800"}
    sent = any_office.annotator.desk.ask("POST", f"/api/tasks/{first}/annotations/", json={"result": [chosen]})
    assert sent.status_code == 500
    any_office.annotator.annotate(second, "Meat")
    any_office.until_in({MEAT}, good)
    any_office.until_in({EGG}, odd)
    (annotation,) = votes(any_office, odd)
    any_office.annotator.delete_annotation(int(annotation))
    any_office.until_told("withdrawn", odd)
