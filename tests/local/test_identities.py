"""Whoever is admitted to a store does what the policy says and nothing else, on both stores."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from feedloop.adapters.bucket_setup import connect
from feedloop.domain import keys
from local import folder, seaweedfs
from local.minio_server import MinIO
from local.seaweedfs import SeaweedFS
from local.store import Access, Identity, Store, policy
from tests.local.system import System, until
from tests.support.servers import REGION, Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.store

PREFIX = "id-"
OTHERS = [bucket for bucket in (*keys.BUCKETS, "labelstudio2") if bucket != keys.LABELSTUDIO]
ALLOWED = {("get", "images"), ("put", "output"), ("delete", "output")}
"""In its own bucket it shows pictures and writes answers: tasks would tell annotators what the model thinks."""
DEEDS: dict[str, Callable[["S3Client", str], object]] = {
    "put": lambda client, bucket: client.put_object(Bucket=bucket, Key="a/mine", Body=b"mine"),
    "get": lambda client, bucket: client.get_object(Bucket=bucket, Key="a/there")["Body"].read(),
    "list": lambda client, bucket: client.list_objects_v2(Bucket=bucket, Prefix="a/"),
    "delete": lambda client, bucket: client.delete_object(Bucket=bucket, Key="a/there"),
}


def _seaweedfs(system: System) -> Store:
    s3 = system.connection()["s3"]
    access = Access(s3["access_key"], s3["secret_key"], REGION, PREFIX, "")
    ports = {name: folder.read_json(system.data_dir / folder.PORTS)[name] for name in seaweedfs.PORTS}
    return SeaweedFS(system.data_dir / "seaweedfs", ports, access, fsync=True, webhook="", functions=())


def _minio(server: Server) -> Store:
    access = Access(server.access_key, server.secret_key, REGION, PREFIX, "")
    return MinIO(Path(), {"minio": int(server.endpoint.rpartition(":")[2])}, access, "", ())


@pytest.fixture(scope="module", params=["seaweedfs", "minio"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "minio":
        return _minio(request.getfixturevalue("minio_server"))
    return _seaweedfs(request.getfixturevalue("system"))


@pytest.fixture(scope="module")
def owner(store: SeaweedFS | MinIO) -> "S3Client":
    client = connect(store.endpoint, store.access.access_key, store.access.secret_key, REGION)
    for bucket in (keys.LABELSTUDIO, *OTHERS):
        client.create_bucket(Bucket=PREFIX + bucket)
        client.put_object(Bucket=PREFIX + bucket, Key="a/there", Body=b"there")
    return client


@pytest.fixture(scope="module")
def guest(store: Store, owner: "S3Client") -> "S3Client":
    """Label Studio, as the store sees it."""
    store.admit(Identity("label-studio", "its-access-key", "its-secret-key", policy("label-studio", PREFIX)))
    client = connect(store.endpoint, "its-access-key", "its-secret-key", REGION)
    until(lambda: not _refused(DEEDS["list"], client, PREFIX + keys.LABELSTUDIO), "the store knows the new key")
    return client


def _refused(deed: Callable[["S3Client", str], object], client: "S3Client", bucket: str) -> bool:
    try:
        deed(client, bucket)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return False


def _in(folder: str) -> dict[str, Callable[["S3Client", str], object]]:
    """Deeds on an object of one folder."""
    there = {"Key": f"{folder}/there"}
    return {
        "get": lambda client, bucket: client.get_object(Bucket=bucket, **there),
        "put": lambda client, bucket: client.put_object(Bucket=bucket, **there, Body=b"there"),
        "delete": lambda client, bucket: client.delete_object(Bucket=bucket, **there),
    }


@pytest.mark.parametrize("folder", ["images", "output", "tasks"])
@pytest.mark.parametrize("deed", ["get", "put", "delete"])
def test_label_studio_shows_pictures_and_writes_answers_only(
    owner: "S3Client", guest: "S3Client", folder: str, deed: str
) -> None:
    own = PREFIX + keys.LABELSTUDIO
    owner.put_object(Bucket=own, Key=f"{folder}/there", Body=b"there")
    assert _refused(_in(folder)[deed], guest, own) is ((deed, folder) not in ALLOWED)


def test_label_studio_lists_its_own_bucket(guest: "S3Client") -> None:
    assert not _refused(DEEDS["list"], guest, PREFIX + keys.LABELSTUDIO)


@pytest.mark.parametrize("bucket", OTHERS)
@pytest.mark.parametrize("deed", DEEDS)
def test_label_studio_is_refused_everywhere_else(owner: "S3Client", guest: "S3Client", bucket: str, deed: str) -> None:
    assert _refused(DEEDS[deed], guest, PREFIX + bucket)
    assert [found["Key"] for found in owner.list_objects_v2(Bucket=PREFIX + bucket)["Contents"]] == ["a/there"]


def test_label_studio_is_refused_the_same_bucket_of_another_deployment(owner: "S3Client", guest: "S3Client") -> None:
    owner.create_bucket(Bucket="other-labelstudio")
    assert all(_refused(deed, guest, "other-labelstudio") for deed in (*DEEDS.values(), *_in("images").values()))


def test_label_studio_makes_no_bucket_and_hands_nothing_out(owner: "S3Client", guest: "S3Client") -> None:
    assert _refused(lambda client, bucket: client.create_bucket(Bucket=bucket), guest, "a-new-bucket")
    own, opened = PREFIX + keys.LABELSTUDIO, policy("label-studio", PREFIX)
    assert _refused(lambda client, bucket: client.put_bucket_policy(Bucket=bucket, Policy=opened), guest, own)


def test_nothing_is_copied_out_of_another_bucket(owner: "S3Client", guest: "S3Client") -> None:
    source = {"Bucket": f"{PREFIX}production", "Key": "a/there"}
    assert _refused(lambda c, b: c.copy_object(Bucket=b, Key="a/taken", CopySource=source), guest, "id-labelstudio")  # type: ignore[arg-type]


def test_a_changed_policy_counts_at_once_and_again_is_no_harm(store: Store, owner: "S3Client") -> None:
    for prefix in ("nowhere-", PREFIX, PREFIX):
        store.admit(Identity("reader", "another-access-key", "another-secret-key", policy("label-studio", prefix)))
    client = connect(store.endpoint, "another-access-key", "another-secret-key", REGION)
    until(lambda: not _refused(DEEDS["list"], client, PREFIX + keys.LABELSTUDIO), "the last policy holds")
