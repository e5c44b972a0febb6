"""What a policy of deploy/policies/ allows: the part of AWS's language that they are written in.

Several `Allow`, no `Deny`; of conditions `StringLike` on `s3:prefix` alone. As AWS does, a listing is judged by its
prefix, and the question whether a missing object is missing by its key: who may not list that is told 403, not 404.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from feedloop.domain.errors import Malformed
from feedloop.domain.keys import ObjectRef

GET, PUT, DELETE, LIST = "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"
_ARN = "arn:aws:s3:::"
_CONDITION = {"StringLike": {"s3:prefix"}}


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one pattern: of keys, or for a listing of prefixes (none: any)."""

    action: str
    bucket: str
    pattern: str

    def allows(self, action: str, ref: ObjectRef) -> bool:
        """Whether this very grant covers it; of a listing, `ref.key` is the prefix."""
        return action == self.action and like(ref.bucket, self.bucket) and like(ref.key, self.pattern)


@dataclass(frozen=True, slots=True)
class Policy:
    """All that one identity may do."""

    grants: tuple[Grant, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """A policy as AWS takes it. Raises Malformed for what this class does not understand."""
        try:
            return cls(tuple(grant for stated in json.loads(text)["Statement"] for grant in _granted(stated)))
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed(f"not a policy of ours: {error!r}") from error

    def allows(self, action: str, ref: ObjectRef) -> bool:
        """Whether any grant covers it; `ref.bucket` is the bucket's whole name."""
        return any(grant.allows(action, ref) for grant in self.grants)


def like(text: str, pattern: str) -> bool:
    """As AWS matches: `*` is any text, also with slashes, `?` any one character."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(sign) or re.escape(sign) for sign in pattern), re.DOTALL)


def _granted(stated: dict[str, Any]) -> Iterator[Grant]:
    if stated.keys() - {"Condition"} != {"Effect", "Action", "Resource"} or stated["Effect"] != "Allow":
        raise ValueError(f"only Allow, Action, Resource and Condition are understood, not {sorted(stated)}")
    prefixes = _prefixes(stated.get("Condition"))
    for action in stated["Action"]:
        for resource in stated["Resource"]:
            bucket, slash, key = resource.removeprefix(_ARN).partition("/")
            for pattern in (key,) if slash else prefixes:
                yield Grant(action, bucket, pattern)


def _prefixes(condition: dict[str, dict[str, list[str]]] | None) -> list[str]:
    if condition is None:
        return ["*"]
    if {operator: set(names) for operator, names in condition.items()} != _CONDITION:
        raise ValueError(f"only StringLike on s3:prefix is understood, not {condition}")
    return condition["StringLike"]["s3:prefix"]
