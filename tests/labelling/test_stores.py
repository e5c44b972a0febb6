"""Label Studio between annotators and each store."""

import json

import pytest
import requests

from feedloop.domain import keys
from tests.labelling.office import LOW, bring
from tests.support import world

pytestmark = pytest.mark.store


def test_a_picture_is_shown_by_label_studio_itself(any_ready):
    bring(any_ready, keys.LOW_CONFIDENCE, world.prediction())
    address = any_ready.annotator.next_task(any_ready.annotator.project(LOW))["data"]["image"]
    shown = any_ready.annotator.get(address.removeprefix(any_ready.desk.url))
    assert (shown.content, shown.headers["Content-Type"], shown.history) == (b"jpeg", "image/jpeg", [])
    assert requests.get(address, timeout=60).status_code == 401


def test_a_pictures_metadata_stays_in_the_store(any_ready):
    bring(any_ready, keys.LOW_CONFIDENCE, world.prediction())
    address = any_ready.annotator.next_task(any_ready.annotator.project(LOW))["data"]["image"]
    shown = any_ready.annotator.get(address.removeprefix(any_ready.desk.url))
    assert [name for name in shown.headers if "meta" in name.lower()] == []
    assert "food11" not in str(shown.headers)


def test_a_submitted_answer_lies_in_the_store_at_once(any_ready):
    (task,) = bring(any_ready, keys.RANDOM_SAMPLED, world.prediction())
    made = any_ready.annotator.annotate(task, "Egg", lead_time=3.5)
    written = json.loads(any_ready.store.get(keys.output(keys.RANDOM_SAMPLED, str(made))).body)
    assert (written["result"][0]["value"]["choices"], written["lead_time"]) == (["Egg"], 3.5)


def test_a_deleted_answer_leaves_the_store(any_ready):
    (task,) = bring(any_ready, keys.USER_FEEDBACK, world.prediction())
    any_ready.annotator.delete_annotation(any_ready.annotator.annotate(task, "Egg"))
    assert list(any_ready.store.list(keys.outputs(keys.USER_FEEDBACK))) == []
