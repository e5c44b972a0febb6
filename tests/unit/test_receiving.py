"""What becomes of a request before a thread works on it."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from feedloop import http
from feedloop.app import create_app
from feedloop.domain.errors import NoModel
from feedloop.domain.upload_limits import MOST_BYTES
from feedloop.receiving import FORM_BYTES, Receiver

SITE = "https://food.example"
MB = 1_000_000


def echo(event, _context):
    told = {"method": event.method, "path": event.path, "length": len(event.body), "query": dict(event.query)}
    return http.json_response({**told, "headers": dict(event.headers)}, 202)


def receiver(handle=echo, *, wait=None, threads=2, ready=bool, **how):
    return Receiver(create_app(handle, "echo", origins=(SITE,), ready=ready), threads=threads, waits={"": wait}, **how)


def chunks(*parts):
    """A body as an ASGI server hands it over; None: the caller left; a pause without end, when all are told."""
    told = [
        {"type": "http.disconnect"} if part is None else {"type": "http.request", "body": part, "more_body": True}
        for part in parts
    ]
    return [*told, {"type": "http.request", "body": b"", "more_body": False}]


class Call:
    """One request, and its answer once it is there."""

    def __init__(self, messages, method="POST", path="/", query="", headers=(), peer="203.0.113.9", then=bool):
        self.messages, self.sent, self.read, self.then = list(messages), [], 0, then
        told = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        self.scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": told,
            "server": ("127.0.0.1", 8080),
            "client": (peer, 1234),
        }

    async def receive(self):
        if not self.messages:
            await asyncio.Event().wait()
        message = self.messages.pop(0)
        self.read += len(message.get("body", b""))
        return message

    async def send(self, message):
        self.sent.append(message)
        self.then()

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def json(self):
        return json.loads(self.sent[1]["body"])

    @property
    def problem(self):
        return self.status, self.json["type"].rpartition(":")[2]


def answered(taker, *calls):
    """These calls at the same time. In a thread of its own: the browser's driver leaves a loop running in this one."""

    async def all_of_them():
        await asyncio.gather(*(taker(call.scope, call.receive, call.send) for call in calls))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(all_of_them())).result()
    return calls[0]


def test_a_handler_sees_the_whole_request():
    headers = [("X-Any-Case", "yes"), ("Accept", "a"), ("Accept", "b"), ("Content-Type", "text/plain")]
    call = answered(receiver(), Call(chunks(b"ab", b"c"), path="/some%20where/%C3%A9", query="a=%26", headers=headers))
    told = call.json
    assert (call.status, told["method"], told["length"]) == (202, "POST", 3)
    assert (told["path"], told["query"]) == ("/some where/é", {"a": "&"})
    assert (told["headers"]["X-Any-Case"], told["headers"]["Accept"]) == ("yes", "a,b")


def test_a_name_with_underscores_is_no_header():
    headers = [("X_Forwarded_For", "1.1.1.1"), ("X-Forwarded-For", "2.2.2.2"), ("Content_Type", "application/json")]
    told = answered(receiver(), Call(chunks(b"{}"), headers=headers)).json["headers"]
    assert (told["X-Forwarded-For"], told.get("Content-Type", "")) == ("2.2.2.2", "")


def test_who_waits_is_judged_by_the_peer_and_the_header_that_a_proxy_wrote():
    seen = []

    def wait(*way):
        seen.append(way)
        return 0.0

    headers = [("X_Forwarded_For", "1.1.1.1"), ("X-Forwarded-For", "2.2.2.2"), ("X-Forwarded-For", "3.3.3.3")]
    answered(receiver(wait=wait), Call(chunks(b""), headers=headers, peer="10.0.0.1"))
    assert seen == [("10.0.0.1", "2.2.2.2,3.3.3.3")]


def test_a_caller_who_has_to_wait_is_told_how_long_in_a_way_that_browsers_may_read():
    call = answered(receiver(wait=lambda *_: 2.1), Call(chunks(b"x" * MB), headers=[("Origin", SITE)]))
    assert (call.problem, call.read) == ((429, "too-often"), MB)
    assert (call.headers["content-type"], call.headers["retry-after"]) == ("application/problem+json", "3")
    assert call.headers["access-control-allow-origin"] == SITE


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("HEAD", "/"), ("OPTIONS", "/"), ("GET", "/_/ready")])
def test_who_only_looks_or_asks_never_waits(method, path):
    assert answered(receiver(wait=lambda *_: 2.1), Call(chunks(), method, path)).status < 300


def test_a_body_counts_before_it_has_arrived():
    counted = []

    def wait(*_way):
        counted.append(1)
        return 0.0

    call = Call([{"type": "http.request", "body": b"abc", "more_body": True}])
    answered(receiver(wait=wait, seconds=0.05), call)
    assert (call.problem, counted) == ((408, "too-slow"), [1])
    assert int(call.headers["retry-after"]) > 0


def test_slow_callers_hold_no_thread_and_the_replica_says_that_it_is_ready():
    """Twice as many as there are threads, and each has sent three bytes: all others are answered before them."""
    order = []
    pause = [{"type": "http.request", "body": b"abc", "more_body": True}]
    slow = [Call(pause, then=lambda: order.append("slow")) for _ in range(4)]
    quick = Call(chunks(b"x"), then=lambda: order.append("quick"))
    ready = Call(chunks(), "GET", "/_/ready", then=lambda: order.append("ready"))
    answered(receiver(seconds=0.5), *slow, quick, ready)
    assert (quick.status, ready.status, {call.status for call in slow}) == (202, 200, {408})
    assert order.index("slow") > max(order.index("quick"), order.index("ready"))


def test_a_replica_whose_threads_all_work_says_that_it_is_ready():
    told = Event()

    def slow(_event, _context):
        assert told.wait(10)
        return http.json_response({})

    ready = Call(chunks(), "GET", "/_/ready", then=told.set)
    in_work = [Call(chunks(b"")) for _ in range(2)]
    answered(receiver(slow), *in_work, ready)
    assert [call.status for call in (*in_work, ready)] == [200, 200, 200]


def test_a_replica_that_cannot_serve_says_why():
    def no_model():
        raise NoModel("No model is released.")

    assert answered(receiver(ready=no_model), Call(chunks(), "GET", "/_/ready")).problem == (503, "no-model")


@pytest.mark.parametrize("path", ["/a/_/ready", "/_/ready/", "/healthz/x"])
def test_only_the_question_itself_is_answered_apart(path):
    taker = receiver(wait=lambda *_: 2.1)
    assert answered(taker, Call(chunks(b""), "POST", path)).problem == (429, "too-often")
    assert answered(taker, Call(chunks(b""), "POST", "/_/ready")).problem == (429, "too-often")


@pytest.mark.parametrize("begun", [(), (b"abc",), (b"abc", b"")])
def test_a_body_that_is_cut_short_is_refused(begun):
    assert answered(receiver(), Call(chunks(*begun, None))).problem == (400, "bad-request")


@pytest.mark.parametrize(
    "headers",
    [
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
    ],
)
def test_a_body_in_an_encoding_that_we_do_not_read_is_refused(headers):
    assert answered(receiver(), Call(chunks(b"abc"), headers=headers)).problem == (400, "bad-request")


@pytest.mark.parametrize("long", [{"query": "a" * 65_000}, {"headers": [("X-Call-Id", "a" * 65_000)]}])
def test_a_head_beyond_its_room_is_refused(long):
    assert answered(receiver(), Call(chunks(b"x"), **long)).problem == (400, "bad-request")


def test_a_picture_of_the_full_size_fits_with_its_form():
    assert answered(receiver(), Call(chunks(b"x" * (MOST_BYTES + FORM_BYTES)))).status == 202


@pytest.mark.parametrize("headers", [[], [("Content-Length", str(30 * MB))], [("Transfer-Encoding", "chunked")]])
def test_a_body_beyond_the_limit_is_refused_with_the_limit_and_read_no_further(headers):
    call = answered(receiver(), Call(chunks(*[b"x" * MB] * 30), headers=headers))
    assert (call.problem, call.json["limit"]) == ((413, "too-large"), MOST_BYTES)
    assert call.read <= MOST_BYTES + FORM_BYTES + MB


def test_a_body_that_is_announced_as_too_large_is_not_waited_for():
    call = answered(receiver(seconds=0.05), Call([], headers=[("Content-Length", str(30 * MB))]))
    assert call.problem == (413, "too-large")


def test_bodies_beyond_the_room_of_a_process_are_told_to_come_again_and_leave_it_as_it_was():
    taker = receiver(memory=3 * MB)
    calls = [Call(chunks(*[b"x" * MB] * 2)) for _ in range(3)]
    answered(taker, *calls)
    assert sorted(call.status for call in calls) == [202, 429, 429]
    assert {call.problem for call in calls if call.status == 429} == {(429, "busy")}
    assert answered(taker, Call(chunks(*[b"x" * MB] * 3))).status == 202
