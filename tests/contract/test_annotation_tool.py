"""What sync relies on, of the annotation tool in memory and of a real Label Studio alike."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

import pytest

from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.domain.documents import load
from feedloop.domain.errors import AnnotationToolDown, AnnotationToolMisconfigured, Changed, ConfigRefused, TaskRefused
from feedloop.domain.review import TITLES
from tests.support import annotator
from tests.support.failing import DONE, UNDONE, failing
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.world import NOON

CONFIG = (
    '<View><Image name="image" value="$image"/><Choices name="choice" toName="image">'
    '<Choice value="Egg"/><Choice value="Meat"/></Choices></View>'
)
CHOSEN = {"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Egg"]}}
LONG_AGO = NOON.replace(year=2001)

pytestmark = pytest.mark.xdist_group("label_studio")


@pytest.fixture(scope="session")
def people(label_studio):
    with annotator.annotator(label_studio) as first:
        yield first


@pytest.fixture(params=["memory", pytest.param("label_studio", marks=pytest.mark.store)])
def backend(request):
    """An annotation tool, somebody who annotates there, and how to open a project."""
    if request.param == "memory":
        memory = MemoryAnnotationTool()
        return memory, memory, memory.open
    server = request.getfixturevalue("label_studio")
    form = {"label_config": CONFIG}
    tool = LabelStudioTool(url=server.url, token=server.token)
    return (
        tool,
        request.getfixturevalue("people"),
        lambda title: server.ask("POST", "/api/projects", json={"title": title, **form}).raise_for_status(),
    )


@pytest.fixture
def tool(backend):
    return backend[0]


@pytest.fixture
def by_hand(backend):
    return backend[1]


@pytest.fixture
def project(backend):
    """An empty project of one's own."""
    tool, _, opens = backend
    title = f"Project {token_hex(4)}"
    opens(title)
    return lambda: titled(tool, title)


def titled(tool, title):
    """The only project with this title."""
    (found,) = [project for project in tool.projects() if project.title == title]
    return found


def picture(number):
    return f"s3://labelstudio/images/{number:032x}.jpg"


def task(number, **more):
    return {"data": {"v": 1, "image": picture(number), **more}, "predictions": []}


def every(tool, project):
    return list(tool.annotations(project, since=LONG_AGO, after=0))


def test_a_new_project_has_no_annotations(project):
    assert project().annotations == 0


def test_a_project_tells_the_time_that_dates_its_answers(tool, project, by_hand):
    (made,) = tool.add(project(), [task(1)])
    before = project().as_of
    by_hand.annotate(made, "Egg")
    (answer,) = every(tool, project())
    assert before <= answer.updated_at <= project().as_of + timedelta(seconds=1)


def test_tasks_are_imported_in_order(tool, project):
    ids = tool.add(project(), [task(1), task(2), task(3)])
    assert tool.find(project(), [picture(2), picture(3)]) == {picture(2): ids[1], picture(3): ids[2]}


def test_many_tasks_are_found_by_their_pictures(tool, project):
    ids = tool.add(project(), [task(number) for number in range(120)])
    assert tool.find(project(), [picture(number) for number in range(200)]) == dict(
        zip(map(picture, range(120)), ids, strict=True)
    )


def test_of_two_tasks_with_the_same_picture_the_older_is_found(tool, project):
    first, _ = tool.add(project(), [task(1), task(1)])
    assert tool.find(project(), [picture(1)]) == {picture(1): first}


def test_tasks_of_another_project_are_not_found(tool, project, backend):
    title = f"Project {token_hex(4)}"
    backend[2](title)
    tool.add(titled(tool, title), [task(1)])
    assert tool.find(project(), [picture(1)]) == {}


def test_one_bad_task_refuses_all(tool, project):
    with pytest.raises(TaskRefused):
        tool.add(project(), [task(1), {"data": {"v": 1}, "predictions": []}])
    assert tool.find(project(), [picture(1)]) == {}


def test_a_task_that_nobody_began_can_be_removed(tool, project):
    tool.remove(tool.add(project(), [task(1)])[0], picture(1))
    assert tool.find(project(), [picture(1)]) == {}


def test_a_task_is_removed_only_with_its_own_picture(tool, project):
    tool.remove(tool.add(project(), [task(1)])[0], picture(2))
    assert list(tool.find(project(), [picture(1)])) == [picture(1)]


def test_removing_a_task_that_is_gone_is_fine(tool, project):
    (made,) = tool.add(project(), [task(1)])
    for _ in range(2):
        tool.remove(made, picture(1))


@pytest.mark.parametrize("choice", ["Egg", None])
def test_an_answered_or_skipped_task_is_not_removed(tool, project, by_hand, choice):
    (made,) = tool.add(project(), [task(1)])
    by_hand.annotate(made, choice)
    tool.remove(made, picture(1))
    assert list(tool.find(project(), [picture(1)])) == [picture(1)]


def test_answers_and_skips_are_counted(tool, project, by_hand):
    for made, choice in zip(tool.add(project(), [task(1), task(2), task(3)]), ["Egg", "Meat", None], strict=True):
        by_hand.annotate(made, choice)
    assert project().annotations == 3


def test_an_answer_says_what_curate_reads(tool, project, by_hand):
    (made,) = tool.add(project(), [task(1)])
    annotation = by_hand.annotate(made, "Egg")
    (answer,) = every(tool, project())
    body = load(answer.body)
    assert (answer.id, body["id"], body["was_cancelled"]) == (annotation, annotation, False)
    assert body["result"][0]["value"] == {"choices": ["Egg"]}
    assert body["task"]["data"]["image"] == picture(1)
    assert isinstance(body["completed_by"]["id"], int)
    assert (body["project"], "created_at" in body, "lead_time" in body) == (project().id, True, True)


def test_a_skip_is_an_answer(tool, project, by_hand):
    by_hand.annotate(tool.add(project(), [task(1)])[0], None)
    assert [load(answer.body)["was_cancelled"] for answer in every(tool, project())] == [True]


def test_every_answer_of_a_task_comes_once(tool, project, by_hand):
    (made,) = tool.add(project(), [task(1)])
    ids = [by_hand.annotate(made, choice) for choice in ("Egg", "Meat")]
    assert sorted(answer.id for answer in every(tool, project())) == ids


def test_only_newer_answers_are_asked_for(tool, project, by_hand):
    made = tool.add(project(), [task(1), task(2)])
    first, second = (by_hand.annotate(each, "Egg") for each in made)
    later = every(tool, project())[0].updated_at + timedelta(days=1)
    assert [answer.id for answer in tool.annotations(project(), since=later, after=first)] == [second]


def test_nothing_newer_is_nothing(tool, project, by_hand):
    annotation = by_hand.annotate(tool.add(project(), [task(1)])[0], "Egg")
    (answer,) = every(tool, project())
    later = answer.updated_at + timedelta(days=1)
    assert list(tool.annotations(project(), since=later, after=annotation)) == []


def test_a_changed_answer_is_newer(tool, project, by_hand):
    annotation = by_hand.annotate(tool.add(project(), [task(1)])[0], "Egg")
    before = every(tool, project())[0]
    by_hand.change(annotation, "Meat")
    (after,) = tool.annotations(project(), since=before.updated_at - timedelta(seconds=1), after=annotation)
    assert load(after.body)["result"][0]["value"] == {"choices": ["Meat"]}


def test_a_deleted_answer_is_gone(tool, project, by_hand):
    annotation = by_hand.annotate(tool.add(project(), [task(1)])[0], "Egg")
    assert tool.has_annotation(annotation)
    by_hand.delete_annotation(annotation)
    assert not tool.has_annotation(annotation)
    assert (project().annotations, every(tool, project())) == (0, [])


def test_answers_come_although_they_fill_many_pages(tool, project, by_hand, monkeypatch):
    monkeypatch.setattr("feedloop.adapters.label_studio._PAGE", 2)
    ids = [by_hand.annotate(made, "Egg") for made in tool.add(project(), [task(number) for number in range(5)])]
    assert [answer.id for answer in every(tool, project())] == ids


def guess(choice, **part):
    said = {**CHOSEN, "value": {"choices": [choice]}, **part}
    return {"model_version": "the model", "score": 0.4, "result": [said]}


def chosen(tool, project, choice):
    return [one.result[0]["value"]["choices"] for one in tool.pre_annotations(project(), choice)]


def test_a_label_config_is_replaced_only_over_the_one_that_was_read(tool, project):
    before = tool.label_config(project())
    after = before.replace('value="Egg"', 'value="Eggs"')
    tool.set_label_config(project(), after, instead_of=before)
    with pytest.raises(Changed):
        tool.set_label_config(project(), before, instead_of=before)
    assert tool.label_config(project()) == after


def test_a_config_that_loses_an_answered_question_is_refused(tool, project, by_hand):
    by_hand.annotate(tool.add(project(), [task(1)])[0], "Egg")
    before = tool.label_config(project())
    with pytest.raises(ConfigRefused):
        tool.set_label_config(project(), before.replace('name="choice"', 'name="other"'), instead_of=before)
    assert tool.label_config(project()) == before


def test_choices_that_answers_have_are_in_use_until_none_has_them(tool, project, by_hand):
    annotation = by_hand.annotate(tool.add(project(), [task(1)])[0], "Egg")
    assert tool.choices_in_use(project(), ["Egg", "Meat"]) == {"Egg"}
    by_hand.change(annotation, "Meat")
    assert tool.choices_in_use(project(), ["Egg", "Meat"]) == {"Meat"}


@pytest.mark.parametrize("name", ["Egg", "Œufs & \u5bff", 'a "b" \\ $c', "فلافل"])
def test_pre_annotations_of_unanswered_tasks_are_found_and_changed(tool, project, by_hand, name):
    _, answered, _ = tool.add(
        project(), [{**task(n), "predictions": [guess(choice)]} for n, choice in enumerate([name, name, "Meat"])]
    )
    by_hand.annotate(answered, "Meat")
    (found,) = tool.pre_annotations(project(), name)
    tool.set_pre_annotation(replace(found, result=guess("Eggs")["result"]))
    assert (chosen(tool, project, name), chosen(tool, project, "Eggs")) == ([], [["Eggs"]])


HALF = "\ud800"


@pytest.mark.store
class TestLabelStudio:
    def test_tasks_that_it_fails_to_tell_keep_no_other_one_waiting(self, label_studio, monkeypatch):
        """It keeps half of a pair and answers 500, to that and to whoever asks for the task from then on."""
        monkeypatch.setattr("feedloop.adapters.label_studio._PAGE", 4)
        tool, title = LabelStudioTool(url=label_studio.url, token=label_studio.token), token_hex(4)
        label_studio.ask("POST", "/api/projects", json={"title": title, "label_config": CONFIG}).raise_for_status()
        project = titled(tool, title)
        ids = tool.add(project, [task(number) for number in range(7)] + [task(7, note=HALF)])

        def post(path, **form):
            return label_studio.ask("POST", path, json={"result": [CHOSEN], **form})

        good = [post(f"/api/tasks/{id_}/annotations/").json()["id"] for id_ in (ids[0], ids[2], ids[6])]
        bad = post(f"/api/tasks/{ids[1]}/annotations/", result=[{**CHOSEN, "origin": HALF}])
        draft = post(f"/api/tasks/{ids[2]}/drafts", result=[{**CHOSEN, "origin": HALF}])
        post(f"/api/tasks/{ids[7]}/annotations/")
        assert (bad.status_code, draft.status_code) == (500, 500)
        unreadable = set()
        answers = tool.annotations(project, since=LONG_AGO, after=0, unreadable=unreadable)
        assert [answer.id for answer in answers] == [good[0], good[2]]
        assert unreadable == {ids[1], ids[2], ids[7]}
        assert tool.find(project, [picture(number) for number in range(7)]).keys() == set(map(picture, range(7)))
        assert tool.has_annotation(good[1] + 2)
        tool.remove(ids[1], picture(1))
        assert picture(1) in tool.find(project, [picture(1)])

    def test_drafts_and_imported_answers_use_their_choices(self, label_studio):
        """It counts the answers of drafts; of those that came in by an import it does not."""
        tool, title = LabelStudioTool(url=label_studio.url, token=label_studio.token), token_hex(4)
        label_studio.ask("POST", "/api/projects", json={"title": title, "label_config": CONFIG}).raise_for_status()
        project = titled(tool, title)
        (drafted,) = tool.add(project, [task(1)])
        label_studio.ask("POST", f"/api/tasks/{drafted}/drafts", json={"result": [CHOSEN]}).raise_for_status()
        meat = {"result": [{**CHOSEN, "value": {"choices": ["Meat"]}}]}
        label_studio.ask(
            "POST", f"/api/projects/{project.id}/import", json=[{"data": {"image": "x"}, "annotations": [meat]}]
        ).raise_for_status()
        assert tool.choices_in_use(project, ["Egg", "Meat", "MEAT", "Fish"]) == {"Egg", "Meat"}

    def test_a_wrong_token_is_told(self, label_studio):
        with pytest.raises(AnnotationToolMisconfigured, match="feedloop-label-studio-token"):
            LabelStudioTool(url=label_studio.url, token="0" * 40).projects()

    def test_a_personal_token_is_exchanged(self, label_studio):
        personal = label_studio.ask("POST", "/api/token/").json()["token"]
        assert titled(LabelStudioTool(url=label_studio.url, token=personal), "Low Confidence Review")

    def test_a_personal_token_that_is_no_longer_valid_is_told(self, label_studio):
        with pytest.raises(AnnotationToolMisconfigured, match="feedloop-label-studio-token"):
            LabelStudioTool(url=label_studio.url, token="aa.bb.cc").projects()

    def test_a_project_that_is_gone_is_told(self, label_studio):
        tool = LabelStudioTool(url=label_studio.url, token=label_studio.token)
        made = label_studio.ask("POST", "/api/projects", json={"title": "Short-lived", "label_config": CONFIG}).json()
        project = titled(tool, "Short-lived")
        label_studio.ask("DELETE", f"/api/projects/{made['id']}")
        with pytest.raises(AnnotationToolMisconfigured, match="labelling setup"):
            tool.add(project, [task(1)])

    @pytest.mark.parametrize("failures", [[DONE], [UNDONE], [UNDONE, UNDONE, DONE]], ids=str)
    def test_an_import_that_seemed_to_fail_is_done_once(self, label_studio, failures):
        title = token_hex(4)
        made = label_studio.ask("POST", "/api/projects", json={"title": title, "label_config": CONFIG}).json()
        with failing(label_studio.url, *failures) as front:
            tool = LabelStudioTool(url=front.address, token=label_studio.token, pause=lambda _: None)
            ids = tool.add(titled(tool, title), [task(1), task(2)])
        assert front.left == []
        tasks = label_studio.ask("GET", f"/api/tasks?project={made['id']}").json()["tasks"]
        assert [found["id"] for found in tasks] == ids

    @pytest.mark.slow("Label Studio waits eight seconds for its database")
    def test_predictions_survive_a_locked_database(self, label_studio):
        """Label Studio waits five seconds, tries again, and then imports tasks without their predictions."""
        tool = LabelStudioTool(url=label_studio.url, token=label_studio.token)
        project = titled(tool, "Low Confidence Review")
        said = {"model_version": "the model", "score": 0.4, "result": [CHOSEN]}
        with (
            ThreadPoolExecutor(1) as pool,
            closing(sqlite3.connect(label_studio.database, isolation_level=None)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
            importing = pool.submit(
                tool.add, project, [{**task(number), "predictions": [said]} for number in (901, 902)]
            )
            with pytest.raises(TimeoutError):
                importing.result(timeout=8)
            other.execute("ROLLBACK")
            ids = importing.result()
        found = [label_studio.ask("GET", f"/api/tasks/{number}/").json()["predictions"] for number in ids]
        assert [[each["score"] for each in predictions] for predictions in found] == [[0.4], [0.4]]

    def test_an_import_that_fails_for_ever_is_told(self, label_studio):
        with failing(label_studio.url, *[UNDONE] * 20) as front:
            tool = LabelStudioTool(url=front.address, token=label_studio.token, pause=lambda _: None)
            with pytest.raises(AnnotationToolDown, match="database is locked"):
                tool.add(titled(tool, "Low Confidence Review"), [task(1)])

    def test_imports_take_turns(self, label_studio):
        """Label Studio sleeps three seconds and more whenever it finds its SQLite locked."""
        with failing(label_studio.url) as front, ThreadPoolExecutor(3) as pool:
            tool = LabelStudioTool(url=front.address, token=label_studio.token)
            projects = [titled(tool, title) for title in TITLES.values()]
            list(pool.map(lambda project: tool.add(project, [task(1)]), projects))
        assert front.most_at_once == 1


def test_a_tool_that_is_not_there_is_down():
    with pytest.raises(AnnotationToolDown):
        LabelStudioTool(url="http://127.0.0.1:1", token="0" * 40).projects()


def test_no_error_shows_the_token():
    with pytest.raises(AnnotationToolDown) as told:
        LabelStudioTool(url="http://127.0.0.1:1", token="f00d" * 10).projects()
    assert "f00d" not in f"{told.value!r} {told.value.__cause__!r}"
