"""The simulation's annotators at a real Label Studio. They know nothing of the store: one is enough."""

from urllib.parse import unquote

import pytest

from feedloop.domain import keys
from simulation.label_studio import Studio
from simulation.personas import CHANGED, MANUAL, Answer
from tests.local.system import prediction, until
from tests.support.staffed import LOW

pytestmark = pytest.mark.slow("a whole system with Label Studio")
EGG = 3


@pytest.fixture
def studio(staffed, tmp_path):
    desk = staffed.annotator.desk
    return Studio(lambda: {"url": desk.url, "token": desk.token}, 2, tmp_path / "annotators.json")


def task_of(studio, shown, queue):
    """The waiting task of a prediction."""
    (found,) = [task for task in studio.tasks(queue) if task.random == prediction(shown).sample_key]
    return found


def test_they_sign_up_once_and_answer_as_themselves(staffed, studio):
    shown = staffed.predicted()
    staffed.task(shown)
    assert studio.is_open()
    assert studio.is_open()
    task = task_of(studio, shown, LOW)
    assert task.shown == unquote(staffed.store.head(keys.image(task.random)).metadata["class"])
    studio.submit(task, 1, Answer("Egg", CHANGED), 2.5)
    staffed.until_in({EGG}, shown)
    (vote,) = staffed.label(shown)["votes"].values()
    assert (vote["origin"], vote["lead_time"]) == (CHANGED, 2.5)
    assert vote["annotator"] != "1"  # the administrator


def test_a_skipped_task_waits_no_longer(staffed, studio):
    shown = staffed.predicted()
    staffed.task(shown)
    assert studio.is_open()
    studio.submit(task_of(studio, shown, LOW), 0, Answer("", MANUAL), 1.0)
    staffed.until_told("skipped", shown)
    assert prediction(shown).sample_key not in {task.random for task in studio.tasks(LOW)}


def test_who_works_blind_is_shown_nothing(staffed, studio):
    shown = staffed.predicted()
    staffed.sample(date=prediction(shown).day, count=1000).raise_for_status()  # all that this staffed ever predicted
    until(lambda: staffed.task(shown, keys.RANDOM_SAMPLED), "the task is there")
    assert {task.shown for task in studio.tasks(keys.RANDOM_SAMPLED)} == {""}


def test_nobody_works_before_it_is_ready(tmp_path):
    assert not Studio(dict, 2, tmp_path / "annotators.json").is_open()
