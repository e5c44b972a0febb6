"""The command line of the model's life: draw, train, evaluate, check, export, release.

torch takes seconds to import and is not needed to release a model, so it is imported where it is used.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NoReturn

import numpy as np
import typer

from feedloop import console
from feedloop.domain.errors import FeedloopError, Unavailable
from training.commands import console as screen
from training.commands.pull import commands as loop_commands
from training.commands.release import commands as store_commands
from training.commands.retrain import commands as gate_commands
from training.data import gallery, image_folder, manifests
from training.model import confusion_chart, evaluation
from training.model.card import make_card, save_exported
from training.model.predictors import OnnxPredictor, Predictor

if TYPE_CHECKING:
    from training.model import train as learning
    from training.model.training_loop import TrainingPlan

app = typer.Typer(
    name="python -m training",
    help="Train a classifier, find out how good it is, and release it to the functions.",
    epilog="Begin with: draw, train, evaluate, export, release, later retrain. Each has a --help with an example.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (loop_commands, gate_commands, store_commands):
    app.registered_commands += commands.registered_commands

SEED = 11
Seed = Annotated[int, typer.Option(help="The same seed, the same result.")]
Folder = Annotated[Path, typer.Argument(help="An image folder: one sub-folder per class.")]
Names = Annotated[Path | None, typer.Option("--classes", help="Class names by index, one per line.")]
Trust = Annotated[
    bool, typer.Option("--trust-pickle", help="Run the code inside a pickled module: only for a file that you trust.")
]
Half = Annotated[bool, typer.Option("--half", help="Multiply in bfloat16: faster on most GPUs and few CPUs.")]
Outliers = Annotated[Path | None, typer.Option(help="Pictures of none of the classes, in any layout.")]
Weights = Annotated[Path, typer.Argument(help="A checkpoint of `train`, or a state_dict such as food11.pth.")]


def main(arguments: list[str] | None = None) -> None:
    """Run one command; an error that we raise on purpose is told in one line."""
    try:
        app(arguments)
    except FeedloopError as error:
        _fail(type(error).__name__, str(error))
    except ModuleNotFoundError as error:
        _fail(
            "NoEnvironment",
            f"{error.name} is not here: make .venv-train/train.stamp, then .venv-train/bin/python -m training",
        )
    except OSError as error:
        _fail("NoFile", console.describe(error))


def _fail(kind: str, why: str) -> NoReturn:
    screen.errors.print(f"[red]error[/] {kind}: ", end="")
    screen.errors.print(why, markup=False, soft_wrap=True)
    sys.exit(1)


@app.command(epilog="Example: python -m training draw build/pictures --count 6600")
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
    written = sum(1 for _ in screen.track(drawn, count, "drawing"))
    screen.say(f"{written} pictures in {folder}")


@app.command(
    epilog="Example: python -m training train build/pictures --outliers build/outliers --size 96 --to build/a.pt"
)
def train(
    folder: Folder,
    *,
    to: Annotated[Path, typer.Option(help="The checkpoint to write: always the best round so far.")] = Path("model.pt"),
    start: Annotated[str, typer.Option("--from", help="pretrained, scratch, or a checkpoint.")] = "pretrained",
    outliers: Outliers = None,
    classes: Names = None,
    size: Annotated[int, typer.Option(min=32, help="The side of the pictures that the network sees.")] = 224,
    rounds: Annotated[int, typer.Option(min=1, help="At most so many passes over the pictures.")] = 10,
    patience: Annotated[int, typer.Option(min=1, help="Stop after so many rounds without a better one.")] = 3,
    batch: Annotated[int, typer.Option(min=2)] = 64,
    rate: Annotated[float, typer.Option(help="The highest learning rate.")] = 2e-3,
    held: Annotated[float, typer.Option(min=0.01, max=0.9, help="The share held out for validation.")] = 0.1,
    half: Half = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read pictures.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads that multiply.")] = 2,
    seed: Seed = SEED,
) -> None:
    """Train MobileNetV2 on an image folder."""
    from training.model import train as learning
    from training.model.training_loop import TrainingPlan

    pictures = image_folder.load_pictures(folder, _names(classes))
    others = image_folder.load_outliers(outliers) if outliers else []
    plan = TrainingPlan(size, rounds, batch, rate, patience=patience, seed=seed, workers=workers, half=half)
    course = learning.TrainingData(pictures, others, held, to, threads)
    screen.say(f"{len(pictures.shown)} pictures of {len(pictures.classes)} classes, {len(others)} of none of them")
    try:
        _train(course, start, plan, folder.name)
    except Unavailable as error:
        if start != learning.PRETRAINED:
            raise
        screen.say(f"{error}. Training from scratch instead: it needs more pictures and more rounds.")
        _train(course, learning.SCRATCH, plan, folder.name)
    screen.say(f"{to} holds the best round")


def _train(course: "learning.TrainingData", start: str, plan: "TrainingPlan", name: str) -> None:
    from training.model import train as learning

    screen.learn(lambda step: learning.train_checkpoint(course, start, plan, name, step))


@app.command(epilog="Example: python -m training evaluate build/model build/held-out --json build/report.json")
def evaluate(
    model: Annotated[Path, typer.Argument(help="A folder written by `export`, or a checkpoint.")],
    folder: Folder,
    *,
    outliers: Outliers = None,
    to_json: Annotated[Path | None, typer.Option("--json", help="Also write all numbers here.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw the confusion matrix here (PNG).")] = None,
    classes: Names = None,
    trust_pickle: Trust = False,
) -> None:
    """How good a model is: accuracy with its interval, per class, and calibration."""
    judge = _judge(model, classes, trust_pickle=trust_pickle)
    shown = image_folder.load_pictures(folder, judge.classes, complete=False).shown
    answers = np.array(list(screen.track(judge.answers(shown), len(shown), "looking")))
    report = evaluation.evaluate(answers, [one.index for one in shown if one.index is not None], judge.classes)
    screen.show_report(report)
    document = report.to_document()
    if outliers:
        document["outliers"] = _look_at_outliers(judge, outliers)
    if to_json:
        to_json.write_text(json.dumps(document, indent=2) + "\n")
    if picture:
        confusion_chart.save_confusion(report, picture)


def _look_at_outliers(judge: Predictor, folder: Path) -> dict[str, float]:
    shown = image_folder.load_outliers(folder)
    answers = np.array(list(screen.track(judge.answers(shown), len(shown), "looking at outliers")))
    found = evaluation.on_outliers(answers)
    sure = f"mean confidence {found['mean_confidence']:.3f}, {found['confident']:.1%} confident"
    screen.say(f"{len(shown)} pictures of none of the classes: {sure}")
    return found


def _judge(model: Path, classes: Path | None, *, trust_pickle: bool) -> Predictor:
    if model.is_dir():
        return OnnxPredictor(model)
    from training.model import checkpoint
    from training.model import train as learning

    return learning.CheckpointPredictor(checkpoint.load(model, names=_names(classes), trust_pickle=trust_pickle))


@app.command(epilog="Example: python -m training check food11.pth")
def check(weights: Weights, *, classes: Names = None, trust_pickle: Trust = False) -> None:
    """Whether a checkpoint is MobileNetV2 and answers these classes, found out without running it."""
    from training.model import checkpoint

    found = checkpoint.load(weights, names=_names(classes), trust_pickle=trust_pickle)
    screen.say(f"{weights} is MobileNetV2 with Linear(1280, {len(found.classes)}), for {found.size} x {found.size}")
    for index, name in enumerate(found.classes):
        screen.say(f"{index:3d}  {name}")


@app.command(epilog="Example: python -m training export build/a.pt --pictures build/pictures --to build/model")
def export(
    weights: Weights,
    *,
    to: Annotated[Path, typer.Option(help="The folder for model.onnx and card.json.")] = Path("model"),
    pictures: Annotated[Path | None, typer.Option(help="The image folder of the training, to calibrate with.")] = None,
    outliers: Outliers = None,
    name: Annotated[str, typer.Option(help="Releases of one name share a class list.")] = "food11",
    note: Annotated[str, typer.Option(help="What its users should know.")] = "",
    classes: Names = None,
    trust_pickle: Trust = False,
    seed: Seed = SEED,
) -> None:
    """Write an ONNX file that answers calibrated probabilities, and prove that it answers as torch does."""
    from training.data import tensors
    from training.model import checkpoint
    from training.model import train as learning

    found = checkpoint.load(weights, names=_names(classes), trust_pickle=trust_pickle)
    made = learning.export_checkpoint(
        found, learning.validation_examples(found, pictures, outliers) if pictures else [], seed=seed
    )
    facts = {"input": tensors.card_input(found.size), "temperature": round(made.temperature, 6), "note": note}
    told = {"trained_on": dict(found.trained_on), "metrics": made.metrics}
    card = make_card(made.model, name, found.classes, {**facts, **told}, f"{datetime.now(UTC):%Y-%m-%d}")
    save_exported(to, made.model, card)
    manifests.copy_beside(pictures, to, found.trained_on.get("manifest"))
    calibrated = f"temperature {made.temperature:.3f}" if pictures else "not calibrated: give --pictures"
    parity = f"max |dp| {made.parity.difference:.1e} on {made.parity.pictures} pictures"
    screen.say(f"{to}: {len(made.model) / 1e6:.1f} MB, {card['sha256'][:12]}, {calibrated}, {parity}")


@app.command(epilog="Example: python -m training demo --to models/demo")
def demo(
    *,
    to: Annotated[Path, typer.Option(help="The folder for model.onnx and card.json.")] = Path("models/demo"),
    drawings: Annotated[int, typer.Option(min=44)] = 6600,
    outliers: Annotated[int, typer.Option(min=20)] = 5000,
    held_out: Annotated[int, typer.Option(min=11, help="New drawings, and as many outliers, to measure on.")] = 660,
    rounds: Annotated[int, typer.Option(min=1)] = 10,
    seed: Seed = SEED,
) -> None:
    """Make the demonstration model of the repository again."""
    from training.model import demo as recipe_book

    recipe = recipe_book.Recipe(drawings, outliers, held_out, rounds, seed)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        recipe_book.draw(recipe, work, screen.track)
        screen.learn(lambda step: recipe_book.train(recipe, work, step))
        card = recipe_book.export(recipe, work, to, f"{datetime.now(UTC):%Y-%m-%d}", screen.track)
    screen.say(f"{to}: {card['sha256'][:12]}, {json.dumps(card['metrics'])}")


def _names(file: Path | None) -> tuple[str, ...]:
    return image_folder.load_names(file) if file else ()
