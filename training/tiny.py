"""Make the demonstration model: a very small network, trained on drawings of ours with numpy alone.

    python -m training.tiny --to models/demo

Needs numpy, onnx, onnxruntime and pillow, no torch and no data set. On one machine with
one set of library versions the same seed gives the same file, byte for byte.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from feedloop.adapters import pictures
from feedloop.adapters.onnx_model import OnnxClassifier
from feedloop.domain.documents import Document
from feedloop.domain.prediction import per_mille
from feedloop.ports import Picture
from training import network
from training.drawings import CLASSES, draw
from training.outliers import outlier

NAMES = list(CLASSES)
SIZE, MEAN, STD = 64, 0.5, 0.25
INPUT = {"size": SIZE, "mean": [MEAN] * 3, "std": [STD] * 3, "resize": "stretch"}
CONFIDENT = 700
"""Per mille: from here on a prediction needs no review."""

NOTE = (
    "A demonstration model, so that the system can be tried without a data set. It was trained on simple drawings that "
    "the project makes itself, and knows nothing of real food: on photographs it is meant to be unsure. Its accuracy "
    "is measured on drawings that it was not trained on. Release a model of your own before you serve anybody."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pictures, and the seed that everything follows from."""

    per_class: int = 400
    outliers: int = 5000
    held_out: int = 60  # per class
    seed: int = 11


def main() -> None:
    """Train, measure, and write model.onnx and card.json."""
    parser = argparse.ArgumentParser(prog="python -m training.tiny", description="Make the demonstration model.")
    parser.add_argument("--to", type=Path, default=Path("models/demo"), help="the folder to write (%(default)s)")
    parser.add_argument("--seed", type=int, default=Plan().seed, help="another seed, another model (%(default)s)")
    parser.add_argument("--created", default=f"{datetime.now(UTC):%Y-%m-%d}", help="the card's date (today)")
    chosen = parser.parse_args()
    model, card = make(Plan(seed=chosen.seed), chosen.created)
    chosen.to.mkdir(parents=True, exist_ok=True)
    (chosen.to / "model.onnx").write_bytes(model)
    (chosen.to / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    print(f"{chosen.to}: {len(model):,} bytes, {json.dumps(card['metrics'])}")


def make(plan: Plan, created: str) -> tuple[bytes, Document]:
    """The model's file and its card."""
    shown = list(lesson(plan))
    pixels = np.empty((len(shown), 3, SIZE, SIZE), np.float32)
    for number, (picture, _) in enumerate(shown):
        pixels[number] = _pixels(picture)
    wanted = np.array([answer for _, answer in shown], np.float32)
    model = network.train(pixels, wanted, seed=plan.seed)
    card = {
        "v": 1,
        "name": "food11",
        "sha256": hashlib.sha256(model).hexdigest(),
        "format": "onnx",
        "classes": NAMES,
        "input": INPUT,
        "trained_on": {"dataset": "drawings", "manifest": _manifest(shown), "pictures": len(shown)},
        "created": created,
        "note": NOTE,
    }
    return model, {**card, "metrics": measure(model, card, plan)}


def lesson(plan: Plan) -> Iterator[tuple[Picture, list[float]]]:
    """Pictures and the answers wanted: a class for a drawing, no preference for an outlier."""
    rng = Random(f"lesson {plan.seed}")
    for _ in range(plan.per_class):
        for index, name in enumerate(NAMES):
            yield as_uploaded(draw(name, rng), rng), [float(index == other) for other in range(len(NAMES))]
    for _ in range(plan.outliers):
        yield as_uploaded(outlier(rng), rng), [1 / len(NAMES)] * len(NAMES)


def as_uploaded(image: Image.Image, rng: Random) -> Picture:
    """The picture after a JPEG file and the same checks as any upload."""
    file = BytesIO()
    image.save(file, "JPEG", quality=rng.randint(60, 95))
    return pictures.normalise(file.getvalue())


def measure(model: bytes, card: Document, plan: Plan) -> Document:
    """How the served model does on drawings and outliers that it has not seen."""
    classifier, rng = OnnxClassifier(model, card, shrink=pictures.shrink), Random(f"held out {plan.seed}")
    answers = {name: _answers(classifier, partial(draw, name), plan.held_out, rng) for name in NAMES}
    unknown = _answers(classifier, outlier, plan.held_out * len(NAMES), rng)
    right = {name: np.mean(answers[name].argmax(1) == index) for index, name in enumerate(NAMES)}
    return {
        "accuracy": round(float(np.mean(list(right.values()))), 4),
        "per_class": {name: round(float(share), 4) for name, share in right.items()},
        "confident_on_drawings": _confident(np.concatenate(list(answers.values()))),
        "confident_on_outliers": _confident(unknown),
    }


def _answers(
    classifier: OnnxClassifier, picture: Callable[[Random], Image.Image], count: int, rng: Random
) -> NDArray[np.float64]:
    """Probabilities of `count` new pictures, one row each."""
    return np.array([classifier.probabilities(as_uploaded(picture(rng), rng)) for _ in range(count)])


def _confident(answers: NDArray[np.float64]) -> float:
    """The share of answers that would need no review."""
    return round(float(np.mean([per_mille(best) >= CONFIDENT for best in answers.max(1)])), 4)


def _pixels(picture: Picture) -> network.Floats:
    """What the served model will see of a picture."""
    rows = np.frombuffer(pictures.shrink(picture, SIZE), np.uint8).reshape(SIZE, SIZE, 3)
    pixels: network.Floats = rows.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    return (pixels - np.float32(MEAN)) / np.float32(STD)


def _manifest(shown: list[tuple[Picture, list[float]]]) -> str:
    """A fingerprint of all pictures in their order."""
    return hashlib.sha256(b"".join(hashlib.sha256(picture.jpeg).digest() for picture, _ in shown)).hexdigest()


if __name__ == "__main__":
    main()
