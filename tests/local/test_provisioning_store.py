"""SeaweedFS as deploy/ starts it, for faasd and for Kubernetes: it runs, and asks who comes."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from feedloop.adapters.bucket_setup import connect
from local.ports import SHADOW
from local.store import program
from tests.local.stranger import say
from tests.local.system import ask, until
from tests.structure.repository import ROOT
from tests.support import logs
from tests.support.servers import REGION, free_ports, without_leftovers

COMPOSE = ROOT / "deploy/faasd/docker-compose.additions.yaml"
KUBERNETES = ROOT / "deploy/kubernetes/seaweedfs.yaml"
PARTS = ("master", "volume", "filer")


def on_faasd() -> list[str]:
    """faasd runs a service's command as it stands."""
    command: list[str] = yaml.safe_load(f"services:\n{COMPOSE.read_text()}")["services"]["seaweedfs"]["command"]
    return command


def on_kubernetes() -> list[str]:
    """The container's command and its arguments."""
    (stateful,) = (one for one in yaml.safe_load_all(KUBERNETES.read_text()) if one["kind"] == "StatefulSet")
    (container,) = stateful["spec"]["template"]["spec"]["containers"]
    return [*container["command"], *container["args"]]


def test_both_platforms_start_the_same_store() -> None:
    assert on_faasd() == on_kubernetes()


def test_every_file_that_the_store_reads_is_handed_to_it() -> None:
    service = yaml.safe_load(f"services:\n{COMPOSE.read_text()}")["services"]["seaweedfs"]
    handed = {Path(volume["target"]).name for volume in service["volumes"]} - {"data"}
    assert handed == {"s3.json", "notification.toml", "security.toml", "seaweedfs.pem"}
    for page in ("deploy/faasd/README.md", "deploy/kubernetes/README.md"):
        assert [name for name in handed if name not in (ROOT / page).read_text()] == []


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of S3, and the folder of secrets."""
    secrets, found = tmp_path / "secrets", free_ports(1 + len(PARTS))
    assert ask(tmp_path, "identities", str(secrets)).returncode == 0
    there = {"/etc/seaweedfs/": f"{secrets}/", "-dir=/data": f"-dir={tmp_path}", "=0.0.0.0": "=127.0.0.1"}
    there["-s3.port=8333"] = f"-s3.port={found[0]}"
    line = "\n".join(on_faasd())
    for inside, outside in there.items():
        assert inside in line
        line = line.replace(inside, outside)
    name, *options = line.splitlines()
    options += [f"-{part}.port={port}" for part, port in zip(PARTS, found[1:], strict=True)]
    options += [f"-filer.localSocket={tmp_path}/filer.sock", f"-s3.localSocket={tmp_path}/s3.sock"]
    security = (secrets / "security.toml").read_text()
    (secrets / "security.toml").write_text(security.replace("/etc/seaweedfs/", f"{secrets}/"))
    with without_leftovers(found), (tmp_path / "log").open("wb") as log:
        logs.watch(tmp_path / "log")
        command = [program(name) or name, *options]
        with subprocess.Popen(command, cwd=secrets, stdout=log, stderr=log) as process:
            until(lambda: process.poll() is not None or b"AccessDenied" in say(found[0], "GET", "/", {}), "S3 answers")
            yield found[0], secrets
            process.kill()


@pytest.mark.store
@pytest.mark.skipif(not shutil.which("openssl"), reason="the certificate is made by openssl")
@pytest.mark.slow("starts a SeaweedFS as a deployment does")
def test_the_store_of_a_deployment_lets_its_operator_in_and_nobody_else(store: tuple[int, Path]) -> None:
    port, secrets = store
    pair = [(secrets / f"feedloop-s3-{half}-key").read_text() for half in ("access", "secret")]
    client = connect(f"http://127.0.0.1:{port}", pair[0], pair[1], REGION)
    until(lambda: client.create_bucket(Bucket="production"), "a bucket is made")
    client.put_object(Bucket="production", Key="x", Body=b"y")
    assert client.get_object(Bucket="production", Key="x")["Body"].read() == b"y"
    assert say(port + SHADOW, "GET", "/", {}, tls=True) == b""  # a handshake without a certificate
    assert b"403" in say(port, "GET", "/production/x", {})[:3]
