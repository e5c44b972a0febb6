"""Models that see nothing but colour, and pictures of one: who is right is planted."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from PIL import Image

from feedloop import releases
from feedloop.domain import keys
from feedloop.ports import ObjectStore
from tests.support import world
from tests.support.labelled import label
from tests.support.uploads import encoded
from tests.support.world import NOON

CLASSES = ("Red", "Green", "Blue")
RIGHT, SWAPPED, ALL_BLUE = (0, 1, 2), (1, 0, 2), (2, 2, 2)
"""What a model calls red, green and blue."""

_SIZE = 8
_INPUT = {"size": _SIZE, "mean": [0.0] * 3, "std": [1.0] * 3, "resize": "stretch"}


def model(calls: Sequence[int], number: int = 1) -> bytes:
    """A graph that says so; another `number` makes other bytes that say the same."""
    weights = np.zeros((3, 3), np.float32)
    for colour, index in enumerate(calls):
        weights[colour, index] += 4
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixels"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["colour"]),
        helper.make_node("MatMul", ["colour", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, _SIZE, _SIZE])
    answers = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "colours", [pixels], [answers], [numpy_helper.from_array(weights, "weights")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    made.model_version = number
    checker.check_model(made)
    return bytes(made.SerializeToString())


def card(body: bytes, **facts: Any) -> dict[str, Any]:
    """Its card."""
    sha256 = hashlib.sha256(body).hexdigest()
    return {"v": 1, "name": "colours", "sha256": sha256, "classes": list(CLASSES), "input": _INPUT, **facts}


def release(store: ObjectStore, calls: Sequence[int]) -> str:
    """Let a model serve; its sha256."""
    body = model(calls)
    releases.publish(store, body, card(body), now=NOON)
    return hashlib.sha256(body).hexdigest()


def picture(colour: int, shade: int = 0) -> bytes:
    """A picture of one colour; a shade, to 99, makes another picture of it."""
    parts = [20, 20, 20]
    parts[colour] = 255 - shade
    return encoded(Image.new("RGB", (24, 24), tuple(parts)))


def answered(store: ObjectStore, colours: Sequence[int], *, queue: str = keys.RANDOM_SAMPLED, **how: Any) -> list[str]:
    """Pictures that annotators call by their colour, each a prediction of its own; their ids, as the sample sorts them.

    Those of the random sample come before all others of their day.
    """
    time: datetime = how.get("time", NOON)
    made = []
    for number, colour in enumerate(colours):
        random = hash((queue, time)) & (1 << 96) - 1
        sample_key = f"{keys.QUEUES.index(queue):x}{number:07x}{random:024x}"
        one = world.prediction(colour, sample_key=sample_key, time=time)
        label(store, queue, how.get("choice", CLASSES[colour]), one, body=picture(colour, how.get("shade", number)))
        made.append(str(one.id))
    return made
