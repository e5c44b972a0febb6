"""A checkpoint as an ONNX file that predict can serve, and the proof that both answer alike."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from feedloop.classifiers import load_classifier
from feedloop.domain import cards
from feedloop.domain.cards import ModelCard, OutputSpec, Preprocessing
from feedloop.domain.errors import Malformed
from training.data import tensors
from training.data.drawings import FIRST_DAY
from training.data.gallery import draw_folder
from training.data.image_folder import Example
from training.model import evaluation, networks
from training.model.card import make_card, serving_facts
from training.model.checkpoint import Checkpoint

OPSET = 20
MOST_DIFFERENCE = 1e-4
TIE = 1e-6
"""Two classes whose probabilities are this close have no order in float32."""
RANDOM_PICTURES = 16
DRAWN = 22
MOST_COMPARED = 200
"""Real pictures that the parity check asks about."""


class Calibrated(nn.Module):
    """A network whose answers are divided by a temperature and become probabilities (Guo et al., 2017)."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("temperature", torch.tensor(temperature))

    def forward(self, pixels: Tensor) -> Tensor:
        """N x 3 x size x size to n x classes."""
        return functional.softmax(self.network(pixels) / self.temperature, dim=1)


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the exported file is from torch."""

    pictures: int
    difference: float
    same_class: bool

    @property
    def holds(self) -> bool:
        """Whether the file may be released."""
        return self.difference <= MOST_DIFFERENCE and self.same_class


def fit_temperature(network: nn.Module, validation: Sequence[Example], preprocessing: Preprocessing) -> float:
    """The temperature at which the answers to validation examples are likeliest; outliers should prefer no class."""
    answers = networks.logits(network, validation, preprocessing)
    targets = tensors.targets(validation, answers.shape[1])
    return evaluation.fit_temperature(answers.double().numpy(), targets.double().numpy())


def to_onnx(checkpoint: Checkpoint, temperature: float | None) -> bytes:
    """The ONNX file, checked: `pixels` (n x 3 x size x size) to `probabilities`, or without a temperature `logits`."""
    network = checkpoint.network if temperature is None else Calibrated(checkpoint.network, temperature).eval()
    pixels = torch.zeros(2, 3, checkpoint.preprocessing.size, checkpoint.preprocessing.size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch talks to its own developers here
        program = torch.onnx.export(
            network,
            (pixels,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["pixels"],
            output_names=["logits" if temperature is None else "probabilities"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    model = program.model_proto
    _strip(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _strip(model: onnx.ModelProto) -> None:
    """Without notes on where in our source each node came from: they name folders of this machine."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        part.doc_string = ""
        del part.metadata_props[:]


def check_parity(
    model: bytes, checkpoint: Checkpoint, temperature: float | None, examples: Sequence[Example]
) -> Parity:
    """Ask torch, and the file as predict serves it, about pictures. Raises Malformed when they differ too much."""
    output = OutputSpec(cards.LOGITS if temperature is None else cards.PROBABILITIES)
    facts = serving_facts(checkpoint.preprocessing, output)
    card = ModelCard(make_card(model, "parity", checkpoint.classes, facts, ""))
    classifier = load_classifier(model, card)
    exported = np.array([classifier.probabilities(one.picture()) for one in examples])
    network = checkpoint.network
    expected = (networks.logits(network, examples, checkpoint.preprocessing) / (temperature or 1.0)).softmax(1).numpy()
    chosen = np.take_along_axis(expected, exported.argmax(1)[:, None], axis=1)[:, 0]
    same = bool((expected.max(1) - chosen <= TIE).all())
    parity = Parity(len(examples), float(np.abs(exported - expected).max()), same)
    if not parity.holds:
        raise Malformed(
            f"the exported file answers differently from torch: max |dp| {parity.difference:.1e} on {parity.pictures}"
            f" pictures (allowed {MOST_DIFFERENCE:.0e}), the same class everywhere: {parity.same_class}"
        )
    return parity


def run_onnx(model: bytes, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The file's probabilities (n x classes) for pixels (n x 3 x size x size), one at a time as served."""
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"pixels": one[None]})[0] for one in pixels])


def compared(examples: Sequence[Example], folder: Path, *, seed: int) -> list[Example]:
    """Pictures to compare both on: up to MOST_COMPARED of these, else drawings, and noise; written into a folder."""
    chosen = list(examples[:: 1 + len(examples) // MOST_COMPARED])
    if not chosen:
        chosen = [Example(path, None) for path in draw_folder(folder, DRAWN, style=FIRST_DAY, seed=seed)]
    levels = np.random.default_rng(seed).integers(256, size=(RANDOM_PICTURES, 64, 64, 3), dtype=np.uint8)
    for number, one in enumerate(levels):
        Image.fromarray(one).save(folder / f"noise-{number}.png")
    return [*chosen, *(Example(folder / f"noise-{number}.png", None) for number in range(RANDOM_PICTURES))]
