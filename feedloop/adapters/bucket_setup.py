"""Set-up of an S3-compatible store: its buckets, and whether its conditional writes can be trusted.

By boto3, for operators and `make run`; no function imports this.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain
from secrets import token_hex
from threading import Barrier
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from feedloop.domain.errors import StoreDown, StoreMisconfigured, WrongSetting
from feedloop.domain.proxies import DIRECT, Route

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_HOME = "us-east-1"  # the one region that AWS does not want to hear named
_KEYS = 4  # racing side by side
_WRITERS = 4  # on each; of more, some wait for seconds where SeaweedFS serialises them
_STALE = '"0123456789abcdef0123456789abcdef"'
_LOST = (409, 412)
_NOT_THERE = 404
_FAILED = 500
_UNKNOWN = 501
_WANTED = "Feedloop needs atomic conditional writes; SeaweedFS 4.18 and newer, MinIO and AWS S3 have them."
_NO_FILE = {"config_file": (None, None, "", None), "credentials_file": (None, None, "", None)}
_OF_NO_SHELL = {name: (None, None, how[2], how[3]) for name, how in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
"""No variable and no file of the person's cloud is ours: a profile of another project, an odd ~/.aws/config."""


def connect(endpoint: str, access_key: str, secret_key: str, region: str, route: Route = DIRECT) -> "S3Client":
    """A client without retries: set-up wants to see each answer as it is."""
    session = Session(session_vars={**_OF_NO_SHELL, **_NO_FILE})
    session.get_component("config_store").set_config_variable("s3", {})
    config = Config(
        s3={"addressing_style": "path"},
        proxies=route.proxies(),
        connect_timeout=2,
        read_timeout=30,
        retries={"total_max_attempts": 1},
        max_pool_connections=_KEYS * _WRITERS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.Session(botocore_session=session).client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=region,
        verify=route.ca_file or True,
        config=config,
    )


def create_buckets(
    endpoint: str, access_key: str, secret_key: str, region: str, names: Iterable[str], *, route: Route = DIRECT
) -> None:
    """Create what is missing of these buckets, also while another does the same.

    Raises StoreDown and StoreMisconfigured.
    """
    client = connect(endpoint, access_key, secret_key, region, route)
    for name in names:
        with _translated_errors(endpoint, name):
            if not _exists(client, name):
                _create(client, name, region)


def probe(endpoint: str, access_key: str, secret_key: str, region: str, bucket: str, *, route: Route = DIRECT) -> None:
    """Refuse a store that lets two writers win, or a stale one. Raises WrongSetting.

    A fault must be found twice: SeaweedFS lets two win at one moment in the second after each start of its own.
    Also raises StoreDown and StoreMisconfigured.
    """
    client = connect(endpoint, access_key, secret_key, region, route)
    with _translated_errors(endpoint, bucket):
        faults = _probe_once(client, bucket) and _probe_once(client, bucket)
    if faults:
        raise WrongSetting(f"S3_ENDPOINT={endpoint} may not be this store: {', '.join(sorted(faults))}. {_WANTED}")


def _probe_once(client: "S3Client", bucket: str) -> set[str]:
    keys = [f"probe/{token_hex(16)}" for _ in range(_KEYS)]
    with ThreadPoolExecutor(_KEYS) as pool:
        faults = pool.map(lambda key: list(_faults(client, bucket, key)), keys)
        return set(chain.from_iterable(faults))


def _faults(client: "S3Client", bucket: str, key: str) -> Iterator[str]:
    write = partial(client.put_object, Bucket=bucket, Key=key)
    try:
        if _won(partial(write, Body=b"0", IfMatch=_STALE)):
            yield "it replaces what is not there"
        if _winners(partial(write, IfNoneMatch="*")) != 1:
            yield "not exactly one of racing create-only writers wins"
        etag = client.head_object(Bucket=bucket, Key=key)["ETag"]
        if _winners(partial(write, IfMatch=etag)) != 1:
            yield "not exactly one of racing compare-and-swap writers wins"
        if _won(partial(write, Body=b"0", IfMatch=_STALE)):
            yield "a stale writer wins"
    finally:
        client.delete_object(Bucket=bucket, Key=key)


def _winners(write: Callable[..., object]) -> int:
    """How many of some writers that start together succeed, each with another body."""
    start = Barrier(_WRITERS)

    def attempt(writer: int) -> bool:
        start.wait()
        return _won(partial(write, Body=f"writer {writer} {token_hex(4)}".encode()))

    with ThreadPoolExecutor(_WRITERS) as pool:
        return sum(pool.map(attempt, range(_WRITERS)))


def _won(write: Callable[[], object]) -> bool:
    try:
        write()
    except ClientError as error:
        if _status(error) in (*_LOST, _NOT_THERE):
            return False
        raise
    return True


def _exists(client: "S3Client", name: str) -> bool:
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if _status(error) == _NOT_THERE:
            return False
        raise
    return True


def _create(client: "S3Client", name: str, region: str) -> None:
    try:
        if region == _HOME:
            client.create_bucket(Bucket=name)
        else:
            client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    except ClientError:
        if not _exists(client, name):  # else another was first
            raise


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


@contextmanager
def _translated_errors(endpoint: str, bucket: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _status(error) == _UNKNOWN or error.response["Error"].get("Code") == "NotImplemented":
            raise WrongSetting(
                f"The store at {endpoint} does not know what Feedloop asks ({error}). {_WANTED}"
            ) from error
        if _status(error) >= _FAILED:
            raise StoreDown(f"The store at {endpoint} failed: {error}") from error
        raise StoreMisconfigured(
            f"The store at {endpoint} refuses the bucket {bucket}: {error}. "
            "Check the keys and their rights; a name that another account has needs a BUCKET_PREFIX."
        ) from error
    except BotoCoreError as error:
        raise StoreDown(f"The store at {endpoint} does not answer: {error}") from error
