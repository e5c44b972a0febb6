"""What a set-up leaves behind, in real Label Studio over SeaweedFS."""

from dataclasses import replace

import pytest

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.review import TITLES
from tests.labelling.deployment import LOW, RANDOM, bring, changes, project, storages
from tests.support import servers, world

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]


def test_each_queue_has_a_project_that_says_what_it_is(deployment):
    deployment.set_up()
    assert {found["title"] for found in deployment.annotator.projects()} == {*TITLES.values()}
    assert all(found["description"] and found["expert_instruction"] for found in deployment.annotator.projects())


def test_it_says_where_the_projects_are(deployment):
    output = deployment.set_up()
    assert f"{RANDOM} is ready: {deployment.label_studio.url}/projects/{project(deployment, RANDOM)['id']}\n" in output


@pytest.mark.slow("several set-ups")
def test_other_buckets_are_taken_up(deployment):
    deployment.set_up()
    store = servers.fresh_store(deployment.operator.store)
    world.release(store)
    replace(deployment.operator, prefix=servers.prefix_of(store)).set_up()
    assert {storage["bucket"] for storage in storages(deployment)} == {f"{servers.prefix_of(store)}labelstudio"}


@pytest.mark.slow("several set-ups")
def test_a_renamed_class_is_offered_and_no_answer_is_lost(deployment):
    deployment.set_up()
    (task,) = bring(deployment, keys.LOW_CONFIDENCE, world.prediction())
    deployment.annotator.annotate(task, "Egg")
    world.rename(deployment.store, "Egg", "Eggs")
    assert len(changes(deployment.set_up())) == 3
    assert 'value="Eggs"' in project(deployment)["label_config"]
    (answered,) = deployment.annotator.tasks(project(deployment)["id"])
    assert answered["annotations"][0]["result"][0]["value"]["choices"] == ["Egg"]


def test_hundreds_of_classes_are_taken(deployment):
    card = {"v": 1, "name": "many", "sha256": "ab" * 32, "classes": [f"Dish number {number}" for number in range(400)]}
    releases.publish(deployment.store, b"weights", card, now=world.NOON, new_classes=True)
    deployment.set_up()
    assert project(deployment)["label_config"].count("<Choice ") == 402 + len(world.CLASSES)


@pytest.mark.slow("several set-ups")
def test_a_twin_without_tasks_is_removed(deployment):
    deployment.set_up()
    fields = {name: project(deployment)[name] for name in WANTED}
    deployment.label_studio.ask("POST", "/api/projects", json=fields).raise_for_status()
    assert [line.partition(",")[0] for line in changes(deployment.set_up())] == [f"removed a second project {LOW}"]
    assert len(deployment.annotator.projects()) == 3


@pytest.mark.slow("several set-ups")
def test_a_twin_with_tasks_is_never_removed(deployment):
    deployment.set_up()
    fields = {name: project(deployment)[name] for name in WANTED}
    twin = deployment.label_studio.ask("POST", "/api/projects", json=fields).json()["id"]
    deployment.annotator.bring(twin, {"data": {"image": "s3://labelstudio/images/x.jpg"}})
    assert changes(deployment.set_up()) == [
        f"a second project {LOW}, number {twin}, is not used: rename it, or delete it",
    ]


def test_status_says_what_is_missing(deployment):
    assert f"{LOW} is missing: run feedloop labelling setup\n" in deployment.operator.run("status").output


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
