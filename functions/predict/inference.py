"""Inference: a picture becomes a prediction; and the documents that describe a prediction and the model."""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from feedloop.active_model import Refusal
from feedloop.domain.cards import ModelSpec
from feedloop.domain.documents import Document
from feedloop.domain.prediction import Prediction, new_id, ranked
from feedloop.domain.upload_limits import LEAST_SIDE, MOST_BYTES, MOST_PIXELS
from feedloop.http import Upload
from feedloop.ports import Classifier, Picture
from feedloop.releases import Release

TOP_CLASSES = 5
"""How many classes a response lists."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a replica classifies with."""

    release: Release
    classifier: Classifier
    threshold: int  # per mille


def infer(upload: Upload, picture: Picture, model: Model, *, now: datetime) -> Prediction:
    """The model's answer, under a sample key that no client can choose."""
    release = model.release
    probabilities = ranked(model.classifier.probabilities(picture), release.indices)
    return Prediction(
        id=new_id(now, probabilities[0], release.card.id, secrets.token_hex(16)),
        class_name=release.classes.name(probabilities[0][0]),
        probabilities=probabilities,
        threshold=model.threshold,
        model_name=release.card.name,
        model_sha256=release.card.id,
        time=now.replace(microsecond=0),
        filename=upload.filename,
        source_sha256=hashlib.sha256(upload.body).hexdigest(),
        width=picture.width,
        height=picture.height,
    )


def prediction_document(prediction: Prediction, release: Release) -> Document:
    """The response to the client, without the receipt; under an Idempotency-Key also of an earlier model's answer."""
    classes, version = release.classes, prediction.id.model
    best = [(classes.predicted(version, index), share) for index, share in prediction.probabilities[:TOP_CLASSES]]
    top = [{"class": classes.name(index), "class_index": index, "confidence": share} for index, share in best]
    model = {"name": release.card.name, "version": version}
    return {**top[0], "top": top, "model": model, "low_confidence": prediction.is_low_confidence}


def model_document(release: Release, threshold: int, refusal: Refusal | None) -> Document:
    """The classes, the model and the limits of an upload; `threshold` is in per mille.

    `classes` are by index, retired ones among them; `choices` are those that a visitor may call a picture.

    Of the model's card `input` and `output` are whole, also what the card left to its default.
    `refused` is there while the pointer names a release that this replica cannot serve.
    """
    essentials = ("name", "sha256", "architecture", "created", "metrics", "trained_on", "serving", "note")
    card = {name: release.card.document[name] for name in essentials if name in release.card.document}
    spec = ModelSpec.from_card(release.card.document)
    expected = {"input": asdict(spec.input), "output": asdict(spec.output)}
    limits = {"bytes": MOST_BYTES, "pixels": MOST_PIXELS, "least_side": LEAST_SIDE, "types": list(MOST_PIXELS)}
    return {
        "classes": list(release.classes.names),
        "choices": list(release.classes.choices),
        "model": {**card, **expected, "version": release.card.version, "class_indices": list(release.indices)},
        "limits": limits,
        "low_confidence_threshold": threshold / 1000,
        **({"refused": asdict(refusal)} if refusal else {}),
    }
