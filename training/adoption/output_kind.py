"""What a model's scores are, found by running it: probabilities, their logarithms, or logits.

Pictures of every kind go in, since one alone may give numbers that pass for another kind.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from feedloop.domain import cards
from feedloop.domain.cards import LOG_PROBABILITIES, LOGITS, PROBABILITIES, Preprocessing
from feedloop.domain.errors import BadRequest
from training.adoption.facts import ModelFact
from training.adoption.onnx_signature import TYPES, Put

TOLERANCE = 1e-3
"""Of a sum that should be 1: float16 and 1,000 classes are off by 1.5e-4."""
MOST_NEGATIVE = 1e-6
CONSTANT = 1e-4

PICTURES = 16

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutputKind:
    """What the scores are, and what to say of them; empty when there is nothing."""

    kind: str
    warning: str = ""


def varied_pixels(size: int, *, seed: int = 11) -> NDArray[np.uint8]:
    """Pictures that have little in common (uint8, 16 x size x size x 3): plain, noisy, striped, shaded, in colours."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / max(size - 1, 1)
    plain = [np.full((size, size, 3), colour) for colour in ((0, 0, 0), (255, 255, 255), (220, 40, 30), (30, 80, 200))]
    noise = [rng.integers(0, high, (size, size, 3)) for high in (256, 64)]
    shades = [255 * np.stack([a, b, c], 2) for a, b, c in ((x, y, 1 - x), (1 - y, x * y, y), (x, x, x), (y, 1 - x, x))]
    waves = [
        127 + 127 * np.sin(turns * (x + k * y))[..., None] * rng.random(3) for turns, k in ((9, 0), (40, 1), (90, 3))
    ]
    blots = [255 * (np.hypot(x - a, y - b) < r)[..., None] * rng.random(3) for a, b, r in rng.random((3, 3))]
    return np.stack([*plain, *noise, *shades, *waves, *blots]).astype(np.uint8)


def raw_scores(session: ort.InferenceSession, picture: Put, scores: Put, spec: Preprocessing) -> Rows:
    """The raw scores (float64, pictures x classes) of varied pictures, one at a time. Raises BadRequest.

    Written apart from the adapter that serves: where both agree, both do what the card says.
    """
    colours = {cards.BGR: [2, 1, 0], cards.GRAY: [0]}.get(spec.channels, [0, 1, 2])
    mean, std = np.array(spec.mean), np.array(spec.std)
    pixels = ((varied_pixels(spec.size) / 255 - mean) / std)[..., colours]
    if spec.layout == cards.NCHW:
        pixels = pixels.transpose(0, 3, 1, 2)
    if picture.type == "tensor(uint8)":
        pixels = pixels.round().clip(0, 255)
    batch = (picture.shape[0] if picture.shape else None) or 1
    fed = pixels.astype(TYPES[picture.type])
    try:
        answers = [session.run([scores.name], {picture.name: np.repeat(one[None], batch, 0)})[0] for one in fed]
    except Exception as error:  # the runtime's errors have no common class but this
        raise BadRequest(f"The model fails on a picture of {spec.size} x {spec.size}: {error}") from error
    rows = [_row(answer) for answer in answers]
    if len({row.shape for row in rows}) != 1:
        raise BadRequest("The model gives another number of scores for each picture: it is no classifier.")
    return np.stack(rows).astype(np.float64)


def _row(answer: Any) -> NDArray[np.float64]:  # noqa: ANN401 - an array, or maps in a list
    """The scores of the first picture, as a row."""
    first = list(answer[0].values()) if isinstance(answer, list) else answer[0]
    return np.asarray(first, np.float64).ravel()


def output_kind(rows: Rows, stated: ModelFact | None = None) -> OutputKind:
    """What the scores (float64, pictures x classes) of varied pictures are; `stated` is what their owner says.

    Raises BadRequest for numbers that are none, answer each class by itself, or cannot be what their owner says.
    """
    if not np.isfinite(rows).all():
        bad = int((~np.isfinite(rows)).any(1).sum())
        raise BadRequest(
            f"The model gives NaN or infinity for {bad} of {len(rows)} pictures: its training or export failed."
        )
    wanted = stated.value.replace("-", "_") if stated else ""
    if wanted == LOGITS:
        warning = "--output logits, but the scores sum to 1 as probabilities do: see whether confidence makes sense."
        return OutputKind(LOGITS, warning if _are_probabilities(rows) else "")
    kind = _kind(rows)
    if stated and wanted != kind:
        raise BadRequest(f"--output {stated.value}, but the model's scores are {kind.replace('_', '-')}.")
    return OutputKind(kind, _flatness(rows) if kind == PROBABILITIES else "")


def _kind(rows: Rows) -> str:
    negative, sums = bool(rows.min() < -MOST_NEGATIVE), rows.sum(1)
    if _are_probabilities(rows):
        return PROBABILITIES
    if negative and bool((np.abs(sums - 1) <= TOLERANCE).all()):
        raise BadRequest("The model's scores sum to 1, but some are negative: these are no probabilities, nor logits.")
    constant = float(np.ptp(rows, axis=0).max()) < CONSTANT  # of which nothing can be told; release_checks refuses it
    if not negative and rows.max() <= 1 + TOLERANCE and not constant:
        raise BadRequest(
            "Each of the model's scores is between 0 and 1, but they do not sum to 1: it answers every class by itself"
            " (a sigmoid, several labels for one picture). Feedloop needs one class for each picture. If these are"
            " logits all the same, say --output logits."
        )
    with np.errstate(over="ignore"):
        sums = np.exp(rows).sum(1)
    return LOG_PROBABILITIES if rows.max() <= TOLERANCE and (np.abs(sums - 1) <= TOLERANCE).all() else LOGITS


def _are_probabilities(rows: Rows) -> bool:
    return bool((np.abs(rows.sum(1) - 1) <= TOLERANCE).all() and rows.min() >= -MOST_NEGATIVE)


def _flatness(rows: Rows) -> str:
    """Softmax of numbers between 0 and 1 never differs by more than a factor of e."""
    ratios = np.log(rows.max(1)) - np.log(np.maximum(rows.min(1), np.finfo(float).tiny))
    if rows.shape[1] < 2 or ratios.max() > 1 or np.ptp(rows, axis=0).max() < MOST_NEGATIVE:  # noqa: PLR2004
        return ""
    return (
        "No answer is confident: perhaps the graph applies softmax twice. Training and export may both have added one."
    )
