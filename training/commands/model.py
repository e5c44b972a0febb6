"""The commands that make and measure a model: draw, train, evaluate, check, export, demo.

torch takes seconds to import, so it is imported where it is used.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from feedloop.domain.errors import Unavailable
from training.checks import confusion_chart
from training.commands import console
from training.data import gallery, image_folder, manifests
from training.data.image_folder import Example
from training.model import evaluation
from training.model.card import save_exported
from training.model.predictors import OnnxPredictor, Predictor

if TYPE_CHECKING:
    from training.model.checkpoint import Checkpoint

commands = typer.Typer()

SEED = 11
Seed = Annotated[int, typer.Option(help="The same seed, the same result.")]
Folder = Annotated[Path, typer.Argument(help="An image folder: one sub-folder per class.")]
Names = Annotated[Path | None, typer.Option("--classes", help="Class names by index, one per line.")]
Trust = Annotated[
    bool, typer.Option("--trust-pickle", help="Run the code inside a pickled module: only for a file that you trust.")
]
Half = Annotated[bool, typer.Option("--half", help="Multiply in bfloat16: faster on most GPUs and few CPUs.")]
Outliers = Annotated[Path | None, typer.Option(help="Pictures of none of the classes, in any layout.")]
Architecture = Annotated[
    str, typer.Option(help="torchvision's name of the network, such as resnet18; else it is found by its weights.")
]
Weights = Annotated[
    Path, typer.Argument(help="A checkpoint of `train`, or of another training: .pt, .pth, .ckpt, .safetensors.")
]


@commands.command(epilog="Example: feedloop draw build/pictures --count 6600")
def draw(
    folder: Annotated[Path, typer.Argument(help="Where to write.")],
    *,
    count: Annotated[int, typer.Option(min=1, help="How many pictures, the classes in turn.")] = 1100,
    style: Annotated[str, typer.Option(help=f"What drifts: {', '.join(gallery.STYLES)}.")] = "first-day",
    drift: Annotated[float, typer.Option(min=0, max=1, help="How far it has drifted.")] = 0.5,
    outliers: Annotated[bool, typer.Option("--outliers", help="Draw nothing in particular, in one folder.")] = False,
    seed: Seed = SEED,
) -> None:
    """Draw pictures of the eleven classes as an image folder, in a style that may drift."""
    if outliers:
        drawn = gallery.draw_outliers(folder, count, seed=seed)
    else:
        drawn = gallery.draw_folder(folder, count, style=gallery.drifted(style, drift), seed=seed)
    written = sum(1 for _ in console.track(drawn, count, "drawing"))
    console.say(f"{written} pictures in {folder}")


@commands.command(
    epilog="Example: feedloop train build/pictures --outliers build/outliers --size 96 --to build/a.safetensors"
)
def train(
    folder: Folder,
    *,
    to: Annotated[Path, typer.Option(help="The checkpoint to write: always the best epoch so far.")] = Path(
        "model.safetensors"
    ),
    start: Annotated[str, typer.Option("--from", help="pretrained, scratch, or a checkpoint.")] = "pretrained",
    outliers: Outliers = None,
    classes: Names = None,
    architecture: Annotated[
        str, typer.Option(help="Any classifier of torchvision by its name; else mobilenet_v2, or the checkpoint's.")
    ] = "",
    size: Annotated[
        int | None, typer.Option(min=32, help="The side of the pictures that the network sees; else 224, or its own.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most so many passes over the pictures.")] = 10,
    patience: Annotated[int, typer.Option(min=1, help="Stop after so many epochs without a better one.")] = 3,
    batch: Annotated[int, typer.Option(min=2)] = 64,
    learning_rate: Annotated[float, typer.Option(help="The highest learning rate.")] = 2e-3,
    validation_share: Annotated[
        float, typer.Option(min=0.01, max=0.9, help="Of the pictures: they choose the best epoch.")
    ] = 0.1,
    half: Half = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read pictures.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads that multiply.")] = 2,
    seed: Seed = SEED,
) -> None:
    """Train a classifier of torchvision on an image folder."""
    from training.model.train import PRETRAINED, SCRATCH, FolderTrainingData, plan_input, train_checkpoint
    from training.model.training_loop import TrainingPlan

    pictures = image_folder.load_pictures(folder, _names(classes))
    others = image_folder.load_outliers(outliers) if outliers else []
    data = FolderTrainingData(folder.name, pictures, others, validation_share)
    known = start in {PRETRAINED, SCRATCH}
    begin = start if known else _load_checkpoint(Path(start), architecture, None, unnamed=True)
    architecture, preprocessing = plan_input(begin, architecture, size)
    plan = TrainingPlan(
        preprocessing,
        architecture,
        epochs=epochs,
        batch_size=batch,
        learning_rate=learning_rate,
        patience=patience,
        seed=seed,
        workers=workers,
        threads=threads,
        bfloat16=half,
    )
    counts = (
        f"{len(pictures.examples)} pictures of {len(pictures.classes)} classes, {len(data.outliers)} of none of them"
    )
    console.say(counts)
    try:
        console.show_training(partial(train_checkpoint, data, begin, plan, to))
    except Unavailable as error:
        if start != PRETRAINED:
            raise
        console.say(f"{error}. Training from scratch instead: it needs more pictures and more epochs.")
        console.show_training(partial(train_checkpoint, data, SCRATCH, plan, to))
    console.say(f"{to} holds the best epoch")


@commands.command(epilog="Example: feedloop evaluate build/model build/held-out --json build/report.json")
def evaluate(
    model: Annotated[Path, typer.Argument(help="A folder written by `export`, or a checkpoint.")],
    folder: Folder,
    *,
    outliers: Outliers = None,
    architecture: Architecture = "",
    to_json: Annotated[Path | None, typer.Option("--json", help="Also write all numbers here.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw the confusion matrix here (PNG).")] = None,
    classes: Names = None,
    trust_pickle: Trust = False,
) -> None:
    """How good a model is: accuracy with its interval, per class, and calibration."""
    predictor = _predictor(model, architecture, classes, trust_pickle=trust_pickle)
    examples = image_folder.load_pictures(folder, predictor.classes, complete=False).examples
    answers = _predict(predictor, examples, "evaluating")
    evaluated = evaluation.evaluate(
        answers, [one.index for one in examples if one.index is not None], predictor.classes
    )
    console.show_evaluation(evaluated)
    document = evaluated.to_document()
    if outliers:
        answers = _predict(predictor, image_folder.load_outliers(outliers), "evaluating outliers")
        document["outliers"] = evaluation.on_outliers(answers)
        console.show_outliers(document["outliers"])
    if to_json:
        to_json.write_text(json.dumps(document, indent=2) + "\n")
    if picture:
        confusion_chart.save_confusion(evaluated, picture)


def _predict(predictor: Predictor, examples: Sequence[Example], what: str) -> evaluation.Probabilities:
    return np.array(list(console.track(predictor.probabilities(examples), len(examples), what)))


def _predictor(model: Path, architecture: str, classes: Path | None, *, trust_pickle: bool) -> Predictor:
    if model.is_dir():
        return OnnxPredictor(model)
    from training.model.train import CheckpointPredictor

    return CheckpointPredictor(_load_checkpoint(model, architecture, classes, trust_pickle=trust_pickle))


@commands.command(epilog="Example: feedloop check food11.pth")
def check(
    weights: Weights, *, architecture: Architecture = "", classes: Names = None, trust_pickle: Trust = False
) -> None:
    """What a checkpoint is: its network, its input and its classes, found out without running it."""
    checkpoint = _load_checkpoint(weights, architecture, classes, trust_pickle=trust_pickle, unnamed=True)
    size = checkpoint.preprocessing.size
    console.say(
        f"{weights} is {checkpoint.architecture} of {len(checkpoint.classes)} classes, for {size} x {size} pixels"
    )
    for index, name in enumerate(checkpoint.classes):
        console.say(f"{index:3d}  {name}")


def _load_checkpoint(
    weights: Path, architecture: str, classes: Path | None, *, trust_pickle: bool = False, unnamed: bool = False
) -> "Checkpoint":
    """A checkpoint, and on the screen what is only guessed of it."""
    from training.model.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(
        weights, architecture=architecture, names=_names(classes), trust_pickle=trust_pickle, unnamed=unnamed
    )
    for guess in checkpoint.guesses:
        console.say(f"guessed {guess}")
    return checkpoint


@commands.command(epilog="Example: feedloop export build/a.safetensors --pictures build/pictures --to build/model")
def export(
    weights: Weights,
    *,
    to: Annotated[Path, typer.Option(help="The folder for model.onnx and card.json.")] = Path("model"),
    pictures: Annotated[Path | None, typer.Option(help="The image folder of the training, to calibrate with.")] = None,
    outliers: Outliers = None,
    name: Annotated[str, typer.Option(help="What people call it; releases are listed by it.")] = "food11",
    note: Annotated[str, typer.Option(help="What its users should know.")] = "",
    architecture: Architecture = "",
    classes: Names = None,
    trust_pickle: Trust = False,
    seed: Seed = SEED,
) -> None:
    """Write an ONNX file that answers calibrated probabilities, and prove that it answers as torch does."""
    from training.model.train import export_checkpoint, validation_examples

    checkpoint = _load_checkpoint(weights, architecture, classes, trust_pickle=trust_pickle)
    validation = validation_examples(checkpoint, pictures, outliers) if pictures else []
    exported = export_checkpoint(checkpoint, validation, seed=seed)
    card = exported.card(name, f"{datetime.now(UTC):%Y-%m-%d}", note)
    save_exported(to, exported.model, card, checkpoint.to_bytes())
    manifests.copy_beside(pictures, to, checkpoint.trained_on.get("manifest"))
    calibrated = f"temperature {exported.temperature:.3f}" if pictures else "not calibrated: give --pictures"
    parity = f"max |dp| {exported.parity.difference:.1e} on {exported.parity.pictures} pictures"
    console.say(f"{to}: {len(exported.model) / 1e6:.1f} MB, sha256 {card['sha256'][:12]}, {calibrated}, {parity}")


@commands.command(hidden=True, epilog="Example: .venv-train/bin/python -m training demo --to models/demo")
def demo(
    *,
    to: Annotated[Path, typer.Option(help="The folder for model.onnx and card.json.")] = Path("models/demo"),
    drawings: Annotated[int, typer.Option(min=44)] = 6600,
    outliers: Annotated[int, typer.Option(min=20)] = 5000,
    held_out: Annotated[int, typer.Option(min=11, help="New drawings, and as many outliers, to measure on.")] = 660,
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    seed: Seed = SEED,
) -> None:
    """Make the demonstration model of the repository again."""
    from training.model.demo import Recipe, draw_pictures, export_demo, train_demo

    recipe = Recipe(drawings, outliers, held_out, epochs, seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        draw_pictures(recipe, folder, console.track)
        console.show_training(partial(train_demo, recipe, folder))
        card = export_demo(recipe, folder, to, f"{datetime.now(UTC):%Y-%m-%d}", console.track)
    console.say(f"{to}: sha256 {card['sha256'][:12]}, {json.dumps(card['metrics'])}")


def _names(file: Path | None) -> tuple[str, ...]:
    return image_folder.load_names(file) if file else ()
