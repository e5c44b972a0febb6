"""Annotators' choices follow the classes in sync's sweeps, without harm to anything that is begun."""

import pytest

from feedloop import annotation_choices, releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys, label_config
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump
from feedloop.domain.errors import AnnotationToolDown, Changed, ConfigRefused, NoModel
from feedloop.domain.review import TITLES
from functions.sync.sweep import is_news, sweep
from tests.support import world
from tests.support.memory_annotation_tool import MemoryAnnotationTool

LOW = keys.LOW_CONFIDENCE
NOT_UNDERSTOOD = (
    'lowconfidence: its label config has no <Choices name="choice">. '
    "Its choices do not follow the classes: mend that, or run `feedloop labelling setup`."
)


@pytest.fixture
def tool(store, clock):
    return MemoryAnnotationTool(store, clock=clock)


@pytest.fixture
def sync(store, tool):
    return lambda **how: sweep(store, tool, **how)


@pytest.fixture
def imported(store, tool, sync):
    """Import tasks of these predicted classes; the tasks."""

    def imported(*classes):
        for index in classes:
            world.queue_task(store, world.commit(store, world.prediction(index)), LOW)
        sync()
        return list(tool.tasks.values())[-len(classes) :]

    return imported


def project(tool, queue=LOW):
    (found,) = [one for one in tool.projects() if one.title == TITLES[queue]]
    return found


def offered(tool, queue=LOW):
    """What annotators can choose besides the two answers that are none."""
    names = label_config.choices(tool.label_config(project(tool, queue)))
    return [name for name in names if name not in {"None of these", "Can't tell"}]


def guesses(tool):
    return [task.task["predictions"][0]["result"][0]["value"]["choices"] for task in tool.tasks.values()]


def edit(tool, config, queue=LOW):
    tool.configs[project(tool, queue).id] = config


@pytest.mark.parametrize("on_event", [True, False])
@pytest.mark.parametrize("queue", keys.REVIEW_QUEUES)
def test_a_new_class_can_be_chosen_after_the_next_sweep(store, tool, sync, queue, on_event):
    card = {"v": 1, "name": "food11", "sha256": "2" * 64, "classes": [*world.CLASSES, "Ramen & $noodles"]}
    releases.publish(store, b"weights", card, now=world.NOON)
    assert "stopped" not in sync(on_event=on_event)
    assert offered(tool, queue) == [*world.CLASSES, "Ramen & $noodles"]


def test_pre_annotations_of_unanswered_tasks_follow_a_renamed_class(store, tool, sync, imported):
    _, answered, _ = imported(3, 3, 1)
    tool.annotate(answered.id, "Bread")
    world.rename(store, "Egg", "Eggs")
    sync()
    assert guesses(tool) == [["Eggs"], ["Egg"], ["Dairy product"]]
    assert ("Eggs" in offered(tool), "Egg" in offered(tool)) == (True, False)


@pytest.mark.parametrize("begun", ["annotation", "draft"])
def test_a_former_name_stays_below_the_others_while_somebody_has_chosen_it(store, tool, sync, imported, begun):
    (task,) = imported(1)
    if begun == "draft":
        task.draft = "Egg"
    else:
        annotation = tool.annotate(task.id, "Egg")
    world.rename(store, "Egg", "Eggs")
    for _ in range(2):
        sync()
        assert offered(tool)[-2:] == ["Meat", "Egg"]
    if begun == "draft":
        task.draft = False
    else:
        tool.delete_annotation(annotation)
    sync()
    assert offered(tool)[-1] == "Meat"


def test_a_draft_of_a_page_that_was_open_is_seen_an_hour_later(store, tool, sync, imported):
    (task,) = imported(1)
    world.rename(store, "Egg", "Eggs")
    sync(on_event=True)
    assert "Egg" not in offered(tool)
    task.draft = "Egg"
    sync()
    assert offered(tool)[-1] == "Egg"


def test_an_event_asks_no_more_than_whether_a_choice_is_missing(store, tool, sync, monkeypatch):
    world.rename(store, "Egg", "Eggs")
    sync()
    monkeypatch.setattr(tool, "pre_annotations", lambda *_: pytest.fail("it asked"))
    sync(on_event=True)


def test_a_config_without_our_question_is_left_alone_and_told_once(store, tool, sync):
    edit(tool, "<View/>")
    assert [sync().get("stopped") for _ in range(3)] == [[NOT_UNDERSTOOD], None, None]
    edit(tool, "<View><Header/></View>")
    assert [sync().get("stopped") for _ in range(2)] == [[NOT_UNDERSTOOD], None]
    assert tool.label_config(project(tool)) == "<View><Header/></View>"


def test_what_keeps_one_projects_choices_keeps_nothing_else_waiting(store, tool, sync, imported):
    edit(tool, "<View/>")
    imported(1)
    world.rename(store, "Egg", "Eggs")
    sync()
    assert "Eggs" in offered(tool, keys.RANDOM_SAMPLED)
    assert len(tool.shown(LOW)) == 1


def test_choices_that_label_studio_refuses_stay_as_they_were_and_are_told(store, tool, sync, monkeypatch):
    def refuse(*_, **__):
        raise ConfigRefused("HTTP 400: Label config contains non-unique names")

    monkeypatch.setattr(tool, "set_label_config", refuse)
    world.rename(store, "Egg", "Eggs")
    told = sync()["stopped"]
    assert told[0] == (
        "randomsampled: Label Studio does not take its new choices, and keeps the old ones: "
        "HTTP 400: Label config contains non-unique names"
    )
    assert (len(told), offered(tool)) == (3, world.CLASSES)


def test_a_class_that_has_the_name_of_another_answer_is_told(store, tool, sync):
    ref = keys.class_list()
    bad = {"v": 1, "classes": [{"name": "Bread"}, {"name": "Can't tell"}]}
    store.replace(ref, dump(bad), etag=store.head(ref).etag)
    assert "rename the class" in sync()["stopped"][0]


def test_without_a_release_choices_stay(tool, clock):
    empty = MemoryStore(clock=clock)
    sweep(empty, tool)
    assert offered(tool) == world.CLASSES


def test_a_label_studio_that_goes_away_leaves_the_rest_to_the_next_sweep(store, tool, sync, imported, monkeypatch):
    imported(3, 3)
    world.rename(store, "Egg", "Eggs")
    calls, set_pre_annotation = [], tool.set_pre_annotation

    def once(pre_annotation):
        calls.append(pre_annotation)
        tool.down = len(calls) == 2
        set_pre_annotation(pre_annotation)

    monkeypatch.setattr(tool, "set_pre_annotation", once)
    with pytest.raises(AnnotationToolDown):
        sync()
    tool.down = False
    assert offered(tool)[-1] == "Egg"  # it still lies before somebody
    sync()
    assert (guesses(tool), "Egg" in offered(tool)) == ([["Eggs"], ["Eggs"]], False)


def test_what_a_person_edits_meanwhile_wins(store, tool, sync, monkeypatch):
    world.rename(store, "Egg", "Eggs")
    asked, mine = (
        tool.label_config,
        '<View><Choices name="choice" toName="image"><Choice value="Mine"/></Choices></View>',
    )

    def edited(of):
        config = asked(of)
        edit(tool, mine)
        return config

    monkeypatch.setattr(tool, "label_config", edited)
    with pytest.raises(Changed):
        annotation_choices.follow(tool, project(tool), lambda: releases.class_list(store))
    assert asked(project(tool)) == mine
    assert "stopped" not in sync()


def test_a_slower_run_with_older_classes_takes_nothing_back(store, tool):
    older, newer = ClassList.of(world.CLASSES), ClassList.of([*world.CLASSES, "Ramen"])

    def overtaken():
        annotation_choices.follow(tool, project(tool), lambda: newer)
        return older

    with pytest.raises(Changed):
        annotation_choices.follow(tool, project(tool), lambda: overtaken().renamed("Egg", "Eggs"))
    assert offered(tool)[-1] == "Ramen"


def test_a_retired_class_can_be_chosen_no_more(store, tool, sync):
    world.retire(store, "Egg")
    sync()
    assert offered(tool) == [name for name in world.CLASSES if name != "Egg"]


@pytest.mark.parametrize("begun", ["annotation", "pre-annotation"])
def test_a_retired_class_stays_below_the_others_while_somebody_has_it(store, tool, sync, imported, begun):
    (task,) = imported(3 if begun == "pre-annotation" else 1)
    if begun == "annotation":
        tool.annotate(task.id, "Egg")
    world.retire(store, "Egg")
    for _ in range(2):
        sync()
        assert offered(tool)[-2:] == ["Meat", "Egg"]
    assert "Egg (retired)" in tool.label_config(project(tool))


@pytest.mark.parametrize("ref", [keys.current_model(), keys.class_list()])
def test_the_pointer_and_the_class_list_are_news(ref):
    assert is_news(MemoryStore(), ref)


def test_nothing_released_is_no_news_for_annotators(tool):
    def nothing():
        raise NoModel("No model is released yet.")

    with pytest.raises(NoModel):
        annotation_choices.follow(tool, project(tool), nothing)
    assert offered(tool) == world.CLASSES
