"""What annotators meet in a Label Studio that was set up."""

import base64
import json
from dataclasses import replace

import pytest
import requests

from feedloop.domain import keys
from feedloop.domain.review import COMMON_MODEL_VERSION
from tests.labelling.deployment import FLAGGED, LOW, RANDOM, bring, queued
from tests.support import world

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]
MODELS_WORDS = ("predict", "confidence", "score", "model", "food11", "class_", "Dairy product", "0.35")


def stream(deployment, count, **body):
    """What the label stream serves to one annotator who answers each task, as (score, preselected class)."""
    served, project = [], deployment.annotator.project(LOW)
    for _ in range(count):
        task = deployment.annotator.next_task(project, **body)
        served += [(guess["score"], guess["result"][0]["value"]["choices"][0]) for guess in task["predictions"]]
        deployment.annotator.annotate(task["id"], "Egg")
    return served


def unsure(*confidences):
    return [world.prediction(confidence=confidence) for confidence in confidences]


@pytest.mark.parametrize("body", [{}, {"ordering": ["tasks:predictions_score"]}], ids=["all tasks", "as displayed"])
def test_the_least_sure_comes_first(ready, body):
    bring(ready, keys.LOW_CONFIDENCE, *unsure(0.61, 0.35, 0.5))
    assert [score for score, _ in stream(ready, 3, **body)] == [0.35, 0.5, 0.61]


def test_the_first_tab_shows_the_least_sure_first(ready):
    (view,) = ready.annotator.views(ready.annotator.project(LOW))
    bring(ready, keys.LOW_CONFIDENCE, *unsure(0.61, 0.35, 0.5))
    shown = ready.annotator.get(f"/api/tasks?view={view['id']}&fields=all").json()["tasks"]
    assert [task["predictions"][0]["score"] for task in shown] == [0.35, 0.5, 0.61]


def test_the_answers_of_two_models_are_preselected_alike(ready):
    older, newer = unsure(0.35, 0.5)
    bring(ready, keys.LOW_CONFIDENCE, older)
    bring(ready, keys.LOW_CONFIDENCE, replace(newer, model_name="food12"))
    assert stream(ready, 2) == [(0.35, "Dairy product"), (0.5, "Dairy product")]
    tasks = ready.annotator.tasks(ready.annotator.project(LOW))
    assert {task["data"]["model_version"] for task in tasks} == {"food11-9f2c11aa", "food12-9f2c11aa"}


def test_preselection_is_put_back_after_it_was_switched_off(ready):
    bring(ready, keys.LOW_CONFIDENCE, *unsure(0.35))
    path = f"/api/projects/{ready.annotator.project(LOW)}"
    ready.label_studio.ask("PATCH", path, json={"show_collab_predictions": False}).raise_for_status()
    ready.set_up()
    assert ready.annotator.get(path).json()["model_version"] == COMMON_MODEL_VERSION
    assert stream(ready, 1) == [(0.35, "Dairy product")]


def test_two_annotators_at_once_get_different_tasks(ready):
    bring(ready, keys.LOW_CONFIDENCE, *unsure(0.35, 0.5))
    project, colleague = ready.annotator.project(LOW), ready.annotator.colleague("second@example.org")
    served = [someone.next_task(project)["predictions"][0]["score"] for someone in (ready.annotator, colleague)]
    assert served == [0.35, 0.5]


def test_when_two_answers_are_wanted_a_colleague_gets_the_same_task(ready):
    path = f"/api/projects/{ready.annotator.project(FLAGGED)}"
    ready.label_studio.ask("PATCH", path, json={"maximum_annotations": 2}).raise_for_status()
    bring(ready, keys.USER_FEEDBACK, world.prediction())
    project, colleague = ready.annotator.project(FLAGGED), ready.annotator.colleague("third@example.org")
    first = ready.annotator.next_task(project)["id"]
    ready.annotator.annotate(first, "Egg")
    assert colleague.next_task(project)["id"] == first


def test_a_skipped_task_goes_to_a_colleague_and_not_back(ready):
    bring(ready, keys.LOW_CONFIDENCE, *unsure(0.35))
    project, colleague = ready.annotator.project(LOW), ready.annotator.colleague("fourth@example.org")
    task = ready.annotator.next_task(project)["id"]
    ready.annotator.annotate(task, None)
    with pytest.raises(requests.HTTPError, match="404"):
        ready.annotator.next_task(project)
    assert colleague.next_task(project)["id"] == task


def blind_places(deployment):
    """All that Label Studio tells an annotator about a task of the random sample."""
    project = deployment.annotator.project(RANDOM)
    task = deployment.annotator.next_task(project)
    yield task
    yield deployment.annotator.get(f"/api/tasks/{task['id']}?project={project}").json()
    yield deployment.annotator.get(f"/api/tasks?project={project}&fields=all&resolve_uri=false").json()


def test_the_random_sample_is_blind_in_its_tasks(ready):
    bring(ready, keys.RANDOM_SAMPLED, world.prediction(confidence=0.35))
    for ref in blind_places(ready):
        output = json.dumps([value for value in every_value(ref) if value])
        assert [word for word in MODELS_WORDS if word in output] == []


def test_a_prediction_that_slips_into_the_random_sample_is_not_preselected(ready):
    task = queued(ready, keys.LOW_CONFIDENCE, world.prediction())
    project = ready.annotator.project(RANDOM)
    ready.annotator.bring(project, task)
    assert ready.annotator.next_task(project)["predictions"] == []


def test_the_random_sample_is_blind_in_its_columns(ready):
    bring(ready, keys.RANDOM_SAMPLED, world.prediction())
    columns = ready.annotator.get(f"/api/dm/columns?project={ready.annotator.project(RANDOM)}").json()["columns"]
    assert [column["id"] for column in columns if column.get("parent") == "data"] == ["image", "source", "v"]


def test_the_address_of_a_blind_picture_tells_nothing(ready):
    made = world.prediction()
    bring(ready, keys.RANDOM_SAMPLED, made)
    address = ready.annotator.next_task(ready.annotator.project(RANDOM))["data"]["image"]
    resolved = base64.urlsafe_b64decode(address.partition("fileuri=")[2]).decode()
    assert resolved == ready.store.url(keys.image(made.id.sample_key))


def every_value(output):
    """The values in a document that are not empty, with their names."""
    if isinstance(output, dict):
        return [pair for name, value in output.items() for pair in ([(name, every_value(value))] if value else [])]
    return [every_value(value) for value in output] if isinstance(output, list) else output
