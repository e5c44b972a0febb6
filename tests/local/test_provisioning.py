"""`python -m local prepare`: a store made ready for functions that run elsewhere."""

import json
import os
import subprocess
from secrets import token_hex

import pytest

from feedloop import releases
from feedloop.domain import keys
from local import stack
from tests.local.system import COMMAND
from tests.structure.repository import ROOT
from tests.support.servers import Server


def prepare(tmp_path, **choices):
    """The command as an operator gives it, from an environment with these choices alone."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **choices}
    return subprocess.run([*COMMAND, "prepare"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow("makes a store ready twice")
@pytest.mark.store
def test_a_store_gets_its_buckets_and_a_first_model_and_a_second_run_changes_nothing(seaweedfs: Server, tmp_path):
    prefix = f"p{token_hex(4)}-"
    keys_of = {"S3_ACCESS_KEY": seaweedfs.access_key, "S3_SECRET_KEY": seaweedfs.secret_key}
    ready = [prepare(tmp_path, S3_ENDPOINT=seaweedfs.endpoint, BUCKET_PREFIX=prefix, **keys_of) for _ in range(2)]
    assert [(done.returncode, done.stderr) for done in ready] == [(0, ""), (0, "")]
    assert "demonstration model serves now" in ready[0].stdout
    assert "model food11" in ready[1].stdout
    store = seaweedfs.open(prefix)
    assert releases.current(store).card.name == "food11"
    assert [list(store.list(keys.ObjectRef(bucket, ""))) for bucket in (keys.PRODUCTION, *keys.DATASETS.values())] == [
        []
    ] * 5
    assert not (tmp_path / "data").exists()


def test_it_asks_for_the_store_that_is_meant(tmp_path):
    refused = prepare(tmp_path)
    assert refused.returncode == 1
    assert "S3_ENDPOINT" in refused.stderr


def hand_out(tmp_path, *words, **choices):
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **choices}
    command = [*COMMAND, "identities", str(tmp_path / "secrets"), *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_everybody_gets_keys_once_and_the_store_a_file(tmp_path):
    assert hand_out(tmp_path, BUCKET_PREFIX="mine-").returncode == 0
    drawn = {path.name: path.read_text() for path in (tmp_path / "secrets").glob("feedloop-*")}
    output = hand_out(tmp_path, BUCKET_PREFIX="mine-").stdout
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").glob("feedloop-*")} == drawn
    people = json.loads((tmp_path / "secrets" / "s3.json").read_text())["identities"]
    assert {one["name"] for one in people} == {"operator", "label-studio", *(f.name for f in stack.load_functions())}
    assert "faas-cli secret create feedloop-flag-s3-access-key" in output
    assert not [name for name, key in drawn.items() if key in output or "feedloop-s3" in output]
    assert "mine-production" in (tmp_path / "secrets" / "policies" / "flag.json").read_text()


@pytest.mark.store
def test_minio_learns_of_everybody_at_once(minio_server: Server, tmp_path):
    keys_of = {"S3_ACCESS_KEY": minio_server.access_key, "S3_SECRET_KEY": minio_server.secret_key}
    refused = hand_out(tmp_path, "--minio", S3_ENDPOINT=minio_server.endpoint, **{**keys_of, "S3_SECRET_KEY": "guess"})
    assert (refused.returncode, "MinIO does not let" in refused.stderr) == (1, True)
