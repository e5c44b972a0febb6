"""The demonstration model of the repository, and predict as a replica that serves it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from feedloop import releases
from feedloop.adapters import pictures
from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.classes import ClassList
from feedloop.domain.prediction import Prediction
from feedloop.http import Upload
from feedloop.ports import Clock, ObjectStore
from feedloop.releases import Release
from functions.predict.handler import predict
from functions.predict.idempotency import IdempotencyRecord
from functions.predict.inference import Model
from tests.support.uploads import unclear_upload
from tests.support.world import NOON, everything

FOLDER = Path(__file__).parents[2] / "models" / "demo"
MODEL = (FOLDER / "model.onnx").read_bytes()
CARD = json.loads((FOLDER / "card.json").read_text())
KEY = keys.request("0" * 64)


def release(store: ObjectStore) -> None:
    """Make it the model that serves."""
    releases.publish(store, MODEL, CARD, now=NOON)


@cache
def served(mean: float | None = None, sha256: str = CARD["sha256"]) -> Model:
    """The model in a replica; with another mean it sees darker, and is another model."""
    given = CARD["input"] if mean is None else {**CARD["input"], "mean": [mean] * 3}
    card = {**CARD, "sha256": sha256, "input": given}
    classifier = OnnxClassifier(MODEL, card, prepare=pictures.prepare)
    return Model(Release.of(ModelCard(card), ClassList.of(card["classes"])), classifier, 700)


def upload(store: ObjectStore, clock: Clock, body: bytes | None = None, **how: Any) -> IdempotencyRecord:
    """One call of predict, by default with a key and a picture that the model does not know."""
    sent = Upload(body or unclear_upload(), "lunch.jpg")
    return predict(sent, how.get("key", KEY), model=how.get("model", served()), store=store, clock=clock)


def committed(store: ObjectStore) -> list[Prediction]:
    """The record of every prediction in production."""
    refs = [keys.ObjectRef(keys.PRODUCTION, key) for key in everything(store, keys.PRODUCTION, "")]
    return [Prediction.from_metadata(store.head(ref).metadata) for ref in refs]


def queued(store: ObjectStore) -> list[str]:
    """The sample keys of all tasks for annotators; each has its picture."""
    folder = f"tasks/{keys.LOW_CONFIDENCE}/"
    tasks = everything(store, keys.LABELSTUDIO, folder)
    randoms = [key.removeprefix(folder).removesuffix(".json") for key in tasks]
    pictures = everything(store, keys.LABELSTUDIO, "images/")
    assert {keys.image(random).key for random in randoms} <= set(pictures)
    return randoms
