"""The commands of the model registry: release, list, show, rollback."""

import json
from pathlib import Path
from typing import Annotated

import typer

from training.commands import console, store_connection
from training.commands.store_connection import STORE
from training.promotion import registry

commands = typer.Typer()


@commands.command(epilog=f"Example: feedloop release build/model --rename 'Rice=Rice dishes'. {STORE}")
def release(
    folder: Annotated[Path, typer.Argument(help="A folder written by `export`.")],
    rename: Annotated[list[str] | None, typer.Option(help="old=new: the index keeps its meaning. Repeatable.")] = None,
) -> None:
    """Let the functions serve this model; they notice within seconds."""
    package, renames = registry.load_package(folder), registry.parse_renames(rename or [])
    registry.publish(store_connection.open_store(), package, renames, now=store_connection.clock()())
    console.say(f"{package.card.name} {package.card.sha256[:12]} serves. To go back: feedloop rollback")


@commands.command("list", epilog=f"Example: feedloop list. {STORE}")
def list_releases() -> None:
    """Every release, the newest first."""
    console.show_releases(registry.list_releases(store_connection.open_store()))


@commands.command(epilog=f"Example: feedloop show 9f2c. {STORE}")
def show(
    which: Annotated[str, typer.Argument(help="The beginning of a sha256; `previous`; else what serves.")] = "",
) -> None:
    """The card of one release."""
    card = registry.find_release(store_connection.open_store(), which).card
    console.answer(card.document)
    console.say(json.dumps(card.document, indent=2, ensure_ascii=False))


@commands.command(epilog=f"Example: feedloop rollback 9f2c. {STORE}")
def rollback(
    which: Annotated[str, typer.Argument(help="The beginning of a sha256; else `previous`.")] = "previous",
) -> None:
    """Let an earlier release serve again."""
    entry = registry.rollback(store_connection.open_store(), which, now=store_connection.clock()())
    console.say(f"{entry.card.name} {entry.card.sha256[:12]} serves again")
