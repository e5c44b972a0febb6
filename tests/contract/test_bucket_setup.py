"""What set-up promises of a real store, and of one that must not be used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import count, islice
from secrets import token_hex
from threading import Lock

import pytest

from feedloop.adapters.bucket_setup import create_buckets, probe
from feedloop.domain.errors import StoreDown, StoreMisconfigured, WrongSetting
from tests.support.fake_servers import answering, listening, reply
from tests.support.servers import REGION, Server, free_ports, independent_client


class Memory(BaseHTTPRequestHandler):
    """A store that keeps ETags only, and pays no heed to the conditions of its first `careless` writes."""

    protocol_version = "HTTP/1.1"
    etags: dict[str, str]
    careless: Iterator[int]
    alone: Lock

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.alone:
            there = self.etags.get(self.path)
            met = there is None if self.headers["If-None-Match"] else there == self.headers["If-Match"]
            if taken := next(self.careless, met):
                self.etags[self.path] = f'"{token_hex(4)}"'
        self.answer(200 if taken else 412)

    def do_HEAD(self):
        self.answer(200)

    def do_DELETE(self):
        self.answer(204)

    def answer(self, status: int):
        self.send_response(status)
        self.send_header("ETag", self.etags.get(self.path, ""))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Keep the tests' output clean."""


@contextmanager
def remembering(careless: Iterator[int]) -> Iterator[Server]:
    handler = type("Fresh", (Memory,), {"etags": {}, "careless": careless, "alone": Lock()})
    with listening(handler) as url:
        yield Server(url, "a", "b")


def names() -> list[str]:
    return [f"b{token_hex(4)}-{number}" for number in range(3)]


def create(server: Server, buckets: list[str]) -> None:
    create_buckets(server.endpoint, server.access_key, server.secret_key, REGION, buckets)


def ask(server: Server, bucket: str) -> None:
    probe(server.endpoint, server.access_key, server.secret_key, REGION, bucket)


def test_creating_buckets_again_changes_nothing(server: Server):
    wanted = names()
    create(server, wanted)
    independent_client(server).put_object(Bucket=wanted[0], Key="kept", Body=b"x")
    create(server, wanted)
    assert independent_client(server).get_object(Bucket=wanted[0], Key="kept")["Body"].read() == b"x"


def test_several_may_create_the_same_buckets_at_once(server: Server):
    wanted = names()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: create(server, wanted), range(8)))
    assert set(wanted) <= {bucket["Name"] for bucket in independent_client(server).list_buckets()["Buckets"]}


def test_a_store_with_atomic_conditions_passes_and_is_left_clean(server: Server):
    bucket = names()[0]
    create(server, [bucket])
    ask(server, bucket)
    assert independent_client(server).list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_store_that_ignores_conditions_is_refused_with_its_faults():
    with remembering(count(1)) as careless, pytest.raises(WrongSetting, match="S3_ENDPOINT=") as refusal:
        ask(careless, "any")
    assert all(fault in str(refusal.value) for fault in ("create-only", "compare-and-swap", "stale", "not there"))


@pytest.mark.parametrize("writes", [5, 10])
def test_a_store_that_is_careless_for_a_moment_after_its_start_passes(writes: int):
    with remembering(islice(count(1), writes)) as starting:
        ask(starting, "any")


def test_wrong_keys_are_told(server: Server):
    stranger = Server(server.endpoint, "stranger", "stranger")
    with pytest.raises(StoreMisconfigured, match="Check the keys"):
        create(stranger, names())


def test_a_bucket_that_cannot_be_created_is_told():
    with answering(reply("404 Not Found")) as endpoint, pytest.raises(StoreMisconfigured, match="BUCKET_PREFIX"):
        create(Server(endpoint, "a", "b"), names())


def test_a_store_that_fails_is_told():
    with answering(reply("500 Internal Server Error")) as endpoint:
        with pytest.raises(StoreDown):
            create(Server(endpoint, "a", "b"), names())
        with pytest.raises(StoreDown):
            ask(Server(endpoint, "a", "b"), "any")


@pytest.mark.store
def test_buckets_can_be_created_outside_the_first_region(seaweedfs: Server):
    wanted = names()
    create_buckets(seaweedfs.endpoint, seaweedfs.access_key, seaweedfs.secret_key, "eu-central-1", wanted)
    assert independent_client(seaweedfs).head_bucket(Bucket=wanted[0])


def test_a_store_that_is_not_there_is_told():
    nobody = Server(f"http://127.0.0.1:{free_ports(1)[0]}", "a", "b")
    with pytest.raises(StoreDown):
        create(nobody, names())
    with pytest.raises(StoreDown):
        ask(nobody, "any")


class Simple(Memory):
    """It knows no conditions, and says so."""

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(501 if self.headers["If-None-Match"] or self.headers["If-Match"] else 200)


def test_a_store_without_conditional_writes_is_refused_at_once():
    with (
        listening(type("Fresh", (Simple,), {"etags": {}})) as url,
        pytest.raises(WrongSetting, match="needs atomic conditional writes"),
    ):
        probe(url, "a", "b", REGION, "bucket")
