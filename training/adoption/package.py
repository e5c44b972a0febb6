"""A foreign model becomes what can be released: facts of every origin are joined, and the card is written from them.

What an option says holds; then what the folder's config says, the file's own notes, the first steps of its graph. What
is left is guessed and called so, or, where a guess would be worth nothing, asked for: all of it at once.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from feedloop.domain.cards import ModelCard, OutputSpec, Preprocessing
from feedloop.domain.errors import BadRequest
from training.adoption import class_names, input_scale, onnx_file, onnx_signature, output_kind, sources
from training.adoption.facts import RUN, Facts, Option, facts_from, guesses
from training.adoption.onnx_file import OnnxFile
from training.checks import model_file
from training.model.card import load_exported, make_card, serving_facts

MEANS = {"0-1": (0.0, 1.0), "0-255": (0.0, 1 / 255), "-1-1": (0.5, 0.5)}
"""Mean and std, for x / 255, that give the pixels a range."""

_SCALE = {Option.RANGE, Option.MEAN, Option.STD}
_CROPPED = 0.875
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
    calibrates: bool = True
    """Whether a temperature may be fitted; a card of ours says its own."""


def adopt(path: Path, options: Facts, *, created: str, note: str = "") -> AdoptedModel:
    """What lies at a path, with its card. Raises BadRequest for what cannot be served, or needs further options."""
    source = sources.resolve(path)
    if source.exported:
        if options:
            raise BadRequest(f"{path} has a card, which says all: change its card.json, or adopt its model.onnx alone.")
        model, card = load_exported(source.exported)
        facts = facts_from("from card.json", {"name": card.name, "classes": card.classes})
        return AdoptedModel(model, card, facts, calibrates=False)
    if source.onnx is None:
        raise BadRequest(f"{source.checkpoint} is a checkpoint of torch.")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", source.name).strip("-._")[:60] or "model"
    named = guesses({Option.NAME: name}, "after the file")
    return _from_onnx(onnx_file.load_onnx(source.onnx), named | source.facts, options, created=created, note=note)


def join(*layers: Facts) -> Facts:
    """Facts of several origins, the later the stronger; a range replaces mean and std, and they replace a range."""
    joined = Facts()
    for layer in layers:
        replaced = _SCALE if layer.keys() & _SCALE else set()
        joined = {name: fact for name, fact in joined.items() if name not in replaced} | layer
    return joined


def _from_onnx(file: OnnxFile, beside: Facts, options: Facts, *, created: str, note: str) -> AdoptedModel:
    model_file.check_runnable(file.body)
    session = onnx_signature.open_session(file)
    signature = onnx_signature.signature(file, session)
    shape = onnx_signature.input_facts(file, signature.picture)
    graph = input_scale.scale_facts(file.proto.graph, signature.picture.name)
    given = join(graph, shape, onnx_file.metadata_facts(file), beside)
    known = join(given, options)
    _check_contradictions(given, shape, options, file)
    names = known[Option.CLASSES].value if Option.CLASSES in known else ()
    scores = onnx_signature.scores(file, signature.outputs, len(names), options.get(Option.OUTPUT_NAME))
    facts = _scaled(_guessed(known))
    count = onnx_signature.width(scores)
    _check_missing(facts, count)
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
    return AdoptedModel(file.body, ModelCard(card), facts, tuple(filter(None, (measured.warning, *warnings(facts)))))


def _check_contradictions(given: Facts, shape: Facts, options: Facts, file: OnnxFile) -> None:
    """Raises BadRequest when an option or a config contradicts what the file alone decides."""
    known = join(given, options)
    for name in (Option.SIZE, Option.LAYOUT, Option.CHANNELS):
        if name in shape and known[name].value != shape[name].value:
            other = f"{known[name].value} {known[name].origin}"
            raise BadRequest(f"{file.path} takes {name} {shape[name].value}; {other} does not fit it.")
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


def _scaled(facts: Facts) -> Facts:
    """With mean and std for x / 255, which is what a card has, in place of a range."""
    if Option.RANGE not in facts:
        return facts
    scale = facts[Option.RANGE]
    mean, std = MEANS[scale.value]
    plain = {name: fact for name, fact in facts.items() if name != Option.RANGE}
    three = {Option.MEAN: [mean] * 3, Option.STD: [std] * 3}
    return plain | {name: replace(scale, value=value) for name, value in three.items()}


def _check_missing(facts: Facts, count: int | None) -> None:
    """Raises BadRequest with all that only the model's maker knows, where it is not known."""
    missing = [text.format(count=f"{count} " if count else "") for name, text in _ASK.items() if name not in facts]
    if missing:
        wanted = "".join(f"\n  {line}" for line in missing)
        raise BadRequest(f"Neither the file nor what lies beside it says all that is needed. Add:{wanted}")


def preprocessing(facts: Facts) -> Preprocessing:
    """Facts as a card has them. Raises BadRequest where the crop is larger than what it is cut from."""
    value = {name: fact.value for name, fact in facts.items()}
    size, resized = value["size"], value.get("resize-size") or value["size"]
    if resized < size:
        raise BadRequest(f"--resize-size {resized} is less than --size {size}, which is cut out of it.")
    mean, std = tuple(value["mean"]), tuple(value["std"])
    resize, filters = value["resize"].replace("-", "_"), value["interpolation"]
    return Preprocessing(size, mean, std, resize, resized, filters, value["layout"].upper(), value["channels"].upper())


def warnings(facts: Facts) -> tuple[str, ...]:
    """What may be wrong though it can be served; texts may be empty."""
    red, _, blue = facts[Option.MEAN].value
    swapped = "The means grow from first to last, as of blue, green, red: give --mean and --std as red, green, blue."
    return class_names.order_warning(facts[Option.CLASSES].value), swapped if red < blue else ""
