"""Whatever a person's shell says to other programs, each client of ours asks where we sent it, as who we are."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from feedloop import http_client, settings
from feedloop.adapters.bucket_setup import connect
from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.adapters.s3 import S3Store
from feedloop.domain.errors import AnnotationToolDown, StoreDown
from feedloop.domain.keys import ObjectRef
from local.identities import Identity
from local.minio_server import create_users
from local.settings import drop_foreign_variables

ID, KEY = "our-access-key", "our-secret-key"


def object_store(url: str) -> None:
    S3Store(endpoint=url, access_key=ID, secret_key=KEY, route=settings.route(url)).get(ObjectRef("b", "k"))


def clock_of_the_store(url: str) -> None:
    S3Store(endpoint=url, access_key=ID, secret_key=KEY, route=settings.route(url)).now()


def bucket_setup(url: str) -> None:
    connect(url, ID, KEY, "us-east-1", settings.route(url)).head_bucket(Bucket="b")


def label_studio(url: str) -> None:
    LabelStudioTool(url=url, token=ID, route=settings.route(url), pause=lambda _: None).has_annotation(1)


def minio(url: str) -> None:
    create_users(url, (ID, KEY), [Identity("name", "a", "b", "{}")])


def calls(url: str) -> None:
    headers = {"Authorization": f"Bearer {ID}"}
    http_client.request("GET", url, route=settings.route(url), timeout=5, headers=headers).raise_for_status()


CLIENTS = (object_store, clock_of_the_store, bucket_setup, label_studio, minio, calls)
HIDDEN = {clock_of_the_store}  # it shows no key


class Listener:
    """A server that remembers what it is asked."""

    def __init__(self) -> None:
        seen: list[str] = []

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                self.close_connection = True
                if self.raw_requestline and self.parse_request():
                    self.answer()

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append(f"{self.requestline}\n{self.headers}")
                self.send_response(200)
                for name, value in (("ETag", '"a"'), ("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT")):
                    self.send_header(name, value)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else b"null")

            def log_message(self, *words: object) -> None:
                """Not a word."""

        self.seen = seen
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.port = self.server.server_port


@contextmanager
def listening() -> Iterator[Listener]:
    one = Listener()
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def store() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture(scope="module")
def proxy() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture(autouse=True)
def own_shell(monkeypatch, store, proxy, tmp_path):
    """A home with another's passwords and another's cloud, and no proxy yet."""
    for kind in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{kind}_proxy", raising=False)
        monkeypatch.delenv(f"{kind}_proxy".upper(), raising=False)
    (tmp_path / ".netrc").write_text("default login strange password strange\n")
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default\nregion = strange\ns3 =\n  addressing_style = strange\n")
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_session_token = strange\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    store.seen.clear()
    proxy.seen.clear()


def asked_by(client: Callable[[str], None], url: str) -> None:
    """What the listener answers is nothing that any of them wants; that is not the question."""
    with suppress(StoreDown, AnnotationToolDown, json.JSONDecodeError):
        client(url)


STRANGE = {
    "proxies": {f"{kind}_proxy": "PROXY" for kind in ("http", "https", "all")},
    "PROXIES": {f"{kind}_PROXY": "PROXY" for kind in ("HTTP", "HTTPS", "ALL")},
    "a proxy that none can use": {"ALL_PROXY": "socks5://127.0.0.1:9"},
    "an exception with a network": {"http_proxy": "PROXY", "no_proxy": "10.0.0.0/8"},
    "AWS_PROFILE": {"AWS_PROFILE": "strange", "AWS_DEFAULT_PROFILE": "strange"},
    "AWS_ENDPOINT_URL": {"AWS_ENDPOINT_URL": "PROXY", "AWS_ENDPOINT_URL_S3": "PROXY", "AWS_ENDPOINT": "PROXY"},
    "AWS_PROXY_URL": {"AWS_PROXY_URL": "PROXY", "AWS_PROXY_EXCLUDES": ""},
    "AWS keys": {"AWS_ACCESS_KEY_ID": "strange", "AWS_SECRET_ACCESS_KEY": "strange", "AWS_SESSION_TOKEN": "strange"},
    "AWS regions": {"AWS_DEFAULT_REGION": "strange", "AWS_REGION": "strange"},
    "AWS switches": {
        f"AWS_{name}": "strange"
        for name in (
            *("CONFIG_FILE", "SHARED_CREDENTIALS_FILE", "CA_BUNDLE", "USE_FIPS_ENDPOINT", "USE_DUALSTACK_ENDPOINT"),
            *("DEFAULTS_MODE", "RETRY_MODE", "MAX_ATTEMPTS", "REQUEST_CHECKSUM_CALCULATION", "SDK_UA_APP_ID"),
            *("S3_US_EAST_1_REGIONAL_ENDPOINT", "S3_USE_ARN_REGION", "IGNORE_CONFIGURED_ENDPOINT_URLS", "DATA_PATH"),
            *("TIMEOUT", "ALLOW_HTTP", "S3_EXPRESS", "SKIP_SIGNATURE", "COPY_IF_NOT_EXISTS", "CONDITIONAL_PUT"),
            *("CHECKSUM_ALGORITHM", "REQUEST_PAYER", "SERVER_SIDE_ENCRYPTION", "USER_AGENT", "HTTP2_ONLY", "BUCKET"),
        )
    },
    "AWS_USE_FIPS_ENDPOINT": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_S3_EXPRESS": "true", "AWS_HTTP2_ONLY": "true"},
    "MINIO": {"MINIO_ENDPOINT": "PROXY", "MINIO_ACCESS_KEY": "strange", "MINIO_ROOT_USER": "strange"},
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("shell", STRANGE.values(), ids=STRANGE)
def test_a_store_on_this_machine_is_asked_directly_and_as_us(client, shell, store, proxy, monkeypatch):
    for name, value in shell.items():
        monkeypatch.setenv(name, value.replace("PROXY", f"http://127.0.0.1:{proxy.port}"))
    asked_by(client, f"http://localhost:{store.port}")
    assert not [one for one in proxy.seen if f":{store.port}" in one]
    assert [line.split()[1][0] for line in store.seen] == ["/"] * len(store.seen) != []
    assert "strange" not in "".join(store.seen)
    assert "Basic " not in "".join(store.seen)
    assert client in HIDDEN or ID in store.seen[-1]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_every_client_takes_the_same_proxy_to_another_machine(client, name, proxy, monkeypatch):
    monkeypatch.setenv(name, f"http://me:word@127.0.0.1:{proxy.port}")
    asked_by(client, "http://store.example:9000")
    (asked, *_) = [one for one in proxy.seen if "store.example" in one]
    assert asked.split()[1].startswith("http://store.example:9000/")
    assert "proxy-authorization: basic bwu6d29yza==" in asked.lower()


def test_the_environment_of_our_parts_is_of_no_other_store_and_no_other_python(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "MINIO_ROOT_USER", "WEED_S3_X", "PYTHONSAFEPATH", "PYTHONHOME", "OTHER"):
        monkeypatch.setenv(name, "strange")
    monkeypatch.setenv("PYTHONUTF8", "0")
    drop_foreign_variables()
    assert [name for name, value in os.environ.items() if value == "strange"] == ["OTHER"]
    assert os.environ["PYTHONUTF8"] == "1"
