"""Label Studio between annotators and each store: it reads pictures there, and writes answers."""

import json

import pytest
import requests

from feedloop.domain import keys
from tests.support import demo
from tests.support.staffed import LOW, project

pytestmark = pytest.mark.slow("a whole system with Label Studio")


@pytest.fixture(scope="module")
def receipt(any_staffed):
    """A picture as an annotator's browser asks for it, and its address."""
    any_staffed.task(any_staffed.predicted())
    address = any_staffed.annotator.next_task(project(any_staffed, LOW))["data"]["image"]
    return any_staffed.annotator.get(address.removeprefix(any_staffed.annotator.label_studio.url)), address


def test_a_picture_is_shown_by_label_studio_itself(receipt):
    answer, address = receipt
    assert (answer.content[:2], answer.headers["Content-Type"], answer.history) == (b"\xff\xd8", "image/jpeg", [])
    assert requests.get(address, timeout=60).status_code == 401


def test_a_pictures_metadata_stays_in_the_store(receipt):
    answer, _ = receipt
    assert [name for name in answer.headers if "meta" in name.lower()] == []
    assert demo.CARD["name"] not in str(answer.headers)


def test_a_submitted_answer_lies_in_the_store_at_once_and_goes_with_its_deletion(any_staffed):
    task = any_staffed.task(any_staffed.predicted())
    made = any_staffed.annotator.annotate(task, "Egg", lead_time=3.5)
    ref = keys.output(LOW, str(made))
    written = json.loads(any_staffed.store.get(ref).body)
    assert (written["result"][0]["value"]["choices"], written["lead_time"]) == (["Egg"], 3.5)
    any_staffed.annotator.delete_annotation(made)
    assert ref.key not in [entry.key for entry in any_staffed.store.list(keys.outputs(LOW))]
