"""The command that downloads labelled pictures: pull."""

from pathlib import Path
from typing import Annotated

import typer

from feedloop import releases
from feedloop.domain.clock import day_of, time_of
from feedloop.domain.errors import BadRequest, UnknownClass
from feedloop.evidence import human_labels
from training.commands import console, store_connection
from training.commands.store_connection import STORE
from training.data import download, selection
from training.data.selection import QUEUE_OF, DatasetFilter

commands = typer.Typer()

Since = Annotated[str, typer.Option(help="The first day of the predictions, yyyymmdd.")]
Until = Annotated[str, typer.Option(help="The last day of the predictions, yyyymmdd.")]


@commands.command(
    epilog=f"Example: feedloop pull lowconfidence userfeedback --since 20261115 --to build/pulled. {STORE}"
)
def pull(
    datasets: Annotated[list[str], typer.Argument(help=f"Which: {', '.join(QUEUE_OF)}.")],
    *,
    to: Annotated[Path, typer.Option(help="The image folder to write, or to go on with.")],
    since: Since = "",
    until: Until = "",
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class. Repeatable.")] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="Only what two sources say and none contradicts.")] = False,
) -> None:
    """Copy labelled pictures out of the store as an image folder with a manifest. Stopped? Run it again."""
    store = store_connection.open_store()
    names = releases.class_list(store)
    try:
        indices = frozenset(names.index(name) for name in classes or [])
    except UnknownClass as error:
        raise BadRequest(f"--class: {error} They are {', '.join(names.names)}.") from error
    wanted = DatasetFilter(tuple(map(_dataset, datasets)), parse_day(since), parse_day(until), indices, agreed)
    chosen = selection.select_pictures(store, wanted, human_labels.fetch(store, classes=len(names.names)))
    pulled = download.download_pictures(store, chosen, to, names, console.track)
    left = f", {pulled.moved} left out because their label changed meanwhile: run it again" if pulled.moved else ""
    console.say(f"{len(pulled.entries)} pictures in {to}, version {pulled.version[:12]}{left}")


def _dataset(name: str) -> str:
    if name not in QUEUE_OF:
        raise BadRequest(f"{name!r} is no dataset: choose of {', '.join(QUEUE_OF)}.")
    return name


def parse_day(text: str) -> str:
    """A day as it was written; empty when none was. Raises BadRequest."""
    try:
        return day_of(time_of(text, 0)) if text else ""
    except ValueError as error:
        raise BadRequest(f"{text!r} is no day: write yyyymmdd, for example 20261122.") from error
