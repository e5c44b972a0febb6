"""The commands around a model as one program: options that all of them take, errors, exit codes."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import typer

from feedloop.console import describe
from feedloop.domain.errors import AnnotationToolDown, FeedloopError, GatewayDown, StoreDown
from training.commands import adopt, card, classes, console, model, pull, release, retrain
from training.commands.retrain import TorchMissing

PROGRAM = "feedloop"

app = typer.Typer(
    name=PROGRAM,
    help="Bring a classifier behind the functions, train it on what people answer, and find out how good it is.",
    epilog="Every command takes --json (one document on stdout), --quiet and --no-color as well.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (adopt, model, pull, retrain, release):
    app.registered_commands += module.commands.registered_commands
app.add_typer(card.commands, name="card")
app.add_typer(classes.commands, name="classes")
app.add_typer(release.models, name="models")

FORMER_OPTIONS = {"--rounds": "--epochs", "--rate": "--learning-rate", "--held": "--validation-share"}
"""Names of 0.1, taken for one more release; no help shows them."""

TORCH = Path(__file__).resolve().parents[2] / ".venv-train" / "bin" / "python"

FAILED, UNREACHABLE = 1, 5
"""Exit codes, besides typer's (2 for wrong usage, 130 after Ctrl-C) and those of the gate."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end with its exit code; an error that we raise on purpose is one line, or JSON."""
    given = sys.argv[1:] if arguments is None else arguments
    words = console.take_options(given)
    sys.exit(console.finish(words, _run([_renamed(word) for word in words], given)))


def _run(words: list[str], given: list[str]) -> int:
    """The exit code. A command that needs torch goes on in the environment that has it."""
    try:
        app(words, prog_name=PROGRAM)
    except SystemExit as ended:  # as typer ends, also after wrong usage and Ctrl-C
        return int(ended.code or 0)
    except (StoreDown, AnnotationToolDown, GatewayDown) as error:
        return console.fail(UNREACHABLE, type(error).__name__, str(error))
    except FeedloopError as error:
        return console.fail(FAILED, type(error).__name__, str(error))
    except ModuleNotFoundError as error:
        if TORCH.exists() and Path(sys.prefix).resolve() != TORCH.parent.parent.resolve():
            more = error.words if isinstance(error, TorchMissing) else []
            os.execv(TORCH, [str(TORCH), "-m", "training", *given, *more])  # noqa: S606 - the project's own
        missing = f"{error.name} is not here: `make .venv-train/train.stamp` installs it, then run this again"
        return console.fail(FAILED, "NoEnvironment", missing)
    except OSError as error:
        return console.fail(FAILED, "NoFile", describe(error))
    return 0


def _renamed(word: str) -> str:
    name, equals, value = word.partition("=")
    return f"{FORMER_OPTIONS.get(name, name)}{equals}{value}"
