"""Lists and prints objects in the store of a running system, without any other tool."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from feedloop import settings
from feedloop.adapters.bucket_setup import connect
from feedloop.domain.errors import StoreDown, WrongSetting
from local import data_directory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def ls(data_dir: Path, path: str, region: str) -> None:
    """The buckets, or all that lies below `bucket/prefix`: bytes, time, bucket and key."""
    bucket, _, prefix = path.partition("/")
    client = _client(data_dir, region)
    try:
        if not bucket:
            lines = [f"{one['Name']}/" for one in client.list_buckets()["Buckets"]]
        else:
            lines = _objects(client, bucket, prefix)
        for line in lines:
            print(line)
    except (BotoCoreError, ClientError) as error:
        raise StoreDown(f"{path or 'The store'} cannot be listed: {error}") from error


def cat(data_dir: Path, path: str, region: str) -> None:
    """An object: its metadata on standard error, its bytes on standard output."""
    bucket, _, key = path.partition("/")
    try:
        response = _client(data_dir, region).get_object(Bucket=bucket, Key=key)
        body = response["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise StoreDown(f"{path} cannot be read: {error}") from error
    facts = {"content-type": response["ContentType"], "etag": response["ETag"], **response["Metadata"]}
    for name, value in facts.items():
        print(f"{name}: {value}", file=sys.stderr)
    if sys.stdout.isatty() and not facts["content-type"].startswith(("application/json", "text/")):
        print(f"({len(body)} bytes: send them to a file with > picture.jpg)", file=sys.stderr)
    else:
        sys.stdout.buffer.write(body)


def _objects(client: "S3Client", bucket: str, prefix: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    entries = (entry for page in pages for entry in page.get("Contents", []))
    return [f"{e['Size']:>10} {e['LastModified']:%Y-%m-%dT%H:%M:%SZ} {bucket}/{e['Key']}" for e in entries]


def _client(data_dir: Path, region: str) -> "S3Client":
    connection = data_directory.load_json(data_dir / data_directory.CONNECTION)
    if not connection:
        raise WrongSetting(f"No Feedloop runs on DATA_DIR={data_dir}: start it with `make run`, or set DATA_DIR.")
    s3 = connection["s3"]
    return connect(s3["endpoint"], s3["access_key"], s3["secret_key"], region, settings.store_route(s3["endpoint"]))
