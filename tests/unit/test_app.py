import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from feedloop import http
from feedloop.app import create_app
from feedloop.domain.errors import NoModel, StoreDown

SITE = "https://food.example"


def echo(event, _context):
    echo = {"method": event.method, "path": event.path, "length": len(event.body), "query": dict(event.query)}
    return http.json_response({**echo, "header": event.headers.get("x-any-case", "")}, 202)


def stumble(_event, _context):
    raise RuntimeError("the password is 42")


def no_model():
    raise NoModel("No model is released.")


def down(_event, _context):
    return http.problem_response(StoreDown("The store does not answer."))


@pytest.fixture
def client():
    return create_app(echo, "echo", origins=(SITE,)).test_client()


def test_a_handler_sees_the_whole_request(client):
    answer = client.post("/some/where?a=1", data=b"x" * 9, headers={"X-Any-Case": "yes"})
    assert answer.status_code == 202
    assert answer.json == {"method": "POST", "path": "/some/where", "length": 9, "query": {"a": "1"}, "header": "yes"}


@pytest.mark.parametrize("path", ["", "/", "/some/where"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
def test_the_handler_decides_about_methods(method, path):
    mounted = Client(DispatcherMiddleware(Flask("site"), {"/function/echo": create_app(echo, "echo")}))
    assert json.loads(mounted.open(f"/function/echo{path}", method=method).text)["method"] == method


def test_a_mistake_of_ours_tells_the_caller_nothing_and_the_log_all(capsys):
    answer = create_app(stumble, "stumble").test_client().get("/")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "42" not in answer.text
    assert "the password is 42" in capsys.readouterr().out


def test_an_allowed_site_may_read_the_answer(client):
    headers = client.get("/", headers={"Origin": SITE}).headers
    assert headers["Access-Control-Allow-Origin"] == SITE
    assert headers["Access-Control-Expose-Headers"] == "Retry-After"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", SITE + ".evil.example", "http://food.example"])
def test_another_site_may_not(client, origin):
    assert "Access-Control-Allow-Origin" not in client.get("/", headers={"Origin": origin}).headers


def test_a_cache_is_told_that_the_origin_matters(client):
    assert client.get("/").headers["Vary"] == "Origin"


@pytest.mark.parametrize("handle", [stumble, down])
def test_an_allowed_site_may_read_failures_too(handle):
    answer = create_app(handle, "failing", origins=(SITE,)).test_client().get("/", headers={"Origin": SITE})
    assert answer.headers["Access-Control-Allow-Origin"] == SITE


def test_any_site_may_read_when_any_is_allowed():
    answer = create_app(echo, "echo", origins=("*",)).test_client().get("/", headers={"Origin": "https://any.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://any.example"


def test_a_browsers_question_before_the_upload_is_answered(client):
    asked = {
        "Origin": SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "idempotency-key",
    }
    answer = client.options("/", headers=asked)
    assert answer.status_code == 204
    assert {"Idempotency-Key", "Authorization"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert (answer.headers["Access-Control-Max-Age"], answer.data) == ("7200", b"")


def test_each_call_is_one_line_in_the_log_and_carries_its_id(client, capsys):
    client.post("/", data=b"private", headers={"X-Call-Id": "call-1"})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line).items() >= {"event": "echo.answered", "status": 202, "call": "call-1"}.items()
    assert "private" not in line


def test_a_mounted_function_answers_at_its_name_without_a_slash():
    mounted = Client(DispatcherMiddleware(Flask("site"), {"/function/echo": create_app(echo, "echo")}))
    assert mounted.post("/function/echo").status_code == 202


def test_every_line_that_a_call_writes_carries_its_id(capsys):
    create_app(down, "failing").test_client().get("/", headers={"X-Call-Id": "call-1"})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["call"]) for line in lines] == [("problem", "call-1"), ("failing.answered", "call-1")]


@pytest.mark.parametrize(
    ("given", "kept"), [("a" * 380_000, "a" * 100), ("a\u202eb\x1b[31mc", "ab[31mc"), ("é \x7f", None)]
)
def test_what_a_caller_calls_itself_is_bounded_and_printable_in_the_log(capsys, given, kept):
    environ = {"HTTP_X_CALL_ID": given.encode().decode("latin-1")}
    create_app(echo, "echo").test_client().open("/", method="A" * 5000, environ_overrides=environ)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line.get("call"), line["method"]) == (kept, "A" * 100)


class PanicException(BaseException):
    """As PyO3 raises it where Rust code has panicked."""


def test_a_panic_of_a_library_is_a_problem_like_any_other_mistake(capsys):
    def panic(*_anything):
        raise PanicException("failed to parse header value")

    client = create_app(panic, "panics", ready=panic).test_client()
    for answer in (client.get("/"), client.get("/_/ready")):
        assert answer.status_code == 500
        assert "urn:feedloop:problem:internal" in answer.text
    assert "failed to parse header value" in capsys.readouterr().out


def test_a_call_without_an_id_does_not_inherit_one(client, capsys):
    client.get("/", headers={"X-Call-Id": "call-1"})
    client.get("/")
    assert "call" not in json.loads(capsys.readouterr().out.splitlines()[1])


def test_calls_beyond_the_limit_are_told_to_come_again():
    both_in, both_told = Barrier(3), Barrier(3)

    def slow(_event, _context):
        both_in.wait(10)
        both_told.wait(10)
        return http.json_response({})

    app = create_app(slow, "slow", origins=(SITE,), calls=2)
    with ThreadPoolExecutor(2) as pool:
        accepted = [pool.submit(app.test_client().get, "/") for _ in range(2)]
        both_in.wait(10)
        refused = app.test_client().get("/", headers={"Origin": SITE})
        both_told.wait(10)
    assert (refused.status_code, refused.get_json()["type"]) == (429, "urn:feedloop:problem:busy")
    assert refused.headers["Retry-After"].isdigit()
    assert refused.headers["Access-Control-Allow-Origin"] == SITE
    assert [answer.result().status_code for answer in accepted] == [200, 200]


@pytest.mark.parametrize("handle", [echo, stumble])
def test_a_finished_call_makes_room_for_the_next(handle):
    client = create_app(handle, "single", calls=1).test_client()
    assert 429 not in {client.get("/").status_code for _ in range(3)}


def test_a_replica_is_ready_unless_something_keeps_it_from_serving():
    assert create_app(echo, "echo").test_client().get("/_/ready").status_code == 200
    waiting = create_app(echo, "echo", ready=no_model).test_client().get("/_/ready")
    assert (waiting.status_code, waiting.get_json()["type"]) == (503, "urn:feedloop:problem:no-model")


def test_being_asked_whether_it_is_ready_is_no_line_in_the_log_whatever_the_answer(client, capsys):
    client.get("/_/ready")
    create_app(echo, "echo", ready=no_model).test_client().get("/_/ready")
    assert capsys.readouterr().out == ""


def test_a_browsers_question_is_no_line_in_the_log(client, capsys):
    client.options("/", headers={"Origin": SITE, "Access-Control-Request-Method": "POST"})
    assert capsys.readouterr().out == ""


def test_text_leaves_as_it_is_in_utf_8():
    app = create_app(lambda _event, _context: http.text_response("Brötchen 1\n", "text/plain; version=0.0.4"), "told")
    answer = app.test_client().get("/")
    assert (answer.data, answer.content_type) == ("Brötchen 1\n".encode(), "text/plain; version=0.0.4")
