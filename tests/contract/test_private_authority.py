"""A store behind TLS, certified by an authority of its owner's: S3_CA_FILE alone lets every client in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from feedloop import http_client, settings, wiring
from feedloop.adapters import bucket_setup
from feedloop.domain import keys
from feedloop.domain.errors import StoreDown, WrongSetting
from feedloop.domain.keys import ObjectRef
from local import label_studio_server, seaweedfs_security
from local.identities import of_seaweedfs
from local.label_studio import KEYS, PASSWORD
from local.minio_server import create_users
from tests.structure.repository import ROOT
from tests.support import logs, servers
from tests.support.servers import REGION, Server
from tests.support.wiring_caches import clear_wiring

OTHERS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE")
PLACE = ObjectRef(keys.TRACKING, "requests/private")
pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif(not shutil.which("openssl"), reason="authority and certificate are made by openssl"),
]


def _openssl(*words: str, cwd: Path) -> None:
    subprocess.run(("openssl", *words), cwd=cwd, check=True, capture_output=True)


def _certify(folder: Path) -> None:
    """ca.pem, an authority; store.pem and store.key, what it has signed for 127.0.0.1."""
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    _openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Ours", cwd=folder)
    _openssl("req", *new[:5], "-keyout", "store.key", "-out", "store.csr", "-subj", "/CN=store", cwd=folder)
    (folder / "name").write_text("subjectAltName=IP:127.0.0.1\n")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "name", "-days", "2")
    _openssl("x509", "-req", "-in", "store.csr", *signing, "-out", "store.pem", cwd=folder)


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A SeaweedFS that speaks TLS, and its authority's file."""
    where, ports = tmp_path_factory.mktemp("private"), servers.free_ports(5)
    server = Server(f"https://127.0.0.1:{ports[0]}", token_hex(8), token_hex(16))
    _certify(where)
    (where / "s3.json").write_text(of_seaweedfs((server.access_key, server.secret_key), server.identities()))
    seaweedfs_security.create_files(where)
    command = [*servers._weed_command(where, ports), "-s3.cert.file=store.pem", "-s3.key.file=store.key"]
    with servers.without_leftovers(ports), (where / "log").open("wb") as log:
        logs.watch(where / "log")
        with subprocess.Popen(command, cwd=where, stdout=log, stderr=log) as process:
            yield server, where / "ca.pem"
            process.kill()


@pytest.fixture
def deployment(private: tuple[Server, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The settings of a deployment on it, S3_CA_FILE among them; of other programs' variables there is none."""
    server, authority = private
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
    server.write_secrets(tmp_path)
    monkeypatch.setenv("S3_ENDPOINT", server.endpoint)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("S3_CA_FILE", str(authority))
    clear_wiring()
    yield server
    clear_wiring()


@pytest.mark.slow("starts a store that speaks TLS")
def test_one_setting_lets_every_client_in(deployment: Server) -> None:
    server = deployment
    shell = {name: text for name, text in os.environ.items() if name not in OTHERS}
    given = {"S3_ACCESS_KEY": server.access_key, "S3_SECRET_KEY": server.secret_key}
    prepare = [sys.executable, "-m", "local", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env={**shell, **given}, check=True, capture_output=True)
    store = wiring.store()
    store.create(PLACE, b"ours")
    assert store.get(PLACE).body == b"ours"
    assert [entry.key for entry in store.list(ObjectRef(keys.TRACKING, "requests/"))] == [PLACE.key]
    assert store.now().tzinfo
    client = bucket_setup.connect(
        server.endpoint, server.access_key, server.secret_key, REGION, settings.store_route(server.endpoint)
    )
    assert client.get_object(Bucket=PLACE.bucket, Key=PLACE.key)["Body"].read() == b"ours"
    assert http_client.request(
        "GET", server.endpoint, route=settings.store_route(server.endpoint), timeout=10
    ).status_code
    with pytest.raises(StoreDown) as refused:  # it is no MinIO, which takes another's word for it
        create_users(server.endpoint, (server.access_key, server.secret_key), server.identities()[:1])
    assert "certificate" not in str(refused.value).lower()


def test_without_it_the_store_is_not_believed(deployment: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S3_CA_FILE")
    with pytest.raises(StoreDown):
        wiring.store().get(PLACE)


def test_what_is_no_certificate_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not one")
    for file in (tmp_path / "ca.pem", tmp_path / "nowhere.pem"):
        with pytest.raises(WrongSetting, match="S3_CA_FILE"):
            settings.Settings.from_environment({"S3_ENDPOINT": "https://s3.example", "S3_CA_FILE": str(file)})


def test_our_label_studio_trusts_it_too(deployment: Server) -> None:
    secrets = Path(os.environ["SECRETS_DIR"])
    (secrets / PASSWORD).write_text("secret")
    env = {**os.environ, "LABEL_STUDIO_URL": "http://127.0.0.1:9", KEYS: "feedloop-s3"}
    assert label_studio_server.environment(env)["AWS_CA_BUNDLE"] == os.environ["S3_CA_FILE"]
