"""The commands of the model registry: release, list, show, rollback."""

import json
from pathlib import Path
from typing import Annotated

import typer

from training.commands import checking, console, store_connection
from training.commands.checking import AllowConstant, CheckedWith, GatewayUrl, NewClasses, NoWait
from training.commands.store_connection import STORE
from training.promotion import registry, rollout

commands = typer.Typer()
models = typer.Typer(help="List the releases, or show one.", no_args_is_help=True)


@commands.command(
    epilog="Examples: feedloop release build/model --pictures build/held-out;"
    " feedloop release build/model --rename 'Rice=Rice dishes'. Ends with 1: a check failed, or predict refuses it;"
    f" 5: store or gateway do not answer. {STORE}"
)
def release(
    folder: Annotated[Path, typer.Argument(help="A folder written by `export`.")],
    *,
    rename: Annotated[list[str] | None, typer.Option(help="old=new: the index keeps its meaning. Repeatable.")] = None,
    new_classes: NewClasses = False,
    pictures: CheckedWith = None,
    allow_constant: AllowConstant = False,
    gateway: GatewayUrl = "",
    no_wait: NoWait = False,
) -> None:
    """Check a model, let it serve, and wait until every replica of predict does; else the one before stays."""
    package, renames = registry.load_package(folder), registry.parse_renames(rename or [])
    store, watched = store_connection.open_store(), checking.open_gateway(gateway, no_wait=no_wait)
    package = checking.resolve_package(store, package, renames, new_classes=new_classes)
    checked = checking.check_package(store, package, pictures, constant_ok=allow_constant, to=folder)
    checking.release_checked(store, checked, renames, gateway=watched, new_classes=new_classes)


@commands.command("list", hidden=True)  # as it was called before there was `feedloop`
@models.command("list", epilog=f"Examples: feedloop models list; feedloop models list --json. {STORE}")
def list_releases() -> None:
    """Every release, the newest first."""
    console.show_releases(registry.list_releases(store_connection.open_store()))


@commands.command(hidden=True)
@models.command(epilog=f"Examples: feedloop models show; feedloop models show 9f2c. {STORE}")
def show(
    which: Annotated[str, typer.Argument(help="The beginning of its id; `previous`; else what serves.")] = "",
) -> None:
    """The card of one release."""
    card = registry.find_release(store_connection.open_store(), which).card
    console.answer(card.document)
    console.say(json.dumps(card.document, indent=2, ensure_ascii=False))


@commands.command(
    epilog="Examples: feedloop rollback; feedloop rollback 9f2c --no-wait, also while predict is down. Ends as release"
    f" does. {STORE}"
)
def rollback(
    which: Annotated[str, typer.Argument(help="The beginning of its id; else `previous`.")] = registry.PREVIOUS,
    *,
    gateway: GatewayUrl = "",
    no_wait: NoWait = False,
) -> None:
    """Let an earlier release serve again, checked and seen as any other."""
    store, watched = store_connection.open_store(), checking.open_gateway(gateway, no_wait=no_wait)
    package = registry.fetch_released(store, which or registry.PREVIOUS)
    checked = checking.check_package(store, package, constant_ok=True)  # it served before
    with checking.moving(package.card):
        rollout.rollback(store, checked, gateway=watched, now=store_connection.clock()(), progress=console.track)
    checking.show_released(package.card, checked, watched)
