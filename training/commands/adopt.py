"""The command that brings a classifier from elsewhere behind the functions: adopt."""

import os
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from feedloop import release_cards, releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain.cards import LOGITS, ModelCard, OutputSpec
from feedloop.domain.errors import BadRequest, NoModel, WrongSetting
from feedloop.ports import ObjectStore
from training.adoption import class_names, package
from training.adoption.facts import CHOICES, Option, given_facts
from training.adoption.package import AdoptedModel
from training.commands import checking, console, store_connection
from training.commands.checking import AllowConstant, CheckedWith, GatewayUrl, NewClasses, NoWait
from training.commands.model import Architecture, Trust
from training.commands.store_connection import STORE
from training.model import evaluation
from training.model.card import save_exported, short_metrics
from training.promotion import registry, release_checks
from training.promotion.registry import ModelPackage
from training.promotion.release_checks import CheckedModel

commands = typer.Typer()

LEAST_LABELLED = 50
"""Labelled pictures from which a temperature is fitted: fewer say little about confidence."""
FEW = 8
"""Pictures that are asked about once more when the card has got its temperature."""


def _choice(name: str, what: str) -> Any:  # noqa: ANN401 - as typer has it
    return typer.Option(help=f"{what}: {', '.join(CHOICES[name])}.")


ModelPath = Annotated[Path, typer.Argument(help="An ONNX file, a checkpoint of torch, or a folder with one.")]
Classes = Annotated[str, typer.Option(help="Class names in the order of the outputs: a file, or A,B,C.")]
Mean = Annotated[str, typer.Option(help="Of red, green and blue, for pixels from 0 to 1, or as --range says.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Do all but release it; needs no store.")]


@commands.command(
    epilog="Examples: feedloop adopt resnet18.onnx --classes labels.txt --mean 0.485,0.456,0.406 --std"
    " 0.229,0.224,0.225 --pictures test; feedloop adopt my-hugging-face-folder --dry-run. Ends with 1: it fell short,"
    f" 5: store or gateway do not answer. docs/adopt.md explains each option. {STORE}"
)
def adopt(
    source: ModelPath,
    *,
    classes: Classes = "",
    name: Annotated[str, typer.Option(help="What to call it; else as the file.")] = "",
    size: Annotated[int | None, typer.Option(min=1, help="The side of its input in pixels.")] = None,
    resize: Annotated[str, _choice("resize", "How a picture becomes a square")] = "",
    resize_size: Annotated[int | None, typer.Option(min=1, help="Pixels before the centre is cut out.")] = None,
    interpolation: Annotated[str, _choice("interpolation", "The filter of resizing")] = "",
    range_: Annotated[str, typer.Option("--range", help=f"Of pixels: {', '.join(CHOICES['range'])}.")] = "",
    mean: Mean = "",
    std: Annotated[str, typer.Option(help="Goes with --mean.")] = "",
    layout: Annotated[str, _choice("layout", "The order of the input's axes")] = "",
    channels: Annotated[str, _choice("channels", "The order of the input's colours")] = "",
    output: Annotated[str, _choice("output", "What its scores are; else measured")] = "",
    output_name: Annotated[str, typer.Option(help="Which output has the scores, of several.")] = "",
    architecture: Architecture = "",
    trust_pickle: Trust = False,
    pictures: CheckedWith = None,
    to: Annotated[Path, typer.Option(help="The folder for the model, its card and the contact sheet.")] = Path(
        "adopted"
    ),
    note: Annotated[str, typer.Option(help="What its users should know.")] = "",
    dry_run: DryRun = False,
    new_classes: NewClasses = False,
    allow_constant: AllowConstant = False,
    gateway: GatewayUrl = "",
    no_wait: NoWait = False,
) -> None:
    """Take a classifier from elsewhere, check it as predict would run it, and let it serve."""
    given = given_facts(
        {
            "classes": class_names.parse_option(classes) if classes else None,
            "name": name,
            "size": size,
            "resize": resize,
            "resize-size": resize_size,
            "interpolation": interpolation,
            "range": range_,
            "mean": mean,
            "std": std,
            "layout": layout,
            "channels": channels,
            "output": output,
            "output-name": output_name,
            "architecture": architecture,
        }
    )
    if Option.CLASSES in given and not new_classes:
        with suppress(WrongSetting, NoModel):  # a checkpoint takes long to convert
            known = releases.agreed_class_list(store_connection.open_store())
            release_cards.check_shared(known, known.resolved(given[Option.CLASSES].value)[1])
    now = store_connection.clock()()
    adopted = package.adopt(
        source, given, created=f"{now:%Y-%m-%d}", note=note, trust_pickle=trust_pickle, pictures=pictures
    )
    _show(adopted)
    if adopted.exported:
        to = source
    elif to.resolve() in {source.resolve(), source.resolve().parent}:
        raise BadRequest(f"--to {to} is where the source lies, which stays as it is: name another folder.")
    watched = checking.open_gateway(gateway, no_wait=no_wait or dry_run)
    try:
        store: ObjectStore = store_connection.open_store()
    except WrongSetting:
        if not dry_run:
            raise
        store = MemoryStore()
    checked = _checked(store, adopted, pictures, to, constant_ok=allow_constant, new_classes=new_classes)
    if dry_run:
        console.say(f"{to} holds the model and its card. It was not released: feedloop release {to} does that.")
        return
    checking.release_checked(store, checked, gateway=watched, new_classes=new_classes)
    if left := releases.current(store).unanswered:
        console.say(
            f"People can still choose {console.in_words(left)}, which this model never answers."
            " To take these away: feedloop classes retire --unknown"
        )


def _show(adopted: AdoptedModel) -> None:
    """What is known and from where, guesses last, each with the option that would say more."""
    console.answer({"facts": {name: asdict(fact) for name, fact in adopted.facts.items()}})
    for name, fact in sorted(adopted.facts.items(), key=lambda item: item[1].guessed):
        origin = f"guessed, {fact.origin}: say --{name} to change it" if fact.guessed else fact.origin
        console.say(f"  {name:14} {console.in_words(fact.value):24} {origin}")
    if adopted.parity:
        console.say(adopted.parity)
    for warning in adopted.warnings:
        console.warn(warning)


def _checked(
    store: ObjectStore,
    adopted: AdoptedModel,
    pictures: Path | None,
    to: Path,
    *,
    constant_ok: bool,
    new_classes: bool,
) -> CheckedModel:
    """The model after all checks, with the card that the store will keep; shown once it is known what it answers."""
    if adopted.exported:
        resolved = checking.resolve_package(store, registry.load_package(to), new_classes=new_classes)
        return checking.check_package(store, resolved, pictures, constant_ok=constant_ok, to=to)
    offered = ModelPackage(adopted.model, adopted.card, weights=adopted.weights)
    resolved = checking.resolve_package(store, offered, new_classes=new_classes)
    to.mkdir(parents=True, exist_ok=True)
    checked = checking.run_checks(store, resolved, pictures, constant_ok=constant_ok)
    checked = _saved(replace(checked, package=offered), to, constant_ok=constant_ok)
    _, stored = registry.preview(store, checked.package.card, new_classes=new_classes)  # a temperature makes another id
    checked = replace(checked, package=replace(checked.package, card=stored.card))
    checking.show_checked(checked, to)
    return checked


def _saved(checked: CheckedModel, to: Path, *, constant_ok: bool) -> CheckedModel:
    """The same, calibrated where labelled pictures allow it, and saved with its card in the folder."""
    if checked.labelled:
        checked = _calibrated(checked, constant_ok=constant_ok)
    package = checked.package
    # What was measured is told on the card, and changes nothing that is served.
    measured = {"ms": round(checked.milliseconds, 1), "megabytes": checked.megabytes}
    document = {**package.card.document, "serving": measured}
    if checked.labelled:
        document["metrics"] = _metrics(checked)
    save_exported(to, package.model, document, package.weights)
    return replace(checked, package=replace(package, card=ModelCard(document)))


def _calibrated(checked: CheckedModel, *, constant_ok: bool) -> CheckedModel:
    """The same model with the temperature that makes its confidence come true on labelled pictures."""
    if checked.labelled < LEAST_LABELLED:
        console.say(f"{checked.labelled} labelled pictures are too few to fit a temperature: {LEAST_LABELLED} do")
        return checked
    rows = [number for number, index in enumerate(checked.truth) if index is not None]
    truth = [index for index in checked.truth if index is not None]
    logarithms = np.log(np.maximum(np.array(checked.answers), np.finfo(np.float32).tiny))
    wanted = np.eye(len(checked.package.card.classes))[truth]
    temperature = round(evaluation.fit_temperature(logarithms[rows], wanted), 4)
    console.say(f"temperature {temperature}, fitted on {len(truth)} labelled pictures")
    document = checked.package.card.document
    output = replace(OutputSpec.from_card(document), temperature=temperature)
    offered = replace(checked.package, card=ModelCard({**document, "output": output.to_document()}))
    few = [picture.jpeg for picture in checked.pictures[:FEW]]
    memory_limit, workers = checking.predict_limits(os.environ)
    release_checks.check(  # what is released is what was checked
        offered, few, memory_limit=memory_limit, workers=workers, constant_ok=constant_ok
    )
    calibrated = OutputSpec(LOGITS, temperature)
    softened = [tuple(calibrated.to_probabilities(row.tolist())) for row in logarithms]
    return replace(checked, package=offered, answers=tuple(softened))


def _metrics(checked: CheckedModel) -> dict[str, Any]:
    pairs = [(answer, index) for answer, index in zip(checked.answers, checked.truth, strict=True) if index is not None]
    answers, truth = np.array([answer for answer, _ in pairs]), [index for _, index in pairs]
    return short_metrics(evaluation.evaluate(answers, truth, checked.package.card.classes).to_document())
