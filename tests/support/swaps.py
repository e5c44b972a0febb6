"""Releases that follow the demonstration model, good and broken ones."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.documents import dump, load
from feedloop.domain.keys import ObjectRef
from feedloop.ports import ObjectStore
from tests.support.demo import CARD, MODEL
from tests.support.world import NOON

DARKER = {"input": {**CARD["input"], "mean": [0.2] * 3}}
"""The same network with these numbers sees darker, and answers differently."""


def another(number: int = 1) -> bytes:
    """The demonstration model with another model_version (field 5 of ONNX's ModelProto): other bytes, same answers."""
    return MODEL + bytes((0x28, number))


def publish(store: ObjectStore, model: bytes, **card: Any) -> str:
    """Release it under a card of its own; its version."""
    sha256 = hashlib.sha256(model).hexdigest()
    return releases.publish(store, model, {**CARD, **card, "sha256": sha256}, now=NOON).version


def put(store: ObjectStore, ref: ObjectRef, body: bytes) -> None:
    """Write over whatever is there, as an operator might by hand."""
    store.replace(ref, body, etag=store.head(ref).etag)


def _file(store: ObjectStore, name: str) -> ObjectRef:
    pointer = load(store.get(keys.current_model()).body)
    return keys.model_file(pointer["name"], pointer["sha256"], name)


def _tampered(store: ObjectStore) -> None:
    publish(store, another(9))
    put(store, _file(store, releases.MODEL_FILE), another(8))


def _without_file(store: ObjectStore) -> None:
    publish(store, another(9))
    store.delete(_file(store, releases.MODEL_FILE))


def _without_card(store: ObjectStore) -> None:
    publish(store, another(9))
    store.delete(_file(store, releases.CARD_FILE))


def _with_card(body: bytes, store: ObjectStore) -> None:
    publish(store, another(9))
    put(store, _file(store, releases.CARD_FILE), body)


def _saying(store: ObjectStore, **entries: Any) -> None:
    publish(store, another(9))
    ref = _file(store, releases.CARD_FILE)
    put(store, ref, dump({**load(store.get(ref).body), **entries}))


BREAKS: dict[str, Callable[[ObjectStore], object]] = {
    "no file": _without_file,
    "no card": _without_card,
    "not what was released": _tampered,
    "no model at all": lambda store: publish(store, b"not ONNX"),
    "cut short": lambda store: publish(store, MODEL[:-1000]),
    "one class too few": partial(_saying, classes=CARD["classes"][:-1]),
    "one class too many": partial(_saying, classes=[*CARD["classes"], "Pizza"]),
    "classes that are none": partial(_saying, classes=None),
    "a size that is none": partial(_saying, input={**CARD["input"], "size": "large"}),
    "a format that nobody runs": partial(_saying, format="pickle"),
    "card no JSON": partial(_with_card, b"{"),
    "card empty": partial(_with_card, b"{}"),
    "card of another": partial(_with_card, dump(CARD)),
    "pointer no JSON": lambda store: put(store, keys.current_model(), b"{"),
    "pointer empty": lambda store: put(store, keys.current_model(), b"{}"),
    "pointer to nothing": lambda store: put(store, keys.current_model(), dump({"name": "food11", "sha256": "0" * 64})),
    "pointer gone": lambda store: store.delete(keys.current_model()),
}
"""What can be wrong with a release, each as what makes it so."""
