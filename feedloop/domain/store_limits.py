"""What every store keeps unchanged, checked before anything is sent.

AWS allows 2 KB of user metadata, MinIO counts each name's `x-amz-meta-` into it and
answers more with an error, SeaweedFS takes anything. What is not printable ASCII, and
space around a value, reads back differently per store.
"""

import re
from collections.abc import Mapping

from feedloop.domain.errors import MetadataTooLarge

METADATA_LIMIT = 1900
"""Bytes of all names and values."""

HEADER_NAMES = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "storage-class"}
)
"""Names that mean a header of their own, so no metadata may have them."""

_WIRE_LIMIT = 2048
_WIRE_PREFIX = "x-amz-meta-"
_NAME = re.compile(r"[a-z0-9-]+")
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Raise MetadataTooLarge for metadata that a store might refuse or mangle."""
    for name, value in metadata.items():
        _check_field(name, value)
    size = sum(len(name) + len(value) for name, value in metadata.items())
    if size > METADATA_LIMIT or size + len(_WIRE_PREFIX) * len(metadata) > _WIRE_LIMIT:
        raise MetadataTooLarge(f"{size} bytes in {len(metadata)} fields; the limit is {METADATA_LIMIT}")


def check_folder(key: str) -> None:
    """Raise ValueError for a listing prefix that would also match its neighbours; empty is a whole bucket."""
    if key and not key.endswith("/"):
        raise ValueError(f"a folder's key ends in /: {key!r}")


def _check_field(name: str, value: str) -> None:
    if not _NAME.fullmatch(name) or name in HEADER_NAMES:
        raise MetadataTooLarge(f"the name {name!r} is a header's, or not lower-case letters, digits and hyphens")
    if not _VALUE.fullmatch(value):
        raise MetadataTooLarge(f"the value of {name} is empty, not printable ASCII, or has space around it")
