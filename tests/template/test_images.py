"""Each function as its container starts it, from its own requirements, on a real store."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import requests

from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from tests.local.system import until
from tests.support import demo
from tests.support.servers import Server, fresh_store
from tests.support.uploads import unclear_upload
from tests.support.world import everything
from tests.template.conftest import SITE, Build, deployed
from tests.template.images import Container, described

pytestmark = [pytest.mark.slow("starts every function"), pytest.mark.store, pytest.mark.xdist_group("images")]

NAMES = sorted(described())
LABELLED = keys.DATASETS[keys.USER_FEEDBACK_2]

Containers = Callable[[str], Container]


@pytest.fixture(scope="module")
def shared_store(seaweedfs: Server) -> S3Store:
    """The buckets of a deployment with the demonstration model."""
    store = fresh_store(seaweedfs)
    demo.release(store)
    return store


@pytest.fixture(scope="module")
def container(
    image: Build, seaweedfs: Server, shared_store: S3Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    """Each function of that deployment, started when a test needs it first."""
    environment = deployed(seaweedfs, shared_store, tmp_path_factory.mktemp("secrets"))
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(image(name).started(environment, workers="1")).until_ready())


@pytest.mark.parametrize("name", NAMES)
def test_a_function_starts_from_its_own_packages_answers_and_logs_json(container, name):
    started = container(name)
    answer = requests.post(started.url, headers={"X-Call-Id": "call-1"}, timeout=60)
    assert answer.headers["Content-Type"] in {"application/json", "application/problem+json"}, started.log.read_text()
    assert answer.status_code != 500, started.log.read_text()
    lines = [json.loads(line) for line in started.log.read_text().splitlines()]
    assert (f"{name}.answered", "call-1") in {(line["event"], line.get("call")) for line in lines}


def test_a_picture_goes_around_the_loop_from_container_to_container(container, shared_store):
    found = requests.post(container("predict").url, data=unclear_upload(), timeout=60).json()
    said = {"prediction_id": found["prediction_id"], "class": "Soup"}
    assert requests.post(container("relabel").url, json=said, timeout=60).json()["status"] == "updated"
    token = {"Authorization": "Bearer an operator token"}
    assert requests.post(container("curate").url, headers=token, timeout=60).json()["curated"] == 1
    assert len(everything(shared_store, LABELLED, "")) == 1


def test_a_report_finds_its_estimators_in_its_own_image(container):
    token, day = {"Authorization": "Bearer a report token"}, {"from": "20261122", "to": "20261122"}
    answer = requests.get(container("report").url, params=day, headers=token, timeout=60)
    assert (answer.status_code, answer.json()["predictions"]["total"]) == (200, 0), container("report").log.read_text()


def test_a_body_without_a_length_arrives_whole(container):
    """The watchdog sends every body in chunks."""
    chunks = iter([unclear_upload()[:100], unclear_upload()[100:]])
    assert requests.post(container("predict").url, data=chunks, timeout=60).status_code == 200


def test_a_browsers_question_is_answered(container):
    answer = requests.options(container("predict").url, headers={"Origin": SITE}, timeout=60)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, SITE)


def test_predict_is_ready_once_there_is_a_model(image, deployment, store):
    with image("predict").started(deployment, workers="1") as predict:
        until(predict.listens, "the function listens")
        assert not predict.serves()
        demo.release(store)
        predict.until_ready()
        assert requests.post(predict.url, data=unclear_upload(), timeout=60).status_code == 200


@pytest.mark.parametrize(("name", "value"), [("LOW_CONFIDENCE_THRESHOLD", "2"), ("S3_ENDPOINT", "seaweedfs:8333")])
def test_a_wrong_setting_stops_the_start_by_its_name(image, deployment, name, value):
    with image("flag").started(deployment, **{name: value}) as flag:
        assert flag.end() != 0
    assert f"{name}=" in flag.log.read_text()


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("feedloop-flag-s3-secret-key", None, "cannot be read"),
        ("feedloop-flag-s3-access-key", b"\xef\xbb\xbfkey", "begins with a byte order mark"),
        ("feedloop-signing-key", b"two\nlines", "has several lines"),
    ],
)
def test_a_secret_that_cannot_be_used_stops_the_start_in_its_last_line(
    image, deployment, tmp_path, name, content, fault
):
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with image("flag").started(deployment) as flag:
        assert flag.end() != 0
    assert f"Feedloop: The secret {name} {fault}" in flag.log.read_text().splitlines()[-1]
