"""What a set-up leaves behind, in real Label Studio over SeaweedFS."""

from dataclasses import replace

import pytest

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.review import TITLES
from tests.labelling.office import LOW, RANDOM, bring, changes, project, rename, storages
from tests.support import label_studio as desks
from tests.support import servers, world

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]


def test_each_queue_has_a_project_that_says_what_it_is(office):
    office.set_up()
    assert {found["title"] for found in office.annotator.projects()} == {*TITLES.values()}
    assert all(found["description"] and found["expert_instruction"] for found in office.annotator.projects())


def test_it_says_where_the_projects_are(office):
    told = office.set_up()
    assert f"{RANDOM} is ready: {office.desk.url}/projects/{project(office, RANDOM)['id']}\n" in told


@pytest.mark.slow("several set-ups")
def test_other_buckets_are_taken_up(office):
    office.set_up()
    store = servers.fresh_store(office.operator.store)
    world.release(store)
    replace(office.operator, prefix=desks.prefix_of(store)).set_up()
    assert {storage["bucket"] for storage in storages(office)} == {f"{desks.prefix_of(store)}labelstudio"}


@pytest.mark.slow("several set-ups")
def test_a_renamed_class_is_offered_and_no_answer_is_lost(office):
    office.set_up()
    (task,) = bring(office, keys.LOW_CONFIDENCE, world.prediction())
    office.annotator.annotate(task, "Egg")
    rename(office.store, "Egg", "Eggs")
    assert len(changes(office.set_up())) == 3
    assert 'value="Eggs"' in project(office)["label_config"]
    (answered,) = office.annotator.tasks(project(office)["id"])
    assert answered["annotations"][0]["result"][0]["value"]["choices"] == ["Egg"]


def test_hundreds_of_classes_are_taken(office):
    card = {"v": 1, "name": "many", "sha256": "ab" * 32, "classes": [f"Dish number {number}" for number in range(400)]}
    releases.publish(office.store, b"weights", card, now=world.NOON)
    office.set_up()
    assert project(office)["label_config"].count("<Choice ") == 402


@pytest.mark.slow("several set-ups")
def test_a_twin_without_tasks_is_removed(office):
    office.set_up()
    fields = {name: project(office)[name] for name in WANTED}
    office.desk.ask("POST", "/api/projects", json=fields).raise_for_status()
    assert [line.partition(",")[0] for line in changes(office.set_up())] == [f"removed a second project {LOW}"]
    assert len(office.annotator.projects()) == 3


@pytest.mark.slow("several set-ups")
def test_a_twin_with_tasks_is_never_removed(office):
    office.set_up()
    fields = {name: project(office)[name] for name in WANTED}
    twin = office.desk.ask("POST", "/api/projects", json=fields).json()["id"]
    office.annotator.bring(twin, {"data": {"image": "s3://labelstudio/images/x.jpg"}})
    assert changes(office.set_up()) == [
        f"a second project {LOW}, number {twin}, is not used: rename it, or delete it",
    ]


def test_status_says_what_is_missing(office):
    assert f"{LOW} is missing: run python -m labelling setup\n" in office.operator.run("status").told


WANTED = (
    "title",
    "description",
    "expert_instruction",
    "label_config",
    "enable_empty_annotation",
    "show_collab_predictions",
    "sampling",
    "model_version",
)
