"""Each function as its container starts it, from its own requirements, on a real store."""

import json

import pytest
import requests

from feedloop.domain import keys
from tests.local.system import until
from tests.support import demo
from tests.support.uploads import unclear_upload
from tests.support.world import everything
from tests.template.conftest import SITE
from tests.template.images import described

pytestmark = [pytest.mark.slow, pytest.mark.store]

NAMES = sorted(described())
LABELLED = keys.DATASETS[keys.USER_FEEDBACK_2]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_starts_from_its_own_packages_answers_and_logs_json(image, deployment, released, name):
    with image(name).started(deployment) as container:
        answer = requests.post(container.until_ready().url, headers={"X-Call-Id": "call-1"}, timeout=60)
    assert answer.headers["Content-Type"] in {"application/json", "application/problem+json"}, container.log.read_text()
    assert answer.status_code != 500, container.log.read_text()
    lines = [json.loads(line) for line in container.log.read_text().splitlines()]
    assert (f"{name}.answered", "call-1") in {(line["event"], line.get("call")) for line in lines}


def test_a_picture_goes_around_the_loop_from_container_to_container(image, deployment, released):
    with image("predict").started(deployment) as predict, image("relabel").started(deployment) as relabel:
        found = requests.post(predict.until_ready().url, data=unclear_upload(), timeout=60).json()
        said = {"prediction_id": found["prediction_id"], "class": "Soup"}
        assert requests.post(relabel.until_ready().url, json=said, timeout=60).json()["status"] == "updated"
    with image("curate").started(deployment) as curate:
        assert requests.post(curate.until_ready().url, timeout=60).json()["curated"] == 1
    assert len(everything(released, LABELLED, "")) == 1


def test_a_report_finds_its_estimators_in_its_own_image(image, deployment, released):
    with image("report").started(deployment) as report:
        token = {"Authorization": "Bearer an event token"}
        answer = requests.get(report.until_ready().url, params={"days": "1"}, headers=token, timeout=60)
    assert (answer.status_code, answer.json()["predictions"]["total"]) == (200, 0), report.log.read_text()


def test_a_body_without_a_length_arrives_whole(image, deployment, released):
    """The watchdog sends every body in chunks."""
    with image("predict").started(deployment) as container:
        chunks = iter([unclear_upload()[:100], unclear_upload()[100:]])
        answer = requests.post(container.until_ready().url, data=chunks, timeout=60)
    assert answer.status_code == 200


def test_a_browsers_question_is_answered(image, deployment, released):
    with image("predict").started(deployment) as container:
        answer = requests.options(container.until_ready().url, headers={"Origin": SITE}, timeout=60)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, SITE)


def test_predict_is_ready_once_there_is_a_model(image, deployment, store):
    with image("predict").started(deployment) as container:
        until(container.listens, "the function listens")
        assert not container.serves()
        demo.release(store)
        container.until_ready()
        assert requests.post(container.url, data=unclear_upload(), timeout=60).status_code == 200


@pytest.mark.parametrize(("name", "value"), [("LOW_CONFIDENCE_THRESHOLD", "2"), ("S3_ENDPOINT", "seaweedfs:8333")])
def test_a_wrong_setting_stops_the_start_by_its_name(image, deployment, name, value):
    with image("flag").started(deployment, **{name: value}) as container:
        assert container.end() != 0
    assert f"{name}=" in container.log.read_text()


def test_a_missing_secret_stops_the_start_by_its_name(image, deployment, tmp_path):
    (tmp_path / "feedloop-flag-s3-secret-key").unlink()
    with image("flag").started(deployment) as container:
        assert container.end() != 0
    assert "feedloop-flag-s3-secret-key cannot be read" in container.log.read_text()
