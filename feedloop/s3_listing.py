"""Listings of keys that obstore refuses to name: with line breaks and the like. Asked for in S3's own words.

ListObjectsV2 with `encoding-type=url`, since XML has no place for most control characters; signed by AWS Signature
Version 4 (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
"""

import hashlib
import hmac
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from urllib.error import HTTPError
from urllib.parse import quote, unquote_plus, urlencode, urlsplit
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener
from xml.etree import ElementTree as ET

from feedloop.domain.proxies import Route
from feedloop.ports import Entry

_ALGORITHM = "AWS4-HMAC-SHA256"
_OF_NOTHING = hashlib.sha256(b"").hexdigest()
_LONGEST_REFUSAL = 1000  # bytes of it that an error repeats


@dataclass(frozen=True, slots=True)
class ListingClient:
    """Lists buckets of one endpoint with one pair of keys."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str
    opener: OpenerDirector
    timeout: float
    """Seconds of silence."""

    def entries(self, bucket: str, folder: str, start_after: str, *, page: int) -> Iterator[Entry]:
        """What lies below the folder, after that key, by pages of so many; markers of folders are left out.

        Raises OSError when the store refuses, or sends no XML.
        """
        query = {"list-type": "2", "encoding-type": "url", "max-keys": str(page), "prefix": folder}
        more = {"start-after": start_after} if start_after else {}
        while True:
            response = self._send(self.signed(bucket, {**query, **more}, datetime.now(UTC)))
            entries = map(_entry, response.findall("{*}Contents"))
            yield from (entry for entry in entries if entry.size or not entry.key.endswith("/"))
            token = response.findtext("{*}NextContinuationToken") or ""
            if token in {"", more.get("continuation-token")}:  # the last page, or one that would come for ever
                return
            more = {"continuation-token": token}

    def signed(self, bucket: str, query: dict[str, str], now: datetime) -> Request:
        """A GET of a bucket with these parameters."""
        base = urlsplit(self.endpoint)
        path = f"{base.path}/{quote(bucket)}"
        parameters = urlencode(sorted(query.items()), quote_via=quote, safe="~")
        at = f"{now:%Y%m%dT%H%M%SZ}"
        named = {"host": base.netloc, "x-amz-content-sha256": _OF_NOTHING, "x-amz-date": at}
        lines = "".join(f"{name}:{value}\n" for name, value in named.items())
        request = f"GET\n{path}\n{parameters}\n{lines}\n{';'.join(named)}\n{_OF_NOTHING}"
        parts = (at[:8], self.region, "s3", "aws4_request")
        text = f"{_ALGORITHM}\n{at}\n{'/'.join(parts)}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = reduce(_keyed, parts, f"AWS4{self.secret_key}".encode())
        credential = f"Credential={self.access_key}/{'/'.join(parts)}"
        signature = f"Signature={_keyed(key, text).hex()}"
        authorization = f"{_ALGORITHM} {credential}, SignedHeaders={';'.join(named)}, {signature}"
        headers = {"Authorization": authorization, "X-Amz-Content-Sha256": _OF_NOTHING, "X-Amz-Date": at}
        return Request(f"{base.scheme}://{base.netloc}{path}?{parameters}", headers=headers)  # noqa: S310 - our own setting

    def _send(self, request: Request) -> ET.Element:
        try:
            with self.opener.open(request, timeout=self.timeout) as response:
                body = response.read()
        except HTTPError as refusal:
            raise OSError(refusal.read(_LONGEST_REFUSAL).decode(errors="replace")) from refusal
        try:
            return ET.fromstring(body)  # noqa: S314 - it comes from our own store
        except ET.ParseError as error:
            raise OSError(f"not a listing: {error}") from error


def opener(route: Route) -> OpenerDirector:
    """What sends such a request this way."""
    trusted = ssl.create_default_context(cafile=route.ca_file or None)
    return build_opener(ProxyHandler(route.proxies()), HTTPSHandler(context=trusted))


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _entry(element: ET.Element) -> Entry:
    key, etag, size, modified = (
        element.findtext(f"{{*}}{name}", "") for name in ("Key", "ETag", "Size", "LastModified")
    )
    return Entry(unquote_plus(key), etag.strip('"'), int(size), datetime.fromisoformat(modified))
