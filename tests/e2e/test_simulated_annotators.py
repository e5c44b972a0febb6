"""The simulation's annotators at a real Label Studio. They know nothing of the store: one is enough."""

from urllib.parse import unquote

import pytest

from feedloop.domain import keys
from simulation.label_studio import LabelStudioQueue
from simulation.personas import CHANGED, MANUAL, Submission
from tests.local.system import prediction, until
from tests.support.staffed import LOW

pytestmark = pytest.mark.slow("a whole system with Label Studio")
EGG = 3


@pytest.fixture
def annotation_queue(staffed, tmp_path):
    label_studio = staffed.annotator.label_studio
    return LabelStudioQueue(
        lambda: {"url": label_studio.url, "token": label_studio.token}, 2, tmp_path / "annotators.json"
    )


def task_of(annotation_queue, receipt, queue):
    """The waiting task of a prediction."""
    (found,) = [task for task in annotation_queue.tasks(queue) if task.sample_key == prediction(receipt).sample_key]
    return found


def test_they_sign_up_once_and_answer_as_themselves(staffed, annotation_queue):
    receipt = staffed.predicted()
    staffed.task(receipt)
    assert annotation_queue.is_open()
    assert annotation_queue.is_open()
    task = task_of(annotation_queue, receipt, LOW)
    assert task.predicted == unquote(staffed.store.head(keys.image(task.sample_key)).metadata["class"])
    annotation_queue.submit(task, 1, Submission("Egg", CHANGED), 2.5)
    staffed.until_in({EGG}, receipt)
    (vote,) = staffed.label(receipt)["votes"].values()
    assert (vote["origin"], vote["lead_time"]) == (CHANGED, 2.5)
    assert vote["annotator"] != "1"  # the administrator


def test_a_skipped_task_waits_no_longer(staffed, annotation_queue):
    receipt = staffed.predicted()
    staffed.task(receipt)
    assert annotation_queue.is_open()
    annotation_queue.submit(task_of(annotation_queue, receipt, LOW), 0, Submission("", MANUAL), 1.0)
    staffed.until_told("skipped", receipt)
    assert prediction(receipt).sample_key not in {task.sample_key for task in annotation_queue.tasks(LOW)}


def test_who_works_blind_is_shown_nothing(staffed, annotation_queue):
    receipt = staffed.predicted()
    staffed.sample(date=prediction(receipt).day, count=1000).raise_for_status()  # all that this system ever predicted
    until(lambda: staffed.task(receipt, keys.RANDOM_SAMPLED), "the task is there")
    assert {task.predicted for task in annotation_queue.tasks(keys.RANDOM_SAMPLED)} == {""}


def test_nobody_works_before_it_is_ready(tmp_path):
    assert not LabelStudioQueue(dict, 2, tmp_path / "annotators.json").is_open()
