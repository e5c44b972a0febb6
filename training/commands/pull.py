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
from training.data import download, manifests, selection
from training.data.download import PictureFolder
from training.data.selection import QUEUE_OF, DatasetFilter
from training.promotion import gathering, registry, test_days
from training.promotion.gathering import RetrainingSource

commands = typer.Typer()

Since = Annotated[str, typer.Option(help="The first day of the predictions, yyyymmdd.")]
Until = Annotated[str, typer.Option(help="The last day of the predictions, yyyymmdd.")]
ForTraining = Annotated[
    bool, typer.Option("--for-training", help="All that `retrain` would learn from, and no picture of the test days.")
]
TestSince = Annotated[str, typer.Option(help="With --for-training: the first test day; else as `retrain` has it.")]
TestUntil = Annotated[str, typer.Option(help="With --for-training: the last test day; else as `retrain` has it.")]


@commands.command(
    epilog="Examples: feedloop pull lowconfidence userfeedback --since 20261115 --to build/pulled;"
    f" feedloop pull --for-training --to build/learn. docs/training.md says what lies where. {STORE}"
)
def pull(
    datasets: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(QUEUE_OF)}.")] = None,
    *,
    to: Annotated[Path, typer.Option(help="The folder to write, or to go on with: what is there stays.")],
    for_training: ForTraining = False,
    since: Since = "",
    until: Until = "",
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class. Repeatable.")] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="Only what two sources say and none contradicts.")] = False,
    test_since: TestSince = "",
    test_until: TestUntil = "",
) -> None:
    """Copy labelled pictures out of the store as an image folder with a manifest. Stopped? Run it again."""
    if for_training:
        if datasets or since or until or classes or agreed:
            raise BadRequest("--for-training chooses by itself: leave out datasets, days, classes and --agreed.")
        _pull_for_training(to, parse_day(test_since), parse_day(test_until))
        return
    if not datasets or test_since or test_until:
        raise BadRequest(f"Name datasets ({', '.join(QUEUE_OF)}), or say --for-training.")
    store = store_connection.open_store()
    names = releases.agreed_class_list(store)
    try:
        indices = frozenset(names.index(name) for name in classes or [])
    except UnknownClass as error:
        raise BadRequest(f"--class: {error} They are {', '.join(names.names)}.") from error
    wanted = DatasetFilter(tuple(map(_dataset, datasets)), parse_day(since), parse_day(until), indices, agreed)
    chosen = selection.select_pictures(store, wanted, human_labels.fetch(store, classes=len(names.names)))
    folder = PictureFolder(to, names)
    pulled = download.download_pictures(store, chosen, folder, console.track)
    version = download.seal(folder, pulled.entries)
    console.say(f"{len(pulled.entries)} pictures in {to}, version {version[:12]}")
    console.show_download(pulled)


def _pull_for_training(to: Path, first: str, last: str) -> None:
    store, now = store_connection.open_store(), store_connection.clock()()
    try:
        days = test_days.choose_days(store, first, last, now=now)
    except BadRequest as error:
        named = "--test-since and --test-until name the days that are to judge"
        raise BadRequest(f"{error} Else {named}.") from error
    release = releases.current(store)
    champion = registry.fetch_package(store, release)
    source = RetrainingSource(store, champion, releases.agreed_class_list(store), days, now)
    data = gathering.gather(source, to, console.track)
    console.show_data(data)
    console.say(f"{to / gathering.PICTURES} is the image folder, {to / gathering.OUTLIERS} has those of no class.")
    manifest = to / gathering.PICTURES / manifests.FILE
    console.say(f"Lay {manifest} beside the model that learned from them: `feedloop judge` needs it.")


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
