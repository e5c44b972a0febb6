"""What a later set-up keeps, and what it mends."""

from xml.etree.ElementTree import fromstring

import pytest

from feedloop import releases, reviews
from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.domain import annotations, keys
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump, load
from feedloop.domain.review import COMMON_MODEL_VERSION
from tests.labelling.deployment import FLAGGED, LOW, bring, changes, project, storages
from tests.support import world
from tests.support.class_names import GIVEN

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]


def edit(deployment, of, /, **fields):
    deployment.label_studio.ask(
        "PATCH", f"/api/projects/{project(deployment, of)['id']}", json=fields
    ).raise_for_status()


def test_a_second_run_changes_nothing(ready):
    bring(ready, keys.LOW_CONFIDENCE, world.prediction())
    assert changes(ready.set_up()) == []


def test_pressing_sync_brings_nothing(ready):
    bring(ready, keys.LOW_CONFIDENCE, world.prediction())
    for kind, storage in zip(("s3", "export/s3"), storages(ready), strict=True):
        assert ready.label_studio.ask("POST", f"/api/storages/{kind}/{storage['id']}/sync").status_code == 400
    assert len(ready.annotator.tasks(project(ready)["id"])) == 1


def test_a_storage_that_was_deleted_is_made_again(ready):
    ready.label_studio.ask("DELETE", f"/api/storages/export/s3/{storages(ready)[1]['id']}").raise_for_status()
    assert changes(ready.set_up()) == [f"{LOW}: made the target storage Annotations"]


def test_a_storage_that_was_given_another_title_is_no_second_one(ready):
    """Two target storages would write every answer twice."""
    for kind, storage in zip(("s3", "export/s3"), storages(ready), strict=True):
        path = f"/api/storages/{kind}/{storage['id']}"
        ready.label_studio.ask("PATCH", path, json={"title": "Ours"}).raise_for_status()
    output = changes(ready.set_up())
    assert output == [f"{LOW}: mended the {kind} storage Ours: title" for kind in ("source", "target")]
    assert [storage["title"] for storage in storages(ready)] == ["Tasks", "Annotations"]


def test_what_was_edited_by_hand_is_put_back(ready):
    edit(ready, LOW, label_config="<View/>", show_collab_predictions=False, sampling="Uniform sampling")
    ready.set_up()
    found = project(ready)
    assert (found["show_collab_predictions"], found["sampling"]) == (True, "Uncertainty sampling")
    assert '<Choice value="Bread" hotkey="1" />' in found["label_config"]


def test_what_is_the_operators_to_choose_stays(ready):
    edit(ready, FLAGGED, maximum_annotations=2, color="#FF0000", skip_queue="IGNORE_SKIPPED")
    assert changes(ready.set_up()) == []
    found = project(ready, FLAGGED)
    assert (found["maximum_annotations"], found["skip_queue"]) == (2, "IGNORE_SKIPPED")


def test_a_view_keeps_what_people_add_to_it(ready):
    (view,) = ready.annotator.views(project(ready)["id"])
    data = {**view["data"], "ordering": ["tasks:id"], "columnsWidth": {"tasks:id": 99}}
    ready.label_studio.ask("PATCH", f"/api/dm/views/{view['id']}", json={"data": data}).raise_for_status()
    assert changes(ready.set_up()) == [f"{LOW}: mended the view Least sure first: ordering"]
    (view,) = ready.annotator.views(project(ready)["id"])
    assert view["data"]["columnsWidth"] == {"tasks:id": 99}


def test_no_secret_of_the_store_is_kept_in_label_studio(ready):
    assert ready.operator.store.secret_key.encode() not in ready.label_studio.database.read_bytes()


def test_status_counts_tasks_and_answers(ready):
    first, second, _ = bring(ready, keys.LOW_CONFIDENCE, *(world.prediction() for _ in range(3)))
    ready.annotator.annotate(first, "Egg")
    ready.annotator.annotate(second, None)
    output = ready.operator.run("status").output
    assert f"{LOW}: 3 tasks, 1 answered, 1 annotations, 1 skipped\n" in output


CHOICE = {"from_name": "choice", "to_name": "image", "type": "choices"}


def test_a_project_is_found_again_whatever_it_is_called(ready):
    """By the set-up's note; without that, by where its answers go."""
    before = {found["id"] for found in ready.annotator.projects()}
    number = project(ready)["id"]
    edit(ready, LOW, title="Unsure ones", description="Ours")
    assert changes(ready.set_up()) == ["mended the project Unsure ones: description"]
    ready.store.delete(keys.projects())
    assert changes(ready.set_up()) == []
    assert "Unsure ones: 0 tasks" in ready.operator.run("status").output
    label_studio = LabelStudioTool(url=ready.label_studio.url, token=ready.label_studio.token)
    found = reviews.match_projects(label_studio.projects(), reviews.fetch_noted_projects(ready.store))
    assert {one.id for one in found.values()} == before
    assert (found[keys.LOW_CONFIDENCE].id, found[keys.LOW_CONFIDENCE].title) == (number, "Unsure ones")


def test_pre_annotations_of_unanswered_tasks_follow_a_renamed_class(ready):
    """What is chosen already must be one of the answers that there are."""
    first, second = bring(ready, keys.LOW_CONFIDENCE, world.prediction(3), world.prediction(1))
    (answered,) = bring(ready, keys.LOW_CONFIDENCE, world.prediction(3))
    ready.annotator.annotate(answered, "Egg")
    draft = {"result": [{**CHOICE, "origin": "\ud800", "value": {"choices": ["Egg"]}}]}
    assert ready.label_studio.ask("POST", f"/api/tasks/{first}/drafts", json=draft).status_code == 500  # and is kept
    world.rename(ready.store, "Egg", "Œufs & \u5bff")
    assert f"{LOW}: gave 1 pre-annotations the present name of their class" in ready.set_up()
    assert changes(ready.set_up()) == []
    shown = [
        ready.label_studio.ask("GET", f"/api/predictions/?task={task}").json()[0] for task in (first, second, answered)
    ]
    chosen = [guess["result"][0]["value"]["choices"] for guess in shown]
    assert chosen == [["Œufs & \u5bff"], ["Dairy product"], ["Egg"]]
    assert (shown[0]["model_version"], shown[0]["score"]) == (COMMON_MODEL_VERSION, 0.4)


SECOND = '<Choices name="sure" toName="image"><Choice value="Yes"/><Choice value="No"/></Choices>'


def test_a_second_question_stays_and_so_do_its_answers(ready):
    """Label Studio takes no config that lacks a question which somebody has answered."""
    edit(ready, LOW, label_config=project(ready)["label_config"].replace("</Choices>", f"</Choices>{SECOND}"))
    (task,) = bring(ready, keys.LOW_CONFIDENCE, world.prediction())
    theirs = {**CHOICE, "from_name": "sure", "value": {"choices": ["Yes"]}}
    result = [theirs, {**CHOICE, "value": {"choices": ["Egg"]}}]
    ready.label_studio.ask("POST", f"/api/tasks/{task}/annotations/", json={"result": result}).raise_for_status()
    assert changes(ready.set_up()) == []
    world.rename(ready.store, "Egg", "Eggs")
    ready.set_up()
    config = project(ready)["label_config"]
    assert config.count("<Choice ") == len(world.CLASSES) + 5
    assert '<Choice value="Eggs (was Egg)" alias="Egg" />' in config  # else the answer would show as none
    assert '<Choices name="sure"' in config
    assert 'value="Eggs"' in config
    assert annotations.parse_annotation(
        newest_file(ready), releases.class_list(ready.store)
    ).vote.class_index == world.CLASSES.index("Egg")


def test_every_name_that_people_give_comes_back_out_of_label_studios_files(ready):
    """By what its config says of each class; one annotation carries them all."""
    ref = keys.class_list()
    classes = ClassList.of(GIVEN)
    ready.store.replace(ref, dump(classes.to_document()), etag=ready.store.get(ref).etag)
    ready.set_up()
    (task,) = bring(ready, keys.LOW_CONFIDENCE, world.prediction())
    choices = fromstring(project(ready)["label_config"]).findall(".//Choices[@name='choice']/Choice")
    answers = [choice.get("alias") or choice.get("value") for choice in choices[: len(GIVEN)]]
    result = [{**CHOICE, "value": {"choices": [answer]}} for answer in answers]
    ready.label_studio.ask("POST", f"/api/tasks/{task}/annotations/", json={"result": result}).raise_for_status()
    file = load(newest_file(ready))
    votes = [annotations.parse_annotation(dump({**file, "result": [part]}), classes).vote for part in file["result"]]
    assert [vote.class_index for vote in votes] == list(range(len(GIVEN)))


def newest_file(deployment):
    """The last annotation's, as the storage has it."""
    files = world.everything(deployment.store, keys.LABELSTUDIO, keys.outputs(keys.LOW_CONFIDENCE).key)
    return files[max(files, key=lambda key: int(key.rpartition("/")[2]))]
