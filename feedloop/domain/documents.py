"""JSON documents as they lie in the store."""

import json
import math
import re
from typing import Any

from feedloop.domain.errors import Malformed

Document = dict[str, Any]

_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_UTF_16 = "utf-16-le"


def dump(document: Document) -> bytes:
    """UTF-8 JSON, the same bytes for the same document."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def load(body: bytes) -> Document:
    """Parse a document, whoever wrote it; what comes out can be dumped. Raises Malformed when it is no JSON object.

    Half of a surrogate pair reads as U+FFFD, as in browsers (ECMAScript, String.prototype.toWellFormed), and a number
    that JSON cannot write (NaN, Infinity, 1e400) as null.
    """
    try:
        text = body.decode(json.detect_encoding(body))
        document = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
        if _HALF_A_PAIR.search(text):
            broken = json.dumps(document, ensure_ascii=False).encode(_UTF_16, "surrogatepass")
            document = json.loads(broken.decode(_UTF_16, "replace"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Malformed("not a JSON object")
    return document


def _finite(digits: str) -> float | None:
    return number if math.isfinite(number := float(digits)) else None
