"""The weights in a file of torch or safetensors, whatever they are wrapped in.

Checkpoints put words before the names of weights (`state_dict.model._orig_mod.features.0.0.weight`) or between them
(`features.module.0.0.weight`), and keep other tensors beside them. No list of such words is needed: an architecture's
own names and shapes are known, and are sought at the end of the file's.
"""

import json
import pickletools
import struct
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pickle import UnpicklingError
from zipfile import BadZipFile, ZipFile, is_zipfile

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from feedloop.domain.errors import Malformed

Tensors = Mapping[str, Tensor]

_UNREADABLE = (
    *(UnpicklingError, RuntimeError, EOFError, ValueError, TypeError, LookupError, AttributeError, ImportError),
    *(AssertionError, OSError, BadZipFile, struct.error),
)
_LEGACY_PICKLES = 4
"""Before torch 1.6: a magic number, the protocol, the machine, and only then what was saved."""
_PICKLE = b"\x80"
RISK = (
    "Perhaps a whole module is pickled in it: loading that runs whatever code is inside."
    " If you made it yourself or trust who did, say --trust-pickle. Safer: torch.save(model.state_dict(), ...)."
)
_LISTED = 3
"""Names that a description tells."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """What a file holds. `foreign` are the classes of objects in it that are left out: their code never runs."""

    origin: str
    content: object
    tensors: Tensors
    metadata: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()

    def describe(self) -> str:
        """Its outermost names, and the first of its tensors."""
        top = self.content.items() if isinstance(self.content, Mapping) else ()
        beside = [f"{word!r} ({type(part).__name__})" for word, part in top if not isinstance(part, Tensor)]
        kinds = ", ".join(beside[: 3 * _LISTED]) or type(self.content).__name__
        first = [f"{name} {shape(weight)}" for name, weight in list(self.tensors.items())[:_LISTED]]
        return f"{kinds}; {len(self.tensors)} tensors{': ' if first else ''}{', '.join(first)}"


@dataclass(frozen=True, slots=True)
class Fit:
    """What a part of a file has for an architecture; `part` are the words before the names."""

    part: str
    state: dict[str, Tensor]
    missing: tuple[str, ...]
    """Weights of the architecture that are not there."""
    misshapen: tuple[str, ...]
    """Those that have another shape."""
    surplus: tuple[str, ...]
    """Those of layers that the architecture does not have."""
    last: str
    """What the file calls the last layer."""

    @property
    def complete(self) -> bool:
        """Whether these are the architecture's weights, all of them and no more."""
        return not (self.missing or self.misshapen or self.surplus)

    @property
    def matching(self) -> int:
        """How many names and shapes are the architecture's."""
        return len(self.state) - len(self.misshapen)

    def explain(self, outline: Tensors) -> str:
        """What keeps them from being the architecture's weights."""
        shapes = [f"{name} is {shape(self.state[name])}, not {shape(outline[name])}" for name in self.misshapen]
        missing = [f"{name} {shape(outline[name])}" for name in self.missing]
        parts = (("missing", missing), ("of another shape", shapes), ("in excess", list(self.surplus)))
        return "; ".join(f"{what}: {_first(names)}" for what, names in parts if names)


def parse_weights(body: bytes, origin: str, *, trust_pickle: bool) -> WeightsFile:
    """What a file holds; only `trust_pickle` builds objects whose classes are not torch's. Raises Malformed."""
    try:
        if body[8:9] == b"{":
            header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
            tensors = safetensors.torch.load(body)
            return WeightsFile(origin, tensors, tensors, header.get("__metadata__", {}))
    except (SafetensorError, ValueError, AttributeError) as error:
        raise Malformed(f"{origin} begins as a safetensors file, but was cut short or changed: {error}.") from error
    if not (is_zipfile(BytesIO(body)) or body.startswith(_PICKLE)):
        raise Malformed(f"{origin} is no file of torch or safetensors.")
    content, foreign = _unpickled(body, origin, trust_pickle=trust_pickle)
    try:
        return WeightsFile(origin, content, dict(_find_tensors(content)), {}, foreign)
    except RecursionError as error:
        raise Malformed(f"{origin} holds something that holds itself.") from error


def shape(tensor: Tensor) -> str:
    """As people write it: 64 x 3 x 7 x 7."""
    return " x ".join(map(str, tensor.shape)) or "a number"


def find_names(content: object, count: int) -> tuple[str, ...]:
    """The one mapping of so many names to or from 0, 1, … in what a file holds, else its one list of so many names.

    Empty where there are none, or several.
    """
    for lists in (set(_mapped_names(content, count)), set(_listed_names(content, count))):
        if lists:
            return lists.pop() if len(lists) == 1 else ()
    return ()


def fits(tensors: Tensors, outline: Tensors, last: str) -> list[Fit]:
    """Every part of a file that has weights of an architecture, the best first; the last layer may have any width.

    `outline` are the architecture's weights by name, of which only shapes count, and `last` is its last layer.
    """
    parts = _parts(tensors, outline, last)
    if not any(fit.complete for fit in parts):
        parts += _parts(_without_words_between(tensors, outline), outline, last)
    return sorted(parts, key=lambda fit: (not fit.complete, -fit.matching, len(fit.part)))


def best(tensors: Tensors, outline: Tensors, last: str) -> Fit:
    """The part of a file that has most of an architecture, which may be nothing."""
    return next(iter(fits(tensors, outline, last)), Fit("", {}, tuple(outline), (), (), last))


def _first(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _unpickled(body: bytes, origin: str, *, trust_pickle: bool) -> tuple[object, tuple[str, ...]]:
    """What torch saved, and the classes of which no object was built."""
    try:
        return _loaded(body, weights_only=True), ()
    except _UNREADABLE as error:
        why = f"{origin} cannot be loaded: {next(iter(str(error).splitlines()), '')[:200] or repr(error)}"
    try:
        if trust_pickle:
            return _loaded(body, weights_only=False), ()
    except _UNREADABLE as error:  # such as a class that is not installed here
        why = f"{origin} cannot be unpickled: {error}"
    try:
        named = _classes_in(body)
        stubs = [(_Numbers if name.startswith("numpy") else _Nothing, name) for name in named]
        with torch.serialization.safe_globals(stubs):  # what torch knows itself goes before these
            return _loaded(body, weights_only=True), tuple(sorted(named))
    except _UNREADABLE as error:
        raise Malformed(why if trust_pickle else f"{why}. {RISK}") from error


def _loaded(body: bytes, *, weights_only: bool) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes whose source has changed since
        return torch.load(BytesIO(body), map_location="cpu", weights_only=weights_only)


class _Nothing:
    """In place of any class that torch does not know: takes whatever it is made of, and is an empty dict."""

    def __new__(cls, *_: object) -> OrderedDict[str, object]:  # type: ignore[misc] # which takes items
        return OrderedDict()


class _Numbers:
    """In place of what numpy pickles beside the weights, such as the best accuracy; it has a state."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def _classes_in(body: bytes) -> set[str]:
    """The classes and functions that a file names, found without unpickling."""
    if is_zipfile(BytesIO(body)):
        with ZipFile(BytesIO(body)) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
            pickles, count = BytesIO(archive.read(name)), 1
    else:
        pickles, count = BytesIO(body), _LEGACY_PICKLES
    steps = (step for _ in range(count) for step in pickletools.genops(pickles))
    named = {str(name).replace(" ", ".") for step, name, _ in steps if step.name == "GLOBAL"}
    return {name.replace("__builtin__.", "builtins.") for name in named}


def _find_tensors(content: object, at: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor, with the words that lead to it."""
    if isinstance(content, nn.Module):
        content = content.state_dict()
    if isinstance(content, Tensor):
        yield at, content.detach()
    elif isinstance(content, Mapping | list | tuple):
        parts = content.items() if isinstance(content, Mapping) else enumerate(content)
        for word, part in parts:
            yield from _find_tensors(part, f"{at}.{word}" if at else str(word))


def _mapped_names(content: object, count: int) -> Iterator[tuple[str, ...]]:
    mappings = (part for part in _within(content) if isinstance(part, Mapping) and len(part) == count)
    for part in mappings:
        by_index = {str(index): name for index, name in part.items()}
        to_index = {str(index): name for name, index in part.items() if type(index) is int}
        for names in (by_index, to_index):
            listed = [names.get(str(index)) for index in range(count)]
            if all(isinstance(name, str) for name in listed):
                yield tuple(map(str, listed))


def _listed_names(content: object, count: int) -> Iterator[tuple[str, ...]]:
    lists = (part for part in _within(content) if isinstance(part, list | tuple) and len(part) == count)
    yield from (tuple(part) for part in lists if all(isinstance(name, str) for name in part))


def _within(content: object) -> Iterator[object]:
    """What a file holds, and all that this holds."""
    yield content
    if isinstance(content, Mapping | list | tuple):
        for part in content.values() if isinstance(content, Mapping) else content:
            yield from _within(part)


def _parts(tensors: Tensors, outline: Tensors, last: str) -> list[Fit]:
    parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in tensors.items():
        words = key.split(".")
        for cut in range(len(words)):
            if (name := ".".join(words[cut:])) in outline:
                parts[".".join(words[:cut])][name] = tensor
    return [_fit(part, state, tensors, outline, last) for part, state in parts.items()]


def _fit(part: str, state: dict[str, Tensor], tensors: Tensors, outline: Tensors, last: str) -> Fit:
    ours, start = {name.partition(".")[0] for name in outline}, f"{part}." if part else ""
    within = [key.removeprefix(start) for key in tensors if key.startswith(start)]
    surplus = [name for name in within if name not in outline and name.partition(".")[0] in ours]
    called = last if f"{last}.weight" in state else _layer_instead(surplus, last)
    if called:
        layer = {kind: tensors.get(f"{start}{called}.{kind}") for kind in ("weight", "bias")}
        if layer["weight"] is not None:
            zeros = layer["weight"].new_zeros(len(layer["weight"]))
            bias = zeros if layer["bias"] is None else layer["bias"]
            head = {f"{last}.weight": layer["weight"], f"{last}.bias": bias}
            state = {**state, **{name: weight for name, weight in head.items() if name in outline}}
        surplus = [name for name in surplus if name.rpartition(".")[0] != called]
    needed = [name for name, weight in outline.items() if weight.is_floating_point()]  # counters may be missing
    return Fit(
        part,
        state,
        tuple(name for name in needed if name not in state),
        tuple(name for name in state if not _same_shape(name, state[name], outline[name], last)),
        tuple(surplus),
        called,
    )


def _layer_instead(surplus: Sequence[str], last: str) -> str:
    """The one layer that stands where the last one should be, as when it was put into a Sequential with a Dropout."""
    stems = {name.rpartition(".")[0] for name in surplus if name.partition(".")[0] == last.partition(".")[0]}
    return stems.pop() if len(stems) == 1 else ""


def _same_shape(name: str, given: Tensor, own: Tensor, last: str) -> bool:
    if name in {f"{last}.weight", f"{last}.bias"}:  # of any number of classes
        return given.dim() == own.dim() and given.shape[1:] == own.shape[1:]
    return given.shape == own.shape


def _without_words_between(tensors: Tensors, outline: Tensors) -> dict[str, Tensor]:
    """Without words that stand between an architecture's own, as of a layer that was wrapped by itself."""
    known = {word for name in outline for word in name.split(".")}
    shorter: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        words = key.split(".")
        first = next((at for at, word in enumerate(words) if word in known), len(words))
        kept = ".".join([*words[:first], *(word for word in words[first:] if word in known)])
        if kept == key or kept not in tensors:
            shorter[kept] = tensor
    return shorter
