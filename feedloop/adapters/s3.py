"""Any S3-compatible store, by obstore (docs/decisions/0001-store-client.md)."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store as Bucket

from feedloop.domain.errors import AlreadyExists, Changed, FeedloopError, Missing, StoreDown, StoreMisconfigured
from feedloop.domain.keys import ObjectRef
from feedloop.domain.proxies import DIRECT, Route
from feedloop.domain.store_limits import HEADER_NAMES, check_folder, check_metadata
from feedloop.ports import Entry, Head, Stored
from feedloop.s3_listing import ListingClient, opener

if TYPE_CHECKING:
    from obstore import Attributes, GetResult, PutMode
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential

_RETRIES = 2
_PAGE = 1000
_EVERYTHING = "*,0.0.0.0/0,::/0"  # names, and addresses
_REFUSED = "412 Precondition Failed"
_IN_FLIGHT = "409 Conflict"  # AWS: another conditional write has not ended yet, and may fail
_CODE = re.compile(r"<Code>(\w+)</Code>")
_SUSPENDED = "{0} refuses the ETag that it gives for {1}. SeaweedFS does so where versioning is suspended: enable it."

_REFUSALS = {
    "NoSuchBucket": "The bucket {} does not exist: create it, or mend BUCKET_PREFIX.",
    "InvalidAccessKeyId": "The store does not know the access key: mend it.",
    "SignatureDoesNotMatch": "The secret key does not belong to the access key: mend it.",
    "AuthorizationHeaderMalformed": "The store is in another region: mend S3_REGION.",
    "PermanentRedirect": "The bucket {} is in another region: mend S3_REGION and S3_ENDPOINT.",
    "RequestTimeTooSkewed": "The clocks of this machine and of the store differ too much: set them.",
    "NotImplemented": "The store does not know what Feedloop asks, most likely conditional writes: take another.",
    "AccessDenied": "The store refuses access to {}: the key needs the rights to read, write, delete and list.",
}


class S3Store:
    """An ObjectStore that talks to one endpoint, path-style.

    A call that cannot connect, is cut off, or meets a 5xx is tried two more times, so a
    conditional write whose first response got lost may meet its own success: AlreadyExists
    and Changed mean that somebody was first, perhaps we ourselves. A conditional write
    that times out is not sent again: StoreDown, outcome unknown.

    `read_timeout` is the longest silence, and with it the longest upload; 16 writers racing
    for one key of SeaweedFS wait for each other up to 6 seconds. `request_timeout` bounds a
    single request that keeps trickling.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        prefix: str = "",
        connect_timeout: float = 1.0,
        read_timeout: float = 10.0,
        request_timeout: float = 30.0,
        route: Route = DIRECT,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._region, self._prefix = region, prefix
        self._credential: S3Credential = {
            "access_key_id": access_key,
            "secret_access_key": secret_key,
            "token": None,
            "expires_at": None,
        }
        self._client: ClientConfig = {
            "allow_http": self._endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=connect_timeout),
            "read_timeout": timedelta(seconds=read_timeout),
            "timeout": timedelta(seconds=request_timeout),
            # Without a proxy it would look for one in the shell: so it gets one, and never asks it.
            "proxy_url": route.proxy or self._endpoint,
            "proxy_excludes": "" if route.proxy else _EVERYTHING,
        }
        if route.ca_file:
            self._client["root_certificate"] = Path(route.ca_file).read_bytes()
        self._opener = opener(route)
        self._patience = read_timeout
        self._listing = ListingClient(self._endpoint, region, access_key, secret_key, self._opener, read_timeout)
        self._buckets: dict[str, Bucket] = {}

    def get(self, ref: ObjectRef, *, most: int | None = None) -> Stored:
        """The object, of its body at most so many bytes: the rest stays with the store. Raises Missing."""
        with self._translated_errors(ref):
            result = self._bucket(ref).get(ref.key)
            head = _head(result)
            whole = most is None or head.size <= most
            body = bytes(result.bytes()) if whole else _beginning(result, most or 0)
            return Stored(head.etag, head.size, head.modified, head.metadata, body)

    def head(self, ref: ObjectRef) -> Head:
        """The object without its body. Raises Missing."""
        with self._translated_errors(ref):
            try:
                return _head(self._bucket(ref).get(ref.key, options={"head": True}))
            except (FileNotFoundError, PermissionDeniedError):  # a response to HEAD has no body to say why
                return self.get(ref, most=0)

    def create(
        self,
        ref: ObjectRef,
        body: bytes,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> str:
        """Write once and return the ETag. Raises AlreadyExists and MetadataTooLarge."""
        check_metadata(metadata or {})  # a line break would panic in the client, which `except Exception` misses
        return self._put(ref, body, {"Content-Type": content_type, **(metadata or {})}, "create")

    def replace(self, ref: ObjectRef, body: bytes, *, etag: str) -> str:
        """Compare-and-swap a JSON document; return the new ETag. Raises Changed, also when missing.

        Raises StoreMisconfigured when the store refuses the ETag that it gave.
        """
        for _ in range(2):  # the same content may have come back before we check
            try:
                return self._put(ref, body, {"Content-Type": "application/json"}, {"e_tag": f'"{etag}"'})
            except Changed:
                if self._etag(ref) != etag:
                    raise
        raise StoreMisconfigured(_SUSPENDED.format(self._prefix + ref.bucket, ref.key))

    def copy(self, source: ObjectRef, target: ObjectRef) -> None:
        """The same bytes and metadata under another key, read and written. Raises Missing."""
        with self._translated_errors(source):
            result = self._bucket(source).get(source.key)
            body = bytes(result.bytes())
        self._put(target, body, result.attributes, "overwrite")

    def delete(self, ref: ObjectRef) -> None:
        """Remove the object; one that is not there is fine."""
        with suppress(Missing), self._translated_errors(ref):
            self._bucket(ref).delete(ref.key)

    def list(self, folder: ObjectRef, *, start_after: str = "", limit: int | None = None) -> Iterator[Entry]:
        """Entries below `folder` as the store orders them, asked for by pages of 1,000 when they are needed.

        That is byte order unless a file's name begins with the name of a folder beside it.
        """
        check_folder(folder.key)
        return islice(self._entries(folder, start_after, min(limit or _PAGE, _PAGE)), limit)

    def now(self) -> datetime:
        """The Date of a response of the store, to the second."""
        try:
            return parsedate_to_datetime(self._date()).astimezone(UTC)
        except (OSError, HTTPException, ValueError) as error:
            raise StoreDown(f"The store at {self._endpoint} sends no time: {error}") from error

    def url(self, ref: ObjectRef) -> str:
        """The object's s3:// address, with the bucket prefix."""
        return f"s3://{self._prefix}{ref.bucket}/{ref.key}"

    def _bucket(self, ref: ObjectRef) -> Bucket:
        name = self._prefix + ref.bucket
        if name not in self._buckets:
            self._buckets[name] = self._open(name)
        return self._buckets[name]

    def _open(self, bucket: str) -> Bucket:
        """A client for one bucket, which would take any AWS_ variable for a setting: none of them is ours."""
        for name in [name for name in os.environ if name.upper().startswith("AWS_")]:
            os.environ.pop(name, None)
        config: S3Config = {
            "endpoint": self._endpoint,
            "region": self._region,
            "virtual_hosted_style_request": False,
            "conditional_put": "etag",
            "disable_bulk_delete": True,
        }
        retry: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=self._patience)}
        return Bucket(
            bucket,
            config=config,
            client_options=self._client,
            retry_config=retry,
            credential_provider=lambda: self._credential,
        )

    def _put(self, ref: ObjectRef, body: bytes, attributes: "Attributes", mode: "PutMode") -> str:
        with self._translated_errors(ref):
            # in one part, also above 5 MB: a copy keeps its ETag
            done = self._bucket(ref).put(ref.key, body, attributes=attributes, mode=mode, use_multipart=False)
            return _bare(done["e_tag"])

    def _etag(self, ref: ObjectRef) -> str:
        with suppress(Missing):
            return self.head(ref).etag
        return ""

    def _entries(self, folder: ObjectRef, start_after: str, page: int) -> Iterator[Entry]:
        with self._translated_errors(folder):
            try:
                for items in self._bucket(folder).list(folder.key or None, offset=start_after or None, chunk_size=page):
                    for item in items:
                        start_after = item["path"]
                        # a console's "create folder" leaves an object that obstore lists by the folder's own name
                        if start_after.startswith(folder.key):
                            yield Entry(start_after, _bare(item["e_tag"]), item["size"], item["last_modified"])
            except InvalidPathError:  # somebody's key has a line break in it: obstore lists nothing of its page
                where = self._prefix + folder.bucket, folder.key, start_after
                yield from self._listing.entries(*where, page=page)

    def _date(self) -> str:
        question = Request(f"{self._endpoint}/now", method="HEAD")  # noqa: S310 - our own setting
        try:
            with self._opener.open(question, timeout=self._patience) as response:
                return str(response.headers["Date"])
        except HTTPError as refusal:  # it has a Date as well
            return str(refusal.headers["Date"])

    @contextmanager
    def _translated_errors(self, ref: ObjectRef) -> Iterator[None]:
        try:
            yield
        except ValueError as error:  # `..` or `//`: no store has such a key
            raise Missing(ref.key) from error
        except (BaseError, OSError) as error:
            raise _error_of(error, self._prefix + ref.bucket, ref.key) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # no Exception, and it would end what its thread belongs to
                raise
            raise StoreDown(f"The store's client failed on {ref.key}: {error}") from error


def _error_of(error: Exception, bucket: str, key: str) -> FeedloopError:
    """What obstore's error means to us; only the response's text tells a missing key from a missing bucket."""
    text = str(error)
    code = _code(error, text)
    if code in _REFUSALS:
        return StoreMisconfigured(_REFUSALS[code].format(bucket))
    if isinstance(error, AlreadyExistsError) and _IN_FLIGHT not in text:
        return AlreadyExists(key)
    if isinstance(error, PreconditionError) and (code or _REFUSED in text):
        return Changed(key)
    if code == "NoSuchKey":
        return Missing(key)
    return StoreDown(f"The store failed on {bucket}/{key}: {text.partition(chr(10))[0]}")


def _code(error: Exception, text: str) -> str:
    if code := _CODE.search(text):
        return code[1]
    return "AccessDenied" if isinstance(error, PermissionDeniedError | UnauthenticatedError) else ""


def _head(result: "GetResult") -> Head:
    meta = result.meta
    named = {name.lower(): value for name, value in result.attributes.items()}
    metadata = {name: value for name, value in named.items() if name not in HEADER_NAMES}
    return Head(_bare(meta["e_tag"]), meta["size"], meta["last_modified"], metadata)


def _beginning(result: "GetResult", most: int) -> bytes:
    read = b""
    for chunk in result.stream(min_chunk_size=most):
        read += bytes(chunk)
        if len(read) >= most:
            break
    return read[:most]


def _bare(etag: str | None) -> str:
    if etag is None:
        raise StoreDown("The answer has no ETag: no S3-compatible store gave it. Check S3_ENDPOINT.")
    return etag.strip('"')
