"""A checkpoint of torch becomes an ONNX file. torch is imported when there is a checkpoint, not before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from feedloop.domain.cards import SHORTER_SIDE, STRETCH, Preprocessing
from feedloop.domain.errors import BadRequest, Malformed
from training.adoption.facts import Facts, Option, facts_from, guesses, join, preprocessing, scaled
from training.data import image_folder

ADVICE = {
    "Hugging Face": (
        "Where transformers is installed, run `optimum-cli export onnx --model FOLDER --task image-classification OUT`,"
        " then adopt OUT."
    ),
    "timm": (
        "Where timm is installed, run `torch.onnx.export(timm.create_model('local-dir:FOLDER', pretrained=True).eval(),"
        " (torch.zeros(1, 3, 224, 224),), 'FOLDER/model.onnx')`, then adopt FOLDER."
    ),
}
"""What helps when a folder holds a network that torchvision has not, by who laid it out."""

PICTURES = 200
"""At most so many of those that are given are answered by torch as well."""

_WORDS = {STRETCH: "stretch", SHORTER_SIDE: "shorter-side"}


@dataclass(frozen=True, slots=True)
class ConvertedCheckpoint:
    """The ONNX file of a checkpoint, which gives logits, its weights to train on from, and what is known of both."""

    model: bytes
    weights: bytes
    facts: Facts
    preprocessing: Preprocessing
    parity: str
    """How far both are apart, as a sentence."""
    warnings: tuple[str, ...]


def to_onnx(path: Path, known: Facts, *, maker: str, trust_pickle: bool, pictures: Path | None) -> ConvertedCheckpoint:
    """Convert, and compare with torch. What is not known is as torchvision prepares pictures for its own weights.

    Raises BadRequest, and ModuleNotFoundError where torch is not installed.
    """
    from training.model import checkpoint, networks, train  # noqa: PLC0415 - bring torch

    names = known[Option.CLASSES].value if Option.CLASSES in known else ()
    named = _architecture(known, networks.names())
    given = {name: fact for name, fact in known.items() if name in {*_values(_PLAIN), Option.RANGE}}
    architecture, spec, guessed = named, None, {}
    try:
        if given:
            loaded = checkpoint.load_checkpoint(
                path, architecture=named, names=names, trust_pickle=trust_pickle, unnamed=True
            )
            architecture, guessed = loaded.architecture, _by_name(loaded.guesses)
            size = given[Option.SIZE].value if Option.SIZE in given else loaded.preprocessing.size
            base = facts_from("", _values(networks.at_size(loaded.preprocessing, size)))
            spec = preprocessing(scaled(join(base, given)))
        adopted = train.adopt_checkpoint(
            path,
            architecture=architecture,
            classes=names,
            preprocessing=spec,
            trust_pickle=trust_pickle,
            pictures=image_folder.load_outliers(pictures)[:PICTURES] if pictures else (),
        )
    except Malformed as error:
        if maker not in ADVICE or "torchvision" not in str(error):
            raise BadRequest(str(error)) from error
        network = f"Networks of {maker} that torchvision does not have cannot be rebuilt here. {ADVICE[maker]}"
        raise BadRequest(f"{network} What was tried: {error}") from error
    guessed |= _by_name(adopted.guesses)
    own = {Option.CLASSES: adopted.classes, Option.ARCHITECTURE: adopted.architecture}
    facts = facts_from("from the checkpoint", {**own, **_values(adopted.preprocessing)})
    if guessed.pop("input", ""):
        facts |= guesses(_values(adopted.preprocessing), "as torchvision has it")
    for name in own.keys() & guessed.keys():
        facts |= guesses({name: own[name]}, guessed.pop(name).partition(", ")[2])
    facts |= facts_from("from the checkpoint", {Option.LAYOUT: "nchw"})
    facts |= {name: fact for name, fact in scaled(known).items() if name != Option.ARCHITECTURE}
    if named:
        facts[Option.ARCHITECTURE] = replace(known[Option.ARCHITECTURE], value=named)
    return ConvertedCheckpoint(
        adopted.model,
        adopted.weights,
        facts,
        adopted.preprocessing,
        f"max |dp| {adopted.parity.difference:.1e} from torch, on {adopted.parity.pictures} pictures",
        tuple(f"{name}: {text}" for name, text in guessed.items()),
    )


def _architecture(known: Facts, names: Sequence[str]) -> str:
    """Torchvision's name, if that is what is known; a config may have another for the same network, or add a tag."""
    if Option.ARCHITECTURE not in known:
        return ""
    fact = known[Option.ARCHITECTURE]
    if fact.origin.startswith("by "):
        return str(fact.value)
    name = str(fact.value).partition(".")[0]
    return name if name in names else ""


def _by_name(sentences: Sequence[str]) -> dict[str, str]:
    return dict(sentence.split(": ", 1) for sentence in sentences)


_PLAIN = Preprocessing(1, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _values(spec: Preprocessing) -> dict[str, object]:
    """As options would say them."""
    return {
        "size": spec.size,
        "resize": _WORDS[spec.resize],
        "resize-size": spec.resize_size,
        "interpolation": spec.interpolation,
        "mean": list(spec.mean),
        "std": list(spec.std),
        "layout": spec.layout.lower(),
        "channels": spec.channels.lower(),
    }
