"""The command about a model card: card check."""

from pathlib import Path
from typing import Annotated

import typer

from training.checks import model_card
from training.commands import console

commands = typer.Typer(help="Check a model card.", no_args_is_help=True)


@commands.callback()
def card() -> None:
    """Check a model card."""


@commands.command(
    "check",
    epilog="Examples: feedloop card check build/model; feedloop card check models/demo --json."
    " Exit code 1: a fault. docs/model-card.md explains each key.",
)
def check_card(
    folder: Annotated[Path, typer.Argument(help="A folder with card.json and model.onnx (or model.pt) in it.")],
) -> None:
    """Say all that is wrong with a folder's card.json, by the key: what it says, and whether its file fits it."""
    checked = model_card.check_folder(folder)
    console.answer({"faults": [*checked.faults], "warnings": [*checked.warnings]})
    for sentence in checked.warnings:
        console.say(f"warning  {sentence}")
    for sentence in checked.faults:
        console.say(f"fault    {sentence}")
    if checked.faults:
        raise typer.Exit(1)
    document = checked.document
    console.say(f"ok       {document['name']} answers {len(document['classes'])} classes, and its file fits the card")
