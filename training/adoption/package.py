"""A foreign model becomes what can be released: facts of every origin are joined, and the card is written from them.

What an option says holds; then what the folder's config says, the file's own notes, the first steps of its graph. What
is left is guessed and called so, or, where a guess would be worth nothing, asked for: all of it at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from feedloop.domain.cards import LOGITS, ModelCard, OutputSpec
from feedloop.domain.errors import BadRequest
from training.adoption import class_names, input_scale, onnx_file, onnx_signature, output_kind, sources, torch_file
from training.adoption.facts import RUN, Facts, Option, facts_from, guesses, join, preprocessing, scaled
from training.adoption.onnx_file import OnnxFile
from training.checks import model_file
from training.model.card import load_exported, make_card, serving_facts

_CROPPED = 0.875
_RESIZED = {Option.SIZE, Option.RESIZE, Option.RESIZE_SIZE}
_INSTEAD = "With --size or --resize, and --mean and --std or --range, your words count instead of that file's."
_ASK = {
    Option.CLASSES: "--classes FILE or A,B,...: the {count}names of its classes, in the order of its outputs",
    Option.SIZE: "--size PIXELS: the side of the square that it was trained on, for example 224",
    Option.MEAN: (
        "--range 0-1, 0-255 or -1-1: how its pixels were scaled; or, where they were normalised, --mean R,G,B and"
        " --std R,G,B, for example --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 (torchvision, timm)"
    ),
}


@dataclass(frozen=True, slots=True)
class AdoptedModel:
    """A foreign model with its card, what is known of it, and what its owner should be told."""

    model: bytes
    card: ModelCard
    facts: Facts
    warnings: tuple[str, ...] = ()
    weights: bytes = b""
    parity: str = ""
    """How far a conversion is from what it was made from, as a sentence."""
    exported: bool = False
    """Whether it is a folder of ours, whose card stays as it is."""


def adopt(
    path: Path,
    options: Facts,
    *,
    created: str,
    note: str = "",
    trust_pickle: bool = False,
    pictures: Path | None = None,
) -> AdoptedModel:
    """What lies at a path, with its card; a checkpoint and its conversion must answer `pictures` of a folder alike.

    Only `trust_pickle` runs the code that a pickle brings along. Raises BadRequest for what cannot be served, or needs
    further options, ModelRefused for what would harm, and ModuleNotFoundError for a checkpoint where torch is missing.
    """
    source = sources.resolve(path)
    if source.exported:
        if options:
            raise BadRequest(f"{path} has a card, which says all: change its card.json, or adopt its model.onnx alone.")
        model, card = load_exported(source.exported)
        facts = facts_from("from card.json", {"name": card.name, "classes": card.classes})
        return AdoptedModel(model, card, facts, exported=True)
    instead = options.keys() & _RESIZED and options.keys() & {Option.MEAN, Option.RANGE}
    if source.fault and not instead:
        raise BadRequest(f"{source.fault} {_INSTEAD}")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", source.name).strip("-._")[:60] or "model"
    beside = guesses({Option.NAME: name}, "after the file") | source.facts
    if source.onnx:
        return _from_onnx(onnx_file.load_onnx(source.onnx), beside, options, created=created, note=note)
    if wrong := options.keys() & {Option.OUTPUT, Option.OUTPUT_NAME}:
        raise BadRequest(f"A checkpoint becomes a model that gives logits: leave --{min(wrong)} out.")
    converted = torch_file.to_onnx(
        source.checkpoint or path,
        join(beside, options),
        maker=source.maker,
        trust_pickle=trust_pickle,
        pictures=pictures,
    )
    facts, spec, output = converted.facts, converted.preprocessing, OutputSpec(LOGITS)
    known = serving_facts(spec, output, note=note or None)
    known |= {"architecture": facts[Option.ARCHITECTURE].value, "weights": sha256(converted.weights).hexdigest()}
    document = make_card(converted.model, facts[Option.NAME].value, facts[Option.CLASSES].value, known, created)
    notes = tuple(filter(None, (*converted.warnings, *warnings(facts))))
    return AdoptedModel(converted.model, ModelCard(document), facts, notes, converted.weights, converted.parity)


def _from_onnx(file: OnnxFile, beside: Facts, options: Facts, *, created: str, note: str) -> AdoptedModel:
    model_file.check_runnable(file.body)
    session = onnx_signature.open_session(file)
    signature = onnx_signature.signature(file, session)
    shape = onnx_signature.input_facts(file, signature.picture)
    graph = input_scale.scale_facts(file.proto.graph, signature.picture.name)
    given = join(graph, shape, onnx_file.metadata_facts(file), beside)
    known = join(given, options)
    if Option.ARCHITECTURE in options:
        raise BadRequest(f"{file.path} is ONNX, which needs no --architecture: its graph is in the file.")
    _check_contradictions(given, shape, options, file)
    names = known[Option.CLASSES].value if Option.CLASSES in known else ()
    scores = onnx_signature.scores(file, signature.outputs, len(names), options.get(Option.OUTPUT_NAME))
    facts = scaled(_guessed(known))
    count = onnx_signature.width(scores)
    if count == 1:
        class_names.check_count(names, count)
    _check_missing(facts, count, f"{file.path} takes {signature.picture} and gives {scores}.")
    class_names.check_count(names, count or len(names))
    model_file.check_file(file.body, len(names))
    spec = preprocessing(facts)
    rows = output_kind.raw_scores(session, signature.picture, scores, spec)
    class_names.check_count(names, rows.shape[1])
    measured = output_kind.output_kind(rows, options.get(Option.OUTPUT))
    facts = facts_from(RUN, {Option.OUTPUT: measured.kind.replace("_", "-")}) | facts
    output = OutputSpec(measured.kind, name=scores.name if len(signature.outputs) > 1 else "")
    card = make_card(
        file.body, facts[Option.NAME].value, names, serving_facts(spec, output, note=note or None), created
    )
    notes = (measured.warning, _batch_warning(signature.picture.shape), *warnings(facts))
    return AdoptedModel(file.body, ModelCard(card), facts, tuple(filter(None, notes)))


def _check_contradictions(given: Facts, shape: Facts, options: Facts, file: OnnxFile) -> None:
    """Raises BadRequest when an option or a config contradicts what the file alone decides."""
    known = join(given, options)
    for name in (Option.SIZE, Option.LAYOUT, Option.CHANNELS):
        if name in shape and known[name].value != shape[name].value:
            other = f"{known[name].value} {known[name].origin}"
            raise BadRequest(f"{file.path} takes {name} {shape[name].value}; {other} does not fit it.")
    channels = known.get(Option.CHANNELS)
    if channels and channels.value == "gray" and {Option.LAYOUT, Option.CHANNELS} & shape.keys() == {Option.LAYOUT}:
        raise BadRequest(f"{file.path} takes three channels; gray {channels.origin} does not fit it.")
    if Option.CLASSES in given and Option.CLASSES in options:
        own, named = given[Option.CLASSES], options[Option.CLASSES].value
        if own.value != named and sorted(own.value) == sorted(named):
            raise BadRequest(f"--classes has another order than the names {own.origin}: leave --classes out.")


def _guessed(known: Facts) -> Facts:
    """With what most models of this kind have, where nothing says more."""
    last = Option.LAYOUT in known and known[Option.LAYOUT].value == "nhwc"
    why = "as in Keras" if last else "as in torchvision"
    usual = {"layout": "nchw", "channels": "rgb", "interpolation": "bilinear"}
    facts = guesses({**usual, Option.RESIZE: "stretch" if last else "shorter-side"}, why) | known
    if facts[Option.RESIZE].guessed and not last and Option.SIZE in facts:
        return guesses({Option.RESIZE_SIZE: int(facts[Option.SIZE].value / _CROPPED)}, why) | facts
    return facts


def _check_missing(facts: Facts, count: int | None, interface: str) -> None:
    """Raises BadRequest with all that only the model's maker knows, where nobody knows it, after what was seen."""
    missing = [text.format(count=f"{count} " if count else "") for name, text in _ASK.items() if name not in facts]
    if not missing:
        return
    if count and Option.CLASSES in facts:
        interface += f" {class_names.count_fault(facts[Option.CLASSES].value, count)}".rstrip()
    wanted = "".join(f"\n  {line}" for line in missing)
    raise BadRequest(f"{interface} Neither the file nor what lies beside it says all else that is needed. Add:{wanted}")


def _batch_warning(shape: Sequence[int | None]) -> str:
    """What it costs that a model wants more pictures than one; empty where it does not."""
    batch = (shape[0] if shape else None) or 1
    cost = f"It takes {batch} pictures at a time, so that one costs as much as {batch}"
    return f"{cost}: export it for one, or for any number (dynamic axes)." if batch > 1 else ""


def warnings(facts: Facts) -> tuple[str, ...]:
    """What may be wrong though it can be served; texts may be empty."""
    red, _, blue = facts[Option.MEAN].value
    swapped = "The means grow from first to last, as of blue, green, red: give --mean and --std as red, green, blue."
    names = facts[Option.CLASSES].value
    return class_names.naming_warning(names), class_names.order_warning(names), swapped if red < blue else ""
