"""JSON documents as they lie in the store."""

import json
from typing import Any

from feedloop.domain.errors import Malformed

Document = dict[str, Any]


def dump(document: Document) -> bytes:
    """UTF-8 JSON, the same bytes for the same document."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def load(body: bytes) -> Document:
    """Read a document back. Raises Malformed when it is not a JSON object."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Malformed("not a JSON object")
    return document
