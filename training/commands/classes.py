"""The commands of the class list: classes list, rename, retire, restore, migrate."""

from collections import Counter
from collections.abc import Callable
from functools import reduce
from typing import Annotated

import typer
from rich.table import Table

from feedloop import class_lists, releases
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import BadRequest
from training.commands import console, store_connection
from training.commands.store_connection import STORE
from training.migration import plan, translation
from training.migration.plan import MigrationPlan
from training.migration.translation import Translated

commands = typer.Typer(help="List, rename or retire classes.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A class as `classes list` spells it.")]


@commands.command("list", epilog=f"Examples: feedloop classes list; feedloop classes list --json. {STORE}")
def list_classes() -> None:
    """List the store's classes by index, with the names they had, and say which are retired."""
    _show(releases.class_list(store_connection.open_store()))


@commands.command(
    epilog="Examples: feedloop classes rename Rice 'Rice dishes'; feedloop classes rename Egg Eggs --json."
    f" The index stays, and the former name still finds it. {STORE}"
)
def rename(
    old: Annotated[str, typer.Argument(help="A class as `classes list` spells it.")],
    new: Annotated[str, typer.Argument(help="What to call it from now on.")],
) -> None:
    """Give a class another name; labels, datasets and reports keep their index."""
    _edit(lambda classes: classes.renamed(old, new.strip()))
    console.say(f"{old} is {new.strip()} now. Website and Label Studio follow by themselves.")


@commands.command(
    epilog="Examples: feedloop classes retire Soup Rice; feedloop classes retire --unknown once your own model serves;"
    f" feedloop classes restore Soup takes it back. {STORE}"
)
def retire(
    names: Annotated[list[str] | None, typer.Argument(help="Classes as `classes list` spells them.")] = None,
    *,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="All that the active model cannot answer, such as an earlier model's.")
    ] = False,
) -> None:
    """Let nobody choose a class any more; its index and old answers keep their meaning."""
    store = store_connection.open_store()
    retired = [*(names or []), *(releases.current(store).unanswered if unknown else [])]
    if not retired:
        raise BadRequest("Nothing to retire: name a class, or say --unknown where the active model lacks some.")
    _edit(lambda classes: reduce(ClassList.without_choice, retired, classes))
    console.say(
        f"Nobody can choose {', '.join(retired)} any more. A model that knows such a class may still answer it."
    )


@commands.command(epilog=f"Examples: feedloop classes restore Soup; feedloop classes restore Soup --json. {STORE}")
def restore(name: Name) -> None:
    """Let people choose a retired class again."""
    _edit(lambda classes: classes.with_choice(name))
    console.say(f"{name} can be chosen again.")


@commands.command(
    epilog="Examples: feedloop classes migrate shows what would change; feedloop classes migrate --yes does it."
    f" Stopped? Run it again. More: docs/classes.md. {STORE}"
)
def migrate(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else nothing is changed.")] = False,
) -> None:
    """Make one class list of those that models of several names left, and translate the labels into it."""
    store, now = store_connection.open_store(), store_connection.clock()()
    planned = plan.make_plan(store)
    if planned is None:
        console.answer({"done": True})
        console.say("The store has one class list: there is nothing to migrate.")
        return
    for warning in planned.warnings:
        console.warn(warning)
    if yes:
        done = translation.migrate(store, planned, now=now, progress=console.track)
    else:
        done = translation.translate(store, planned, now=now, progress=console.track, write=False)
    _show_plan(planned)
    _show_labels(planned, done)
    console.answer(_to_document(planned, done, written=yes))
    if yes:
        console.say("Done: the store has one class list, and its labels speak of it.")
    else:
        console.say(
            "Nothing was changed. Have every function at this version first, then: feedloop classes migrate --yes"
        )


def _edit(change: Callable[[ClassList], ClassList]) -> None:
    store = store_connection.open_store()
    name = releases.pointed_to(store)[0]
    classes = class_lists.edit(store, change, first=name)
    class_lists.copy_to_name(store, name)
    console.answer(classes.to_document())


def _show(classes: ClassList) -> None:
    console.answer(classes.to_document())
    table = Table("", "class", "was called", "")
    for index, (name, former) in enumerate(zip(classes.names, classes.former, strict=True)):
        table.add_row(str(index), name, ", ".join(former), "retired" if index in classes.retired else "")
    console.console.print(table)


def _show_plan(planned: MigrationPlan) -> None:
    """The list, and of which index each name's classes come."""
    merged = planned.merged
    table = Table("", "class", *sorted(merged.lists))
    for index, name in enumerate(planned.classes.names):
        origins = (
            merged.indices[one].index(index) if index in merged.indices[one] else "" for one in sorted(merged.lists)
        )
        table.add_row(str(index), name, *map(str, origins))
    console.console.print(table)


def _show_labels(planned: MigrationPlan, done: Translated) -> None:
    names = planned.classes.names
    if done.votes:
        table = Table("queue", "from", "to", "answers")
        for (queue, old, new), count in sorted(done.votes.items(), key=str):
            table.add_row(queue, f"class_{old:02d}", f"class_{new:02d} {names[new or 0]}", str(count))
        console.console.print(table)
    console.say(
        f"{done.labels} labels of record, {done.votes.total()} answers change their index, {done.moved} pictures move"
    )
    if planned.classes.translations:
        versions = ", ".join(planned.classes.translations)
        console.say(f"predictions of {versions} are translated where they are counted, and stay as they are")
    if done.silent:
        console.warn(f"{done.silent} answers have no archived annotation, and keep their index.")
    if done.unreadable:
        console.warn(f"{done.unreadable} labels of record cannot be read, and stay as they are.")


def _to_document(planned: MigrationPlan, done: Translated, *, written: bool) -> dict[str, object]:
    by_queue: Counter[str] = Counter()
    for (queue, _, _), count in done.votes.items():
        by_queue[queue] += count
    return {
        "done": written,
        "classes": list(planned.classes.names),
        "indices": {name: list(indices) for name, indices in planned.merged.indices.items()},
        "labels": done.labels,
        "answers": dict(by_queue),
        "moved": done.moved,
        "silent": done.silent,
        "unreadable": done.unreadable,
    }
