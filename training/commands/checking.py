"""What the commands that move the pointer have in common: whom to ask, what to check with, and what is shown of it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from feedloop import releases, settings
from feedloop.console import describe
from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import BadRequest, NoModel, WrongSetting
from feedloop.estimation.intervals import wilson
from feedloop.ports import ObjectStore, Picture
from training.checks import contact_sheet
from training.commands import console, store_connection
from training.data import image_folder
from training.promotion import registry, release_checks, rollout
from training.promotion.registry import ModelPackage
from training.promotion.release_checks import CheckedModel
from training.promotion.rollout import HttpGateway

GatewayUrl = Annotated[
    str, typer.Option("--gateway", help="Where the functions answer; else `gateway` of DATA_DIR/connection.json.")
]
NewClasses = Annotated[
    bool, typer.Option("--new-classes", help="Add the model's classes, though it knows none of the store's.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not look whether predict serves it: needs no gateway.")]
CheckedWith = Annotated[
    Path | None,
    typer.Option(
        "--pictures",
        exists=True,
        file_okay=False,
        help="Pictures to check with; in sub-folders called by class they also measure it.",
    ),
]
AllowConstant = Annotated[
    bool, typer.Option("--allow-constant", help="Let a model pass that answers every picture alike.")
]

MOST = 200
"""So many pictures are looked at, spread over all."""
SHEET = "contact-sheet.html"
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def open_gateway(url: str, *, no_wait: bool) -> HttpGateway | None:
    """The gateway to watch, which answers; None with --no-wait. Raises GatewayDown and WrongSetting."""
    if no_wait:
        return None
    try:
        gateway = HttpGateway(settings.address(url or store_connection.gateway_url()))
    except ValueError as error:
        raise BadRequest(f"--gateway {url!r} is wrong: {error}.") from error
    gateway.about()
    return gateway


def resolve_package(
    store: ObjectStore,
    package: ModelPackage,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    new_classes: bool = False,
) -> ModelPackage:
    """The package with the card that the store will keep, so that all that is shown has the id of its release.

    Says which of its classes the store has already, and which it will get. Raises BadRequest, before anything slow.
    """
    known, resolved = registry.preview(store, package.card, renames, new_classes=new_classes)
    if known.names:
        new = resolved.classes.names[len(known.names) :]
        added = f"; new: {console.in_words(new) if len(new) > 1 else new[0]}" if new else ""
        shared = len(package.card.classes) - len(new)
        console.say(f"{shared} of its classes are among the {len(known.names)} of the store{added}")
    return replace(package, card=resolved.card)


def check_package(
    store: ObjectStore,
    package: ModelPackage,
    pictures: Path | None = None,
    *,
    constant_ok: bool = False,
    to: Path | None = None,
) -> CheckedModel:
    """`run_checks`, then `show_checked`: of a package whose card is the store's, or that of its release."""
    checked = run_checks(store, package, pictures, constant_ok=constant_ok)
    show_checked(checked, to)
    return checked


def run_checks(store: ObjectStore, package: ModelPackage, pictures: Path | None, *, constant_ok: bool) -> CheckedModel:
    """Check a model with predict's limits. Raises ModelRefused, BadRequest and WrongSetting."""
    given, truth = load_pictures(pictures, package.card.classes) if pictures else ([], None)
    memory_limit, workers = predict_limits(os.environ)
    beside = 0
    with suppress(NoModel):  # nothing serves yet
        release = releases.current(store)
        if release.card.id != package.card.id:
            beside = releases.model_size(store, release)
    with console.errors.status(f"checking {package.card.name} as predict would run it"):
        return release_checks.check(
            package,
            given,
            memory_limit=memory_limit,
            workers=workers,
            beside=beside,
            truth=truth,
            constant_ok=constant_ok,
        )


def show_checked(checked: CheckedModel, to: Path | None) -> None:
    """Say what the checks saw, and write a contact sheet into the folder `to`."""
    card, slowest = checked.package.card, checked.slowest
    facts = f"{checked.milliseconds:.1f} ms a picture ({slowest:.0f} the slowest), {checked.megabytes} MB a process"
    console.say(f"{card.name} {card.version}: checked with {len(checked.pictures)} pictures, {facts}")
    if checked.parity is not None:
        console.say(f"max |dp| {checked.parity:.1e} from where it comes from")
    if checked.labelled:
        low, high = wilson(checked.correct / checked.labelled, checked.labelled)
        share = f"{checked.correct / checked.labelled:.1%} ({low:.1%} to {high:.1%} at 95 %)"
        console.say(f"accuracy {share} on {checked.labelled} labelled pictures")
    for warning in checked.warnings:
        console.warn(warning)
    if to:
        sheet = to / SHEET
        try:
            page = contact_sheet.page(checked.pictures, checked.answers, card, checked.truth)
            sheet.write_text(page, encoding="utf-8")
            console.say(f"look at {sheet}: each picture with its three best answers")
        except OSError as error:  # a folder that nobody may write to can be released all the same
            console.warn(f"{sheet} cannot be written: {describe(error)}")


def release_checked(
    store: ObjectStore,
    checked: CheckedModel,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    gateway: HttpGateway | None,
    new_classes: bool = False,
) -> None:
    """Release it, and say that predict serves it. Raises as `rollout.release`."""
    now, progress = store_connection.clock()(), console.track
    with moving(checked.package.card):
        card = rollout.release(
            store, checked, renames, gateway=gateway, now=now, progress=progress, new_classes=new_classes
        )
    show_released(card, checked, gateway)


@contextmanager
def moving(card: ModelCard) -> Iterator[None]:
    """Around what moves the pointer: who stops it by Ctrl-C hears that it may have moved, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        console.say(
            f"Interrupted: {card.name} {card.version} may be released already, and nobody looked whether predict serves"
            " it. The same command goes on; feedloop rollback goes back."
        )
        raise


def show_released(card: ModelCard, checked: CheckedModel, gateway: HttpGateway | None) -> None:
    """Say that it serves, or that nobody looked, and how to go back; `card` is the one that is stored."""
    console.answer(
        {
            "name": card.name,
            "sha256": card.id,
            "seen_serving": gateway is not None,
            "milliseconds": round(checked.milliseconds, 2),
            "megabytes": checked.megabytes,
            "accuracy": {"correct": checked.correct, "labelled": checked.labelled} if checked.labelled else None,
        }
    )
    state = "serves" if gateway else "is released, and nobody looked whether predict can serve it"
    console.say(f"{card.name} {card.id[:12]} {state}. To go back: feedloop rollback")


def load_pictures(folder: Path, classes: tuple[str, ...]) -> tuple[list[Picture], list[int | None] | None]:
    """Pictures below a folder; with their classes where its sub-folders are called by class. Raises BadRequest."""
    named = image_folder.has_classes(folder, classes)
    if named:
        examples = list(image_folder.load_pictures(folder, classes, complete=False).examples)
    else:
        examples = image_folder.load_outliers(folder)
    chosen = examples[:: -(-len(examples) // MOST)]
    return [replace(one.picture(), view=None) for one in chosen], [one.index for one in chosen] if named else None


def predict_limits(env: Mapping[str, str]) -> tuple[int, int]:
    """PREDICT_MEMORY in bytes and PREDICT_WORKERS, as stack.yml gives them to predict. Raises WrongSetting."""
    memory = env.get("PREDICT_MEMORY") or "1Gi"
    number = memory.rstrip("KMGi")
    try:
        size = int(Decimal(number) * _UNITS[memory.removeprefix(number)])
    except (InvalidOperation, KeyError) as error:
        raise WrongSetting(f"PREDICT_MEMORY={memory!r} is wrong: it must be a size such as 1Gi or 1500Mi.") from error
    workers = env.get("PREDICT_WORKERS") or str(release_checks.WORKERS)
    if not workers.isdecimal() or int(workers) < 1:
        raise WrongSetting(f"PREDICT_WORKERS={workers!r} is wrong: it must be a number, 1 or more.")
    return size, int(workers)
