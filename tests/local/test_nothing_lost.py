"""Eight clients, two replicas, and a store that is killed three times: what was acknowledged is there."""

import hashlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import pytest
import requests

from feedloop.adapters.pictures import normalise
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.prediction import Prediction, PredictionId
from tests.local.conftest import SYSTEM
from tests.local.system import System, prediction, until
from tests.support.seeds import SOAK
from tests.support.uploads import encoded
from training.data.drawings import CLASSES, draw
from training.data.outliers import clouds

pytestmark = [pytest.mark.store, SYSTEM, pytest.mark.slow("the store is back after each of three kills")]

PREDICTIONS, CLIENTS, KILLS = 2000 if SOAK else 160, 8, 3
PATIENCE = 300  # tries of one client for one picture
AGAIN = {404, 429, 500, 502, 503, 504}


@dataclass
class Visitors:
    """Clients that send each picture under a key of its own until they have an answer."""

    url: str
    bodies: list[bytes]
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    retries: "itertools.count[int]" = field(default_factory=itertools.count)

    def send(self, number: int, body: bytes | None = None) -> requests.Response | None:
        """One try; None when nobody answered. All pictures have the same file name."""
        files = {"file": ("lunch.jpg", body or self.picture(number))}
        try:
            return requests.post(self.url, files=files, headers={"Idempotency-Key": f"visit {number}"}, timeout=50)
        except requests.RequestException:
            return None

    def have_got(self, answers: int) -> bool:
        return len(self.answers) >= answers

    def picture(self, number: int) -> bytes:
        return self.bodies[number % len(self.bodies)]

    def visit(self, number: int) -> None:
        """Come back with the same key until there is an answer."""
        for _ in range(PATIENCE):
            answer = self.send(number)
            if answer is not None and answer.status_code not in AGAIN:
                self.answers[number] = answer.json()
                return
            next(self.retries)
            threading.Event().wait(0.1)  # as a browser would


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    """Some pictures that the model knows, and as many that it does not."""
    known = [encoded(draw(name, Random(2))) for name in CLASSES]
    return known + [encoded(clouds(Random(seed))) for seed in range(len(known))]


@pytest.fixture(scope="module")
def visitors(system: System, bodies: list[bytes]) -> Visitors:
    """Visits, during which the store dies three times."""
    found = Visitors(f"{system.url}/function/predict", bodies)
    with ThreadPoolExecutor(CLIENTS) as pool:
        visits = [pool.submit(found.visit, number) for number in range(PREDICTIONS)]
        for kill in range(1, KILLS + 1):
            until(partial(found.have_got, kill * PREDICTIONS // (KILLS + 1)), "the next kill")
            system.part("store").kill()
        for visit in visits:
            visit.result()
    return found


@pytest.fixture(scope="module")
def store(system: System) -> S3Store:
    s3 = system.connection()["s3"]
    return S3Store(endpoint=s3["endpoint"], access_key=s3["access_key"], secret_key=s3["secret_key"])


@pytest.fixture(scope="module")
def acknowledged(visitors: Visitors) -> dict[int, PredictionId]:
    return {number: prediction(answer["prediction_id"]) for number, answer in visitors.answers.items()}


def test_everyone_is_answered_in_the_end(visitors: Visitors) -> None:
    assert len(visitors.answers) == PREDICTIONS
    assert next(visitors.retries) > 0, "the store was never missed"


def test_every_acknowledged_prediction_is_there_with_bytes_and_record(
    visitors: Visitors, acknowledged: dict[int, PredictionId], store: S3Store
) -> None:
    for number, made in acknowledged.items():
        kept, sent = store.get(keys.production(made)), visitors.picture(number)
        assert kept.body == normalise(sent).jpeg
        assert Prediction.from_metadata(kept.metadata).source_sha256 == hashlib.sha256(sent).hexdigest()


def test_no_two_visits_share_a_prediction(acknowledged: dict[int, PredictionId]) -> None:
    assert len(set(acknowledged.values())) == PREDICTIONS


def test_every_unsure_prediction_has_its_task_and_picture(
    visitors: Visitors, acknowledged: dict[int, PredictionId], store: S3Store
) -> None:
    unsure = [made for number, made in acknowledged.items() if visitors.answers[number]["low_confidence"]]
    assert unsure
    for made in unsure:
        assert store.head(keys.task(keys.LOW_CONFIDENCE, made.sample_key)).size > 0
        assert store.head(keys.image(made.sample_key)).metadata["prediction-id"] == str(made)


def test_a_retry_finds_its_own_prediction(visitors: Visitors) -> None:
    for number in range(0, PREDICTIONS, 37):
        answer = visitors.send(number)
        assert answer is not None
        assert answer.json() == visitors.answers[number]


def test_the_same_key_with_another_picture_is_refused(visitors: Visitors, bodies: list[bytes]) -> None:
    answer = visitors.send(0, bodies[1])
    assert answer is not None
    assert answer.status_code == 422
