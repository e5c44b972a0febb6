"""What a model must show before it may serve: loaded as predict loads it, and asked about real pictures."""

import hashlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec

from feedloop.adapters.pictures import normalise
from feedloop.domain import cards
from feedloop.domain.cards import ModelSpec
from feedloop.domain.errors import BadRequest, ModelRefused, NoModel, Refused
from feedloop.ports import Picture
from training.checks import answers, labels, model_file, sandbox
from training.checks.pictures import drawn_pictures, plain_pictures
from training.checks.sandbox import SmokeTest, mebibytes
from training.promotion.registry import ModelPackage

WORKERS = 2
"""Processes that a container of predict has on two cores: `PREDICT_WORKERS`."""
MEMORY_LIMIT = 1 << 30
"""What such a container may take: the default of `PREDICT_MEMORY`."""
PARITY, HALF_PARITY = 1e-4, 1e-2
"""How far a probability may be from the reference's; the second for float16."""

_DECODING = 128 << 20
"""Bytes that a container of predict takes beside its models for pictures of twelve megapixels: benchmarks/README.md."""
_SERVER = 80 << 20
"""Bytes of a process of predict that a check does not load: HTTP, the store's client."""
_LOADED = 2
"""A model takes so many times its file once it is loaded (ResNet-18 and ViT-B/16 in predict: 2.0)."""
_LOADING = 6
"""And so many times while it is loaded, at most."""
_SLOW = 1000.0

Reference = Callable[[Picture], Sequence[float]]
"""What the model answers where it came from, for example in torch: one probability per class of its card."""


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A model that passed every check, and what was seen: only such a one can be released."""

    package: ModelPackage
    pictures: tuple[Picture, ...]
    answers: tuple[tuple[float, ...], ...]
    """Of each picture one probability per class of the card, in the order of the pictures."""
    milliseconds: float
    """The median of one picture, decoded and classified."""
    slowest: float
    megabytes: int
    """The most that one process took."""
    parity: float | None = None
    """The largest difference from the reference."""
    labelled: int = 0
    correct: int = 0
    """Of the labelled pictures."""
    truth: tuple[int | None, ...] = ()
    """Of each picture its class by the card's index, as it was given; None where it is not known."""
    warnings: tuple[str, ...] = ()


def check(
    package: ModelPackage,
    pictures: Sequence[bytes | Picture] = (),
    *,
    memory_limit: int = MEMORY_LIMIT,
    workers: int = WORKERS,
    beside: int = 0,
    truth: Sequence[int | None] | None = None,
    constant_ok: bool = False,
    reference: Reference | None = None,
) -> CheckedModel:
    """Check a model in the order of cost, on these pictures (JPEG, PNG or WebP), else on drawings of ours.

    `memory_limit` is in bytes, of a container with so many `workers`; `beside` is the size of the file that serves now,
    and stays loaded until this one answers. `truth` has each picture's class by the card's index, None where it is not
    known. `constant_ok` lets a model pass that answers every picture alike, as one with random weights does.
    Raises ModelRefused, and BadRequest for a picture that predict would refuse.
    """
    card, half = package.card, False
    _check_card(package)
    if card.format == cards.TORCH and not find_spec("torch"):
        raise ModuleNotFoundError("torch runs this model", name="torch")
    if card.format == cards.ONNX:
        half = model_file.is_half(model_file.check_file(package.model, len(card.classes)))
    given = _normalised(pictures or drawn_pictures())
    most = memory_limit + _LOADING * len(package.model)  # so that the next message can name what is needed
    tested = sandbox.run(package.model, card, (*plain_pictures(), *given), memory_limit=most)
    answers.check_probabilities(tested, card)
    answers.check_repeatable(tested)
    _check_memory(tested, memory_limit, workers, beside)
    warnings = answers.check_varied(tested, card, constant_ok=constant_ok)
    if (slowest := max(tested.milliseconds)) > _SLOW:
        warnings.append(f"The slowest picture took {slowest / 1000:.1f} s; visitors wait for it.")
    own = tested.answers[-len(given) :]
    parity = _check_parity(given, own, reference, HALF_PARITY if half else PARITY) if reference else None
    if truth:
        warnings += labels.check_order(own, truth, card)
        labelled = [number for number, index in enumerate(truth) if index is not None]
        some = labelled[:: -(-len(labelled) // labels.ENOUGH) or 1]
        answer_as = partial(sandbox.run, package.model, pictures=[given[n] for n in some], memory_limit=most)
        warnings += labels.check_input([own[n] for n in some], [truth[n] for n in some], card, answer_as)
    hits = labels.hits(own, truth) if truth else []
    return CheckedModel(
        package=package,
        pictures=given,
        answers=own,
        milliseconds=statistics.median(tested.milliseconds),
        slowest=slowest,
        megabytes=round(tested.peak / 1e6),
        parity=parity,
        truth=tuple(truth or ()),
        labelled=len(hits),
        correct=sum(hits),
        warnings=tuple(warnings),
    )


def _check_card(package: ModelPackage) -> None:
    if hashlib.sha256(package.model).hexdigest() != package.card.sha256:
        raise ModelRefused("card", "The card belongs to another file: its sha256 is another. Export or adopt it again.")
    try:
        ModelSpec.from_card(package.card.document)
    except NoModel as error:
        raise ModelRefused("card", f"{error} docs/model-card.md explains each key.") from error


def _normalised(bodies: Sequence[bytes | Picture]) -> tuple[Picture, ...]:
    """Without their views: of hundreds of pictures these are hundreds of megabytes."""
    normalised: list[Picture] = []
    for body in bodies:
        try:
            normalised.append(replace(body if isinstance(body, Picture) else normalise(body), view=None))
        except Refused as error:
            number = len(normalised) + 1
            raise BadRequest(f"Picture {number} of those to check with cannot be used: {error}") from error
    return tuple(normalised)


def memory_needed(peak: int, workers: int = WORKERS, beside: int = 0) -> int:
    """The bytes that a container of predict needs, from the most that a process took while the model was checked."""
    return workers * (peak + _SERVER + _LOADED * beside) + _DECODING


def _check_memory(tested: SmokeTest, memory_limit: int, workers: int, beside: int) -> None:
    needed = memory_needed(tested.peak, workers, beside)
    if needed > memory_limit:
        old = ", the model that it replaces beside it" if beside else ""
        raise ModelRefused(
            "memory",
            f"predict in {workers} processes needs {mebibytes(needed)} with this model{old}, and its limit is"
            f" {mebibytes(memory_limit)}. Set PREDICT_MEMORY={mebibytes(needed)} in the deployment and for this"
            " command, or fewer PREDICT_WORKERS, or choose a smaller model.",
        )


def _check_parity(
    pictures: Sequence[Picture], own: Sequence[Sequence[float]], reference: Reference, limit: float
) -> float:
    apart = max(answers.difference(one, reference(picture)) for one, picture in zip(own, pictures, strict=True))
    if apart > limit:
        raise ModelRefused(
            "parity",
            f"A probability differs by {apart:.2g} from what the model answers where it came from, and {limit:g} is"
            " allowed. Size, resize, mean, std or the order of colours differ, or the export does.",
        )
    return apart
