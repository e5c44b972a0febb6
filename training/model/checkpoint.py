"""Weights on disk: our own checkpoints, and those of other trainings, whatever they are wrapped in.

Ours are safetensors files whose header also holds, as JSON, what must be known to use them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from feedloop import files
from feedloop.domain.cards import Preprocessing
from feedloop.domain.errors import BadRequest, Malformed, NoModel
from training.data import tensors
from training.data.image_folder import FOOD_11
from training.model import networks, state_dicts
from training.model.card import serving_facts
from training.model.networks import MOBILENET_V2, Outline
from training.model.state_dicts import Fit, WeightsFile

_ABOUT = "feedloop"
"""Where the header of a safetensors file keeps what else a checkpoint of ours says."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights of a classifier of torchvision, and what must be known to use them."""

    state: networks.State
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    architecture: str = MOBILENET_V2
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    """What neither the file nor the caller said, a sentence each."""

    @property
    def network(self) -> nn.Module:
        """The network, ready to answer."""
        made = networks.new(self.architecture, len(self.classes), self.preprocessing.size)
        return networks.with_weights(made, self.state)

    def to_bytes(self) -> bytes:
        """As a safetensors file: weights of the same names as torchvision's."""
        about = {
            "v": 2,
            "architecture": self.architecture,
            "classes": list(self.classes),
            "trained_on": dict(self.trained_on),
            **serving_facts(self.preprocessing),
        }
        state = {name: weight.clone(memory_format=torch.contiguous_format) for name, weight in self.state.items()}
        return safetensors.torch.save(state, {_ABOUT: json.dumps(about, ensure_ascii=False)})


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file in one step: a kill leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, checkpoint.to_bytes(), durable=True)


def load_checkpoint(
    path: Path,
    *,
    architecture: str = "",
    names: tuple[str, ...] = (),
    preprocessing: Preprocessing | None = None,
    trust_pickle: bool = False,
    unnamed: bool = False,
) -> Checkpoint:
    """Read and check a file. What is said here goes before what the file says, and what neither says is guessed.

    Only `trust_pickle` runs what a pickled module brings along. `unnamed` classes may have numbers for names. Raises
    Malformed, and BadRequest for an unknown architecture or where the classes must be said.
    """
    if not path.exists():
        raise Malformed(f"{path} is not there")
    return parse_checkpoint(
        path.read_bytes(),
        str(path),
        architecture=architecture,
        names=names,
        preprocessing=preprocessing,
        trust_pickle=trust_pickle,
        unnamed=unnamed,
    )


def parse_checkpoint(
    body: bytes,
    origin: str,
    *,
    architecture: str = "",
    names: tuple[str, ...] = (),
    preprocessing: Preprocessing | None = None,
    trust_pickle: bool = False,
    unnamed: bool = False,
) -> Checkpoint:
    """A checkpoint's bytes, as load_checkpoint reads a file; `origin` is what messages call them."""
    file = state_dicts.parse_weights(body, origin, trust_pickle=trust_pickle)
    about = _about(file)
    guesses: list[str] = []
    preprocessing = preprocessing or about.preprocessing
    size = preprocessing.size if preprocessing else None
    outline, fit = _choose(file, architecture or about.architecture, size, guesses)
    state = {name: fit.state.get(name, own).to(own.dtype) for name, own in outline.weights.items()}
    if not all(bool(torch.isfinite(weight).all()) for weight in state.values()):
        raise Malformed(f"{origin}: some weights are not finite numbers")
    count = len(state[f"{outline.last}.weight"])
    classes = names or about.classes or _classes(file, outline.architecture, count, guesses)
    if unnamed and not classes:
        classes = tuple(f"class_{index:02d}" for index in range(count))
    if not classes:
        raise BadRequest(f"{origin} answers {count} classes and does not name them: say --classes.")
    if len(classes) != count:
        raise Malformed(f"{origin}: the weights answer {count} classes, {len(classes)} are named: say --classes")
    if not preprocessing:
        preprocessing = networks.preprocessing(outline.architecture, outline.size)
        guesses.append(f"input: {_in_words(preprocessing)}, as torchvision prepares pictures for its own weights")
    return Checkpoint(state, classes, preprocessing, outline.architecture, about.trained_on, tuple(guesses))


@dataclass(frozen=True, slots=True)
class _About:
    """What a checkpoint of ours says besides its weights; nothing of a foreign one."""

    architecture: str = ""
    classes: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    trained_on: Mapping[str, Any] = field(default_factory=dict)


def _about(file: WeightsFile) -> _About:
    try:
        if _ABOUT in file.metadata:
            header = json.loads(file.metadata[_ABOUT])
            preprocessing = Preprocessing.from_card(header)
            return _About(header["architecture"], tuple(header["classes"]), preprocessing, header["trained_on"])
        match file.content:  # as before 0.2
            case {"state": _, "classes": classes, "size": size, "trained_on": trained_on}:
                return _About(MOBILENET_V2, tuple(classes), tensors.stretched(int(size)), trained_on)
    except (KeyError, TypeError, ValueError, NoModel) as error:
        raise Malformed(f"{file.origin} is no checkpoint of ours: {error!r}") from error
    return _About()


def _choose(file: WeightsFile, architecture: str, size: int | None, guesses: list[str]) -> tuple[Outline, Fit]:
    """The named architecture's weights in a file, else those of the one that they fit. Raises BadRequest, Malformed."""
    for outline in _outlines(file, architecture, size):
        fits = state_dicts.fits(file.tensors, outline.weights, outline.last)
        complete = [fit for fit in fits if fit.complete]
        if complete:
            break
    else:
        raise Malformed(_refusal(file, architecture, size))
    fit = max(complete, key=lambda one: "ema" in one.part.lower())  # averaged over the training: they are served
    if not architecture:
        guesses.append(f"architecture: {outline.architecture}, which these weights fit")
    if len(complete) > 1:
        parts = ", ".join(one.part or "those without prefix" for one in complete)
        guesses.append(f"weights: {fit.part or 'those without prefix'}, of {parts}")
    if fit.last != outline.last:
        guesses.append(f"last layer: {fit.last}, after nothing but dropout (functions are not in the file)")
    return outline, fit


def _outlines(file: WeightsFile, architecture: str, size: int | None) -> Iterator[Outline]:
    """The named architecture, else all that take pictures of this size."""
    wanted = [architecture] if architecture else [MOBILENET_V2, *networks.names()]
    for name in wanted:
        try:
            yield networks.outline(name, size or networks.size_in(name, file.tensors))
        except BadRequest:
            if architecture:
                raise


def _refusal(file: WeightsFile, architecture: str, size: int | None) -> str:
    """What was found, what was expected, and what would help."""
    holds = f"{file.origin} holds {file.describe()}."
    advice = f" {state_dicts.RISK}" if file.foreign else ""
    if not file.tensors:
        return f"{holds} These are no weights by name (a state_dict).{advice}"
    outlines = {name: networks.outline(name, networks.size_in(name, file.tensors)) for name in networks.names()}
    if architecture:
        outlines[architecture] = networks.outline(architecture, size or networks.size_in(architecture, file.tensors))
    best = {name: state_dicts.best(file.tensors, one.weights, one.last) for name, one in outlines.items()}
    likeliest = max(best, key=lambda name: (best[name].complete, best[name].matching / len(outlines[name].weights)))
    wanted = architecture or likeliest
    expected = f" Expected {wanted}: {best[wanted].explain(outlines[wanted].weights)}."
    if best[likeliest].complete:
        return f"{holds}{expected} They are the weights of {likeliest}: say --architecture {likeliest}."
    share = f"{best[likeliest].matching} of {len(outlines[likeliest].weights)} names and shapes"
    closest = f" Closest of torchvision's is {likeliest}, with {share}."
    return f"{holds}{expected}{closest} Any other network: export it to ONNX, and adopt that.{advice}"


def _classes(file: WeightsFile, architecture: str, count: int, guesses: list[str]) -> tuple[str, ...]:
    """The names that lie beside the weights, else those that everybody means by so many; empty if unclear."""
    if names := state_dicts.find_names(file.content, count):
        guesses.append(f"classes: {names[0]} to {names[-1]}, since the file lists {count} names")
        return names
    food = FOOD_11 if architecture == MOBILENET_V2 else ()
    for names, whose in ((networks.imagenet_classes(architecture), "ImageNet's"), (food, "Food-11's")):
        if len(names) == count:
            guesses.append(f"classes: {whose}, since there are {count}")
            return names
    return ()


def _in_words(preprocessing: Preprocessing) -> str:
    how = f"shorter side {preprocessing.resize_size} px, {preprocessing.interpolation}, centre {preprocessing.size} px"
    return f"{how}, mean {preprocessing.mean}, std {preprocessing.std}"
