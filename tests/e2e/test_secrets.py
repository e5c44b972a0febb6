"""Whatever comes in, nothing that is secret goes out: not in an answer, and not into a log."""

import json
from importlib import import_module
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedloop import settings as names
from feedloop import wiring
from feedloop.app import create_app
from feedloop.domain import keys
from local.identities import keys_of
from tests.e2e.conftest import TOKENS, one_store
from tests.support.uploads import clear_upload, unclear_upload

pytestmark = pytest.mark.usefixtures("deployed")

FUNCTIONS = ("predict", "flag", "relabel", "sample", "sync", "curate", "report")
CANARY = "canary\u202e\x1b[31m<img src=x>'\"\\../\r\nX-Evil: 1"
NEVER = ("Traceback", 'File "', "\x1b[31m", "\u202e", "<img src=x>", "\nX-Evil")
"""What no answer holds; a log holds its own stack traces, as one escaped line."""

kinds = st.sampled_from(
    ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", CANARY[:6]]
)
methods = st.sampled_from(["GET", "HEAD", "POST", "POST", "POST", "PUT", "OPTIONS", "BREW"])
authorizations = st.sampled_from(
    ["", "Bearer", "Bearer x", *(f"{how} {token}" for token in TOKENS.values() for how in ("Bearer", "Basic"))]
)
texts = st.one_of(st.just(CANARY), st.text(max_size=50))
fields = st.dictionaries(
    st.sampled_from(["prediction_id", "class", "date", "count", "Records", "event_type", "key"]), texts
)
bodies = st.one_of(
    st.binary(max_size=300),
    fields.map(lambda some: json.dumps(some).encode()),
    st.sampled_from([clear_upload(), unclear_upload(), unclear_upload()[:300], b'{"Records": [{"s3": {}}]}']),
)


@pytest.fixture
def told(tmp_path, capsys):
    """Everything that calls were answered, and everything that was logged; at the end no secret is in it."""
    answers: list[str] = []
    yield answers
    logged = capsys.readouterr()
    everything = "\n".join([*answers, logged.out, logged.err])
    secrets = {name: (tmp_path / name).read_text() for name in names.SECRETS if (tmp_path / name).exists()}
    assert len(secrets) >= 7
    assert [name for name, secret in secrets.items() if secret in everything] == []
    assert [word for word in NEVER if word in "".join(answers)] == []
    assert [line for line in logged.out.splitlines() if not json.loads(line)["event"]] == []
    assert [word for word in NEVER[2:] if word in logged.out] == []


@pytest.fixture
def send(told, store):
    """A call of a function, whose answer is kept; nobody swept before, so that no call has to rest."""
    apps = {name: create_app(import_module(f"functions.{name}.handler").handle, name) for name in FUNCTIONS}

    def call(name, path="/", **options):
        wiring.function_keys.set(keys_of(name))
        store.delete(keys.lease(name))
        answer = apps[name].test_client().open(path, **options)
        told.append(f"{answer.headers}{answer.get_data(as_text=True)}")
        return answer

    return call


@one_store
@given(st.data())
@settings(derandomize=True, database=None, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
def test_no_input_makes_a_function_tell_a_secret(send, data):
    headers = {"Authorization": data.draw(authorizations), "Content-Type": data.draw(kinds), "X-Call-Id": quote(CANARY)}
    path = f"/{quote(data.draw(texts))}?{quote(data.draw(texts))}"
    for name in FUNCTIONS:
        if name in FUNCTIONS[3:]:
            headers["Authorization"] = f"Bearer {TOKENS['operator']}"
        answer = send(name, path, method=data.draw(methods), data=data.draw(bodies), headers=headers)
        assert answer.status_code < 500 or answer.json["type"].startswith("urn:feedloop:problem:")


@one_store
def test_a_file_name_leaves_no_trace(send):
    for name in (CANARY, "a" * 5000, "\x00.jpg", "é\ud83d.jpg"):
        head = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
            + name.encode(errors="replace")
            + b'"\r\n\r\n'
        )
        for picture in (unclear_upload(), b"no picture"):
            form = {"data": head + picture + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
            send("predict", method="POST", **form)


def calls(send):
    """One call of every kind that asks the store, with and without the token."""
    for headers in ({}, *({"Authorization": f"Bearer {token}"} for token in TOKENS.values())):
        yield send("predict", method="POST", data=clear_upload(), headers=headers)
        yield send("predict", method="GET", headers=headers)
        for name in FUNCTIONS[3:]:
            yield send(name, method="GET" if name == "report" else "POST", headers=headers)


@pytest.mark.parametrize("wrong", [names.S3_SECRET_KEY, names.S3_ACCESS_KEY])
def test_a_store_that_refuses_our_keys_does_not_have_us_tell_them(send, tmp_path, wrong):
    (tmp_path / wrong).write_text("AKIAWRONGWRONGWRONG0wrongwrongwrong")
    assert {answer.status_code for answer in calls(send)} <= {200, 401, 503}


@one_store
@pytest.mark.parametrize("name", ["S3_ENDPOINT", "LABEL_STUDIO_URL"])
def test_a_store_or_label_studio_that_is_away_tells_nothing_of_us(send, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    wiring.configured.cache_clear()
    assert {answer.status_code for answer in calls(send)} <= {200, 401, 503}
