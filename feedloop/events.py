"""Store events, as hints: which objects may have changed. Everything else in them is ignored.

Understands S3 event notifications (`Records[].s3`, as AWS, MinIO and Ceph send them,
with URL-encoded keys) and SeaweedFS's webhook (`{"key": "/buckets/<bucket>/<key>"}`).
"""

from typing import Any
from urllib.parse import unquote_plus

from feedloop.domain.documents import load
from feedloop.domain.errors import BadRequest, Malformed
from feedloop.domain.keys import ObjectRef

_SEAWEEDFS_ROOT = "/buckets/"


def is_store_event(body: bytes) -> bool:
    """Whether a request's body is a store event rather than an operator's call."""
    return b'"Records"' in body or b'"event_type"' in body


def changed_objects(body: bytes, *, bucket_prefix: str = "") -> list[ObjectRef]:
    """The objects that an event names, buckets without the deployment's prefix. Raises BadRequest."""
    try:
        event = load(body)
        refs = [_record(record) for record in event["Records"]] if "Records" in event else [_seaweedfs(event)]
        return [
            ObjectRef(p.bucket.removeprefix(bucket_prefix), p.key) for p in refs if p.bucket.startswith(bucket_prefix)
        ]
    except (Malformed, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest("This is not a store event.") from error


def _record(record: dict[str, Any]) -> ObjectRef:
    s3 = record["s3"]
    return ObjectRef(s3["bucket"]["name"], unquote_plus(s3["object"]["key"]))


def _seaweedfs(event: dict[str, Any]) -> ObjectRef:
    path: str = event["key"]
    if not path.startswith(_SEAWEEDFS_ROOT):
        raise ValueError("not below /buckets/")
    bucket, _, key = path.removeprefix(_SEAWEEDFS_ROOT).partition("/")
    return ObjectRef(bucket, key)
