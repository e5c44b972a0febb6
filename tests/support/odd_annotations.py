"""Annotations that nobody expects, each with what is right to do with it: over a hundred, the same on every run.

As Label Studio's storage writes them, as its API lets annotators post them, and as whoever holds its key could write
them. A right answer is a class or another outcome, or the reason for which the file is set aside.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from feedloop.domain import keys
from feedloop.domain.prediction import Prediction
from feedloop.ports import ObjectStore


class Field(Enum):
    """What a field may be beside a value; its name stays the same in the name of a test."""

    GONE = "not there"


GONE = Field.GONE

ASIDE = "set aside: "
EGG, MEAT, SKIPPED, OTHER, UNCLEAR, WAITING = "Egg", "Meat", "skipped", "other", "unclear", "waiting"
NO_JSON, NO_ANNOTATION, NO_KEY = (ASIDE + reason for reason in ("not JSON", "not an annotation", "no annotation has"))
NOBODY, NO_PICTURE, LARGE = (
    ASIDE + reason for reason in ("it names no annotator", "its picture", "bytes are too many")
)
NO_CLASS, MANY, FUTURE = (ASIDE + reason for reason in ("is not one of", "instead of one", "its time lies in"))

HALF, REST = "\ud800", "\udfff"


@dataclass(frozen=True, slots=True)
class Odd:
    """One file: the usual document with some fields set, then its bytes changed."""

    what: str
    right: str
    fields: dict[str, Any] = field(default_factory=dict)
    """By their paths, such as `result.0.origin`."""
    change: Callable[[bytes], bytes] = bytes
    name: str = ""
    """The last part of its key, where that is the odd thing."""
    committed: bool = True

    def body(self, store: ObjectStore, made: Prediction, number: int) -> bytes:
        document = usual(store.url(keys.image(made.id.sample_key)), number)
        for path, value in self.fields.items():
            _set(document, path.split("."), value)
        return self.change(json.dumps(document).encode())


def usual(image: str, number: int) -> dict[str, Any]:
    """All that Label Studio 1.23 writes for an annotator who chooses Egg."""
    choice = {"value": {"choices": ["Egg"]}, "id": "x1", "from_name": "choice", "to_name": "image", "type": "choices"}
    return {
        "id": number,
        "result": [{**choice, "origin": "manual"}],
        "created_username": " a@example.org, 3",
        "created_ago": "0 minutes",
        "completed_by": {"id": 3, "first_name": "", "last_name": "", "avatar": None, "email": "a@example.org"},
        "task": {"id": 9, "data": {"image": image}, "meta": {}, "project": 1, "is_labeled": True, "file_upload": None},
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-11-22T11:59:00.000000Z",
        "updated_at": "2026-11-22T12:00:00.123456Z",
        "draft_created_at": None,
        "lead_time": 3.2,
        "import_id": None,
        "last_action": None,
        "project": 1,
        "updated_by": 3,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }


def _set(document: Any, path: list[str], value: object) -> None:
    *way, last = (int(step) if step.isdecimal() else step for step in path)
    for step in way:
        document = document[step]
    if value is GONE:
        del document[last]
    elif last == "+":
        document.append(value)
    else:
        document[last] = value


def _of(name: str, right: str, values: list[Any]) -> list[Odd]:
    """One field with each of these contents."""
    return [Odd(f"{name} is {ascii(value)[:60]}", right, {name: value}) for value in values]


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(old, new)


def _part(kind: str, value: object) -> dict[str, Any]:
    return {"id": "x2", "from_name": "other", "to_name": "image", "type": kind, "value": value, "origin": "manual"}


ORIGINS = [
    *_of(
        "result.0.origin", EGG, [HALF, REST, f"a{HALF}", f"{REST}{HALF}", "\0", "", None, GONE, 5, ["manual"], {"a": 1}]
    ),
    Odd("200,000 backslashes as origin", EGG, {"result.0.origin": "\\" * 200_000}),
    Odd("5 million backslashes as origin", LARGE, {"result.0.origin": "\\" * 5_000_000}),
]
ANNOTATORS = [
    *_of("completed_by", EGG, [3, 0, -1, "3", HALF, f"{HALF}{HALF}", {"id": 3, "email": HALF}, {"id": HALF}, 10**50]),
    *_of("completed_by", EGG, [None, {"id": None}]),
    *_of("completed_by", NOBODY, ["", True, 3.5, [3], {"id": ""}, {"id": [3]}, 10**4000, "x" * 101]),
    *_of("completed_by", NO_ANNOTATION, [{}, GONE]),
]
ANSWERS = [
    *_of(
        "result.0.value.choices",
        NO_CLASS,
        [["egg"], ["Egg "], ["Pizza"], [""], [f"Egg{HALF}"], ["Egg\0"], ["$undefined$"]],
    ),
    *_of("result.0.value.choices", MANY, [[], ["Egg", "Meat"], ["Egg", "Egg"], [None], [["Egg"]], [3], "Egg", ""]),
    *_of("result.0.value.choices", NO_ANNOTATION, [None, 5, GONE]),
    *_of("result.0.value.choices", OTHER, [["None of these"]]),
    *_of("result.0.value.choices", UNCLEAR, [["Can't tell"]]),
    *_of("result.0.value", NO_ANNOTATION, [None, [], "Egg", GONE]),
    *_of("result.0.type", MANY, ["Choices", None, GONE, HALF]),
    *_of("result", MANY, [[], ""]),
    *_of("result", NO_ANNOTATION, [None, GONE, 5, "Egg", ["Egg"], [None], {"choices": ["Egg"]}]),
    *_of(
        "result.+",
        EGG,
        [
            _part("textarea", {"text": [HALF]}),
            _part("choices", {"choices": ["calm"]}),
            _part("rectanglelabels", {"x": 1e400}),
            {},
            {"type": None},
        ],
    ),
    Odd(
        "a text of 300,000 characters beside the choice",
        EGG,
        {"result.+": _part("textarea", {"text": ["x" * 300_000]})},
    ),
    *_of("was_cancelled", SKIPPED, [True]),
    *_of("was_cancelled", EGG, [None, 0, "true", GONE]),
    Odd("skipped without any result", SKIPPED, {"was_cancelled": True, "result": []}),
    Odd("skipped with a result that is none", SKIPPED, {"was_cancelled": True, "result": HALF}),
]
TIMES = [
    *_of("updated_at", EGG, ["2026-11-22T12:00:00", "2026-11-22T12:00:00+05:30", "2026-11-22", "20261122T120000Z"]),
    *_of("updated_at", EGG, ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "2026-11-22T12:00:00.123456789012Z"]),
    *_of(
        "updated_at", NO_ANNOTATION, ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00Z"]
    ),
    *_of("updated_at", NO_ANNOTATION, ["2026-02-30T00:00:00Z", "2026-11-22T12:00:60Z", "yesterday", "", HALF, "\0"]),
    *_of("updated_at", NO_ANNOTATION, [1763812800, 1e400, None, True, [], {}, GONE, "9" * 5000]),
    *_of("updated_at", FUTURE, ["9999-12-31T23:59:59.999999Z", "2026-11-24T12:00:00Z", "2099-01-01"]),
    *_of("created_at", EGG, ["0001-01-01T00:00:00+14:00", None, 5, HALF]),
    *_of("lead_time", EGG, [None, "3", [], True, -1, 1e308, 10**4000, float("nan"), float("inf"), GONE]),
]
PICTURES = [
    *_of("task.data.image", ASIDE + "its task names no picture", [None, 5, ["s3://x"], {"a": 1}]),
    *_of("task.data.image", NO_PICTURE, ["", HALF, "\0", "s3://labelstudio/images/../images/1.jpg"]),
    *_of("task.data.image", NO_PICTURE, [f"s3://labelstudio/images/{'0' * 32}.jpg", "s3://production/class_00/x.jpg"]),
    *_of("task.data.image", NO_PICTURE, ["https://example.org/x.jpg", "/data/upload/1/x.jpg"]),
    *_of("task.data.image", NO_ANNOTATION, [GONE]),
    *_of("task.data", NO_ANNOTATION, [None, [], "x", GONE]),
    *_of("task", NO_ANNOTATION, [None, [], 9, GONE]),
    Odd("its picture's address in capitals", NO_PICTURE, change=lambda body: body.replace(b"s3://", b"S3://")),
    Odd("a picture that is still being committed", WAITING, committed=False),
]
UNREAD = [
    *_of(HALF, EGG, [HALF]),
    *_of("project", EGG, [HALF, {HALF: [HALF, {REST: 1e400}]}, "\0", float("-inf"), 2**64]),
    Odd(
        "nested 200 deep where nobody looks",
        EGG,
        change=_replaced(b'"import_id": null', b'"i":' + b"[" * 200 + b"]" * 200),
    ),
    Odd("a number too large for a float", EGG, change=_replaced(b'"import_id": null', b'"import_id": -1e999')),
]
BODIES = [
    Odd("nothing", NO_JSON, change=lambda _: b""),
    Odd("one brace", NO_JSON, change=lambda _: b"{"),
    Odd("a number", ASIDE + "not a JSON object", change=lambda _: b"42"),
    Odd("null", ASIDE + "not a JSON object", change=lambda _: b"null"),
    Odd("a list of annotations", ASIDE + "not a JSON object", change=lambda body: b"[" + body + b"]"),
    Odd("an empty object", NO_ANNOTATION, change=lambda _: b"{}"),
    Odd("cut off", NO_JSON, change=lambda body: body[: len(body) // 2]),
    Odd("two documents", NO_JSON, change=lambda body: body + body),
    Odd("with a byte order mark", EGG, change=lambda body: b"\xef\xbb\xbf" + body),
    Odd("in UTF-16", EGG, change=lambda body: body.decode().encode("utf-16")),
    Odd("in UTF-16, broken", NO_JSON, change=lambda body: body.decode().encode("utf-16") + b"\x00"),
    Odd("in Latin-1", NO_JSON, change=_replaced(b"0 minutes", "vor 0 Minüten".encode("latin-1"))),
    Odd("half a character in raw bytes", NO_JSON, change=_replaced(b"manual", b"\xed\xa0\x80")),
    Odd("zeros", NO_JSON, change=lambda body: bytes(len(body))),
    Odd("bytes FF", NO_JSON, change=lambda _: b"\xff" * 100_000),
    Odd("20 MB of bytes FF", LARGE, change=lambda _: b"\xff" * 20_000_000),
    Odd("after a megabyte of spaces", LARGE, change=lambda body: b" " * 1_000_000 + body),
    Odd("compressed", NO_JSON, change=gzip.compress),
    Odd("a page", NO_JSON, change=lambda _: b"<!DOCTYPE html><html></html>"),
    Odd("brackets without end", NO_JSON, change=lambda _: b"[" * 100_000),
    Odd("objects without end", NO_JSON, change=lambda _: b'{"a":' * 80_000),
    Odd("a number of 5,000 digits", NO_JSON, change=_replaced(b'"lead_time": 3.2', b'"lead_time": ' + b"9" * 5000)),
    Odd("a raw line break in a text", NO_JSON, change=_replaced(b"0 minutes", b"0\nminutes")),
    Odd("the answer twice: the last one counts", MEAT, change=_replaced(b'["Egg"]}', b'["Egg"], "choices": ["Meat"]}')),
    Odd("with much white space", EGG, change=lambda body: body.replace(b'": ', b'"\r\n\t : ')),
]
NAMES = [
    *(
        Odd(f"a name with {sign!a}", NO_KEY, name=f"9{sign}1")
        for sign in ("\n", "\r", "\t", "\x7f", "\x01", "/", "/x/")
    ),
    *(Odd(f"a name of {size} characters", NO_KEY, name="9" * size) for size in (65, 214, 240, 250)),
    *(
        Odd(f"a name with {sign!a}", EGG, name=f"9{sign}2")
        for sign in ("%0A", "%20", " ", "ä", "-", "+", "?#", ".json", "..")
    ),
    Odd("a name of 64 characters", EGG, name="9" * 64),
]

ALL = [*ORIGINS, *ANNOTATORS, *ANSWERS, *TIMES, *PICTURES, *UNREAD, *BODIES, *NAMES]
