"""What becomes of calls when a container is told to end, and when too many come."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlsplit

import pytest
import requests

from feedloop.domain import keys
from tests.local.system import until
from tests.support.gate import Gate
from tests.support.uploads import unclear_upload
from tests.support.world import everything
from tests.template.conftest import SITE

pytestmark = [pytest.mark.slow("starts containers"), pytest.mark.store, pytest.mark.xdist_group("images")]

CALLS = 8
CALLS_EACH = 25
MOST_ROUNDS = 20


@pytest.fixture
def to_store(seaweedfs):
    """A gate on the way from a container to its store."""
    gate = Gate(seaweedfs.endpoint)
    yield gate
    gate.close()


def begun(url, body):
    """A call of which all but the end has been sent."""
    where = urlsplit(url)
    connection = HTTPConnection(str(where.hostname), where.port, timeout=60)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:-1])
    return connection


def finished(connection, body):
    with closing(connection):
        connection.send(body[-1:])
        answer = connection.getresponse()
        answer.read()
        return answer.status


def test_two_hundred_calls_survive_the_end_of_their_container(image, deployment, released):
    body = unclear_upload()
    with image("predict").started(deployment, workers="2", calls_per_worker="200") as container:
        calls = [begun(container.until_ready().url, body) for _ in range(200)]
        container.process.terminate()
        with ThreadPoolExecutor(len(calls)) as pool:
            statuses = list(pool.map(lambda call: finished(call, body), calls))
        assert container.end() == 0
    assert statuses == [200] * 200
    assert len(everything(released, keys.PRODUCTION, "")) == 200


def test_a_call_that_comes_before_the_watchdog_stops_sending_is_served(image, deployment, released):
    with image("predict").started(deployment) as container:
        container.until_ready()
        container.process.terminate()
        assert requests.post(container.url, data=unclear_upload(), timeout=60).status_code == 200
        assert container.end() == 0


def test_one_address_gets_its_limit_once_or_once_a_process_and_others_theirs(image, deployment, released):
    """Nobody gets less, however calls are shared out; a proxy before them holds the exact one."""
    with image("flag").started(deployment, workers="2", FLAG_LIMIT="1/5") as container:
        url = container.until_ready().url
        ask = lambda way: requests.post(url, headers={"Origin": SITE, "X-Forwarded-For": way}, timeout=60)  # noqa: E731
        answers = [ask("198.51.100.1, 203.0.113.9") for _ in range(30)]
        other = ask("203.0.113.9, 203.0.113.10")
        from_inside = [requests.post(url, timeout=60).status_code for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 5 <= len(answers) - len(refused) <= 10
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in refused} == {SITE}
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    assert {other.status_code, *from_inside} == {400}


def test_what_is_beyond_the_capacity_is_refused_at_once_and_the_rest_is_kept(image, deployment, released, to_store):
    """At once: while all who were accepted are still in work. Nobody waits in a queue."""
    behind_gate = {**deployment, "S3_ENDPOINT": to_store.address}
    send = lambda url: requests.post(url, data=unclear_upload(), headers={"Origin": SITE}, timeout=60)  # noqa: E731
    with (
        image("predict").started(behind_gate, workers="1", calls_per_worker=str(CALLS)) as container,
        ThreadPoolExecutor(CALLS) as pool,
    ):
        url = container.until_ready().url
        with to_store.held():
            in_work = [pool.submit(send, url) for _ in range(CALLS)]
            until(lambda: len(to_store.waiting) == CALLS, "all places are taken")
            refused = [send(url) for _ in range(2 * CALLS)]
            assert not any(call.done() for call in in_work)
        accepted = [call.result() for call in in_work]
    assert {answer.status_code for answer in accepted} == {200}
    assert {answer.status_code for answer in refused} == {429}
    assert len(everything(released, keys.PRODUCTION, "")) == CALLS
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in refused} == {SITE}
    assert all(answer.headers["Retry-After"].isdigit() for answer in refused)


def accepted(url, visitors, pause=0.0):
    """Seconds of each call that was not refused, of visitors who call again at once, or after the pause when refused.

    A slow client would wait for itself, so each has a connection and little to do.
    """
    where, body = urlsplit(url), unclear_upload()

    def visit(_):
        with closing(HTTPConnection(str(where.hostname), where.port, timeout=60)) as connection:
            return [call(connection) for _ in range(CALLS_EACH)]

    def call(connection):
        began = time.perf_counter()
        connection.request("POST", "/", body)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        if answer.status == 429:
            time.sleep(pause)
        return answer.status, took

    with ThreadPoolExecutor(visitors) as pool:
        answers = [answer for answers in pool.map(visit, range(visitors)) for answer in answers]
    assert {status for status, _ in answers} <= {200, 429}
    return [took for status, took in answers if status == 200]


def p99(seconds):
    return sorted(seconds)[int(len(seconds) * 0.99)]


@pytest.mark.soak
def test_three_times_the_capacity_at_most_doubles_the_wait_of_those_who_are_accepted(image, deployment, released):
    """Each visitor offers one call in the time that a call takes, three times as many as there are places for.

    In the best of some rounds: what else the machine does must not judge, and a queue would triple the wait in all.
    """
    normal, overloaded = [], []
    with image("predict").started(deployment, calls_per_worker=str(CALLS)) as container:
        url = container.until_ready().url
        accepted(url, CALLS)
        while not overloaded or (min(overloaded) > 2 * median(normal) and len(overloaded) < MOST_ROUNDS):
            alone = accepted(url, CALLS)
            crowded = accepted(url, 3 * CALLS, pause=median(alone))
            assert len(alone) == CALLS * CALLS_EACH > len(crowded) / 3 > 0
            normal.append(p99(alone))
            overloaded.append(p99(crowded))
    assert min(overloaded) <= 2 * median(normal), (normal, overloaded)
