"""What the S3 adapter promises beyond the contract: keys, prefixes, addresses, and strange answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from feedloop.adapters.s3 import S3Store
from feedloop.domain.errors import AlreadyExists, StoreDown, StoreMisconfigured
from feedloop.domain.keys import LABELSTUDIO, TRACKING, ObjectRef
from tests.support.fake_servers import answering, reply
from tests.support.servers import Server, free_ports, fresh_store, independent_client

HERE = ObjectRef(TRACKING, "labels/1.json")
FOLDER = ObjectRef(TRACKING, "labels/")
VERBS: dict[str, Callable[[S3Store], object]] = {
    "get": lambda store: store.get(HERE),
    "head": lambda store: store.head(HERE),
    "create": lambda store: store.create(HERE, b"x"),
    "replace": lambda store: store.replace(HERE, b"x", etag="0" * 32),
    "copy": lambda store: store.copy(HERE, HERE),
    "delete": lambda store: store.delete(HERE),
    "list": lambda store: list(store.list(FOLDER)),
}
each_verb = pytest.mark.parametrize("ask", VERBS.values(), ids=VERBS.keys())
each_verb_and_now = pytest.mark.parametrize("ask", [*VERBS.values(), S3Store.now], ids=[*VERBS.keys(), "now"])


def impatient(endpoint: str) -> S3Store:
    return S3Store(endpoint=endpoint, access_key="a", secret_key="b", read_timeout=0.5, request_timeout=0.5)


@each_verb_and_now
def test_a_store_that_is_not_there_is_down(ask):
    with pytest.raises(StoreDown):
        ask(impatient(f"http://127.0.0.1:{free_ports(1)[0]}"))


@each_verb_and_now
def test_a_store_that_never_answers_is_down(ask):
    with answering(None) as endpoint, pytest.raises(StoreDown):
        ask(impatient(endpoint))


@each_verb
@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Slow Down", "404 Not Found", "409 Conflict"])
def test_an_answer_that_is_not_a_store_s_word_on_the_object_is_no_answer(ask, status):
    with answering(reply(status)) as endpoint, pytest.raises(StoreDown):
        ask(impatient(endpoint))


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"delete"}))  # who says 200 to a DELETE is believed
@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n", reply("200 OK", "<html>")])
def test_something_else_behind_the_address_is_a_store_that_is_down(verb, said):
    with answering(said) as endpoint, pytest.raises(StoreDown):
        VERBS[verb](impatient(endpoint))


def test_the_clock_is_the_date_of_any_answer():
    with answering(reply("200 OK", Date="Sun, 22 Nov 2026 12:55:10 GMT")) as endpoint:
        assert impatient(endpoint).now() == datetime(2026, 11, 22, 12, 55, 10, tzinfo=UTC)


@each_verb
@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("NoSuchBucket", "tracking does not exist"),
        ("InvalidAccessKeyId", "does not know the access key"),
        ("SignatureDoesNotMatch", "secret key"),
        ("AccessDenied", "rights"),
        ("RequestTimeTooSkewed", "clocks"),
        ("AuthorizationHeaderMalformed", "S3_REGION"),
    ],
)
def test_a_refusal_says_what_to_mend(ask, code, advice):
    body = f"<Error><Code>{code}</Code></Error>"
    with answering(reply("403 Forbidden", body)) as endpoint, pytest.raises(StoreMisconfigured, match=advice):
        ask(impatient(endpoint))


@each_verb
@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_wrong_keys_are_told_as_a_misconfiguration(server: Server, ask, wrong):
    with pytest.raises(StoreMisconfigured, match="mend it"):
        ask(replace(server, **{wrong: "wrong"}).open())


def test_a_prefix_goes_before_every_bucket(server: Server):
    store = fresh_store(server)
    store.create(HERE, b"x")
    bucket = store.url(HERE).removeprefix("s3://").partition("/")[0]
    assert independent_client(server).get_object(Bucket=bucket, Key=HERE.key)["Body"].read() == b"x"
    assert bucket.endswith(f"-{TRACKING}")


def test_two_prefixes_are_two_stores(server: Server):
    one, another = fresh_store(server), fresh_store(server)
    one.create(HERE, b"one")
    another.create(HERE, b"another")
    assert one.get(HERE).body == b"one"


def test_a_picture_is_served_as_one_also_after_a_copy(server: Server):
    store = fresh_store(server)
    store.create(HERE, b"x", content_type="image/jpeg")
    store.copy(HERE, ObjectRef(LABELSTUDIO, "images/1.jpg"))
    bucket = store.url(ObjectRef(LABELSTUDIO, "")).removeprefix("s3://").strip("/")
    kind = independent_client(server).head_object(Bucket=bucket, Key="images/1.jpg")["ContentType"]
    assert kind == "image/jpeg"


def test_a_folder_made_by_a_console_is_not_an_entry(server: Server):
    store = fresh_store(server)
    bucket = store.url(HERE).removeprefix("s3://").partition("/")[0]
    independent_client(server).put_object(Bucket=bucket, Key=FOLDER.key)
    store.create(HERE, b"x")
    assert [entry.key for entry in store.list(FOLDER)] == [HERE.key]


ODD = [
    "a\nb",
    "a\x7fb",
    "a\x01b",
    "a\tb",
    "a\rb",
    "a%0Ab",
    "a%20b",
    "a b",
    "a+b",
    "a&<b>",
    "a?b#c",
    "\u202e",
    "n" * 250,
]


def test_keys_of_any_characters_are_listed_beside_their_neighbours(server: Server):
    store, client = fresh_store(server), independent_client(server)
    bucket = store.url(HERE).removeprefix("s3://").partition("/")[0]
    for name in ODD:
        client.put_object(Bucket=bucket, Key=FOLDER.key + name, Body=b"odd")
    store.create(HERE, b"x")
    store.create(ObjectRef(TRACKING, "other/1"), b"x")
    found = {entry.key.removeprefix(FOLDER.key): entry.size for entry in store.list(FOLDER)}
    assert found == {**dict.fromkeys(ODD, 3), "1.json": 1}
    assert [entry.key for entry in store.list(FOLDER, start_after=f"{FOLDER.key}a ", limit=1)] == [f"{FOLDER.key}a b"]


def test_a_page_that_is_refused_is_asked_for_again_and_all_pages_after_it(server: Server):
    store, client = fresh_store(server), independent_client(server)
    bucket = store.url(HERE).removeprefix("s3://").partition("/")[0]
    for name in ("1", "2", "3", "4", "5", "5\n", "6"):
        client.put_object(Bucket=bucket, Key=FOLDER.key + name, Body=b"odd")
    listed = store._listing.entries(bucket, FOLDER.key, f"{FOLDER.key}1", page=2)
    assert [line.key.removeprefix(FOLDER.key) for line in listed] == ["2", "3", "4", "5", "5\n", "6"]


@pytest.mark.store
def test_a_store_that_refuses_the_etag_that_it_tells_is_misconfigured(seaweedfs: Server):
    """SeaweedFS does so for ever with what was written before versioning was suspended; MinIO takes it."""
    store, client = fresh_store(seaweedfs), independent_client(seaweedfs)
    bucket = store.url(HERE).removeprefix("s3://").partition("/")[0]
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    etag = store.create(HERE, b"")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(StoreMisconfigured, match="versioning is suspended"):
        store.replace(HERE, b"x", etag=etag)


def test_variables_of_the_amazon_tools_do_not_reach_the_store(server: Server, monkeypatch):
    store = fresh_store(server)
    strays = {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_SESSION_TOKEN": "stray",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_CONDITIONAL_PUT": "disabled",
    }
    for name, value in strays.items():
        monkeypatch.setenv(name, value)
    store.create(HERE, b"x")
    with pytest.raises(AlreadyExists):
        store.create(HERE, b"x")
