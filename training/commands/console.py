"""What commands print: lines, tables, and progress on the error stream; or one JSON document, for programs."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from feedloop.domain.documents import Document
from feedloop.estimation.intervals import wilson
from training.data.download import Download
from training.model.evaluation import Evaluation
from training.promotion import retraining_data
from training.promotion.gathering import RetrainingData
from training.promotion.registry import ReleaseEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.model.training_loop import Epoch, OnBatch
    from training.programs import OnText

T = TypeVar("T")

console = Console()
errors = Console(stderr=True, highlight=False)

JSON, QUIET, NO_COLOR = "--json", ("--quiet", "-q"), "--no-color"
_EPOCH = re.compile(r"\bepoch\W+(\d{1,6})\s*(?:/|of)\s*(\d{1,6})\b", re.IGNORECASE)
_STATUS = 60
_answer: Document = {}
"""With --json: what is printed at the end."""


def take_options(words: list[str]) -> list[str]:
    """The words without the options of every command, which are set by this; `evaluate --json FILE` is its own."""
    _answer.clear()
    as_json = JSON in words and words[0] != "evaluate"
    if as_json:
        _answer.update(v=1, ok=True, data=None, warnings=[], next=[])
    console.quiet = as_json or any(option in words for option in QUIET)
    errors.quiet = console.quiet
    console.no_color = errors.no_color = NO_COLOR in words or errors.no_color
    return [word for word in words if word not in {*QUIET, NO_COLOR, *([JSON] if as_json else [])}]


def answer(data: object) -> None:
    """What a program gets from the command that asks with --json."""
    if _answer:
        _answer["data"] = data


def warn(text: str) -> None:
    """A line that is not lost among others, and in JSON stands apart."""
    if _answer:
        _answer["warnings"].append(text)
    errors.print("[yellow]warning[/] ", end="")
    errors.print(text, markup=False, soft_wrap=True)


def in_words(value: object) -> str:
    """A value on one line: of many, how many they are, the first two and the last."""
    if isinstance(value, float):
        return f"{value:.5g}"
    if not isinstance(value, list | tuple):
        return str(value)
    words = [in_words(one) for one in value]
    return ", ".join(words) if len(words) <= 3 else f"{len(words)}: {words[0]}, {words[1]}, … {words[-1]}"  # noqa: PLR2004


def fail(code: int, kind: str, why: str) -> int:
    """Say why the command failed; the exit code."""
    if _answer:
        _answer.update(ok=False, exit=code, error={"type": kind, "detail": why})
    else:
        errors.quiet = False
        errors.print("[red]error:[/] ", end="")
        errors.print(why, markup=False, soft_wrap=True)
    return code


def finish(words: list[str], code: int) -> int:
    """Print the JSON document, where it was asked for; the exit code."""
    if _answer:
        ended = {"ok": False, "exit": code} if code else {}
        document = {"command": " ".join(words[:1]), **_answer, **ended}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    return code


def say(text: str) -> None:
    """One plain line."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def bar() -> Iterator[Progress]:
    """A progress bar on the error stream: what a command prints can be piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors) as progress:
        yield progress


def track(things: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The same things, with a bar that moves as they are used."""
    with bar() as progress:
        yield from progress.track(things, total=total, description=what)


def show_training(train: "Callable[[OnBatch], Iterator[Epoch]]") -> None:
    """Show every epoch of a training as it ends."""
    with bar() as progress:
        task = progress.add_task("epoch 1", total=None)

        def on_batch(done: int, total: int, loss: float) -> None:
            progress.update(task, completed=done, total=total, description=f"loss {loss:.3f}")

        for one in train(on_batch):
            mark = " *" if one.best else ""
            facts = f"loss {one.loss:.3f}, validation {one.validation_loss:.3f}, accuracy {one.accuracy:.1%}"
            progress.console.print(f"epoch {one.number}: {facts}{mark}", highlight=False)


def show_program(run: "Callable[[OnText], int]") -> tuple[int, str]:
    """Show what a program says as it says it, and how far it is where it tells `epoch 3/10`; its code and last line."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors) as progress:
        task, last = progress.add_task("training", total=None), ""

        def on_text(text: str, whole: bool) -> None:  # noqa: FBT001 - as programs.OnText
            nonlocal last
            last = text.strip() or last
            if match := _EPOCH.search(text):
                done, total = int(match[1]), int(match[2])
                progress.update(task, completed=done, total=total, description=f"epoch {done}/{total}")
            if whole:
                progress.console.print(Text.from_ansi(text), soft_wrap=True)
            elif not match:
                progress.update(task, description=text[-_STATUS:].strip())

        return run(on_text), last


def show_evaluation(evaluated: Evaluation) -> None:
    """Accuracy with its interval, per class, and reliability."""
    low, high = wilson(evaluated.accuracy, evaluated.count)
    say(f"accuracy {evaluated.accuracy:.1%} ({low:.1%} to {high:.1%} at 95 %), {evaluated.count} pictures")
    table = Table("class", "pictures", "right", "share", "95 %")
    for index, name in enumerate(evaluated.classes):
        count, right = int(evaluated.confusion[index].sum()), int(evaluated.confusion[index, index])
        span = " to ".join(f"{edge:.0%}" for edge in wilson(right / count, count)) if count else ""
        table.add_row(name, str(count), str(right), f"{right / count:.1%}" if count else "", span)
    console.print(table)
    _show_reliability(evaluated)


def _show_reliability(evaluated: Evaluation) -> None:
    above = f"{evaluated.above_threshold:.1%} of the answers are above the threshold"
    say(f"calibration error (ECE) {evaluated.calibration_error:.3f}; {above}")
    table = Table("confidence", "pictures", "mean", "right")
    for part in evaluated.bins:
        table.add_row(
            f"{part.low:.1f} to {part.high:.1f}", str(part.count), f"{part.confidence:.3f}", f"{part.accuracy:.3f}"
        )
    console.print(table)


def show_outliers(metrics: Document) -> None:
    """How confident a model is of pictures of none of its classes."""
    mean, above = metrics["mean_confidence"], metrics["above_threshold"]
    pictures = f"{metrics['pictures']} pictures of none of the classes"
    say(f"{pictures}: mean confidence {mean:.3f}, {above:.1%} above the threshold")


def show_releases(entries: Iterable[ReleaseEntry]) -> None:
    """One row per release."""
    entries = list(entries)
    answer([{"mark": entry.mark, "gate": entry.decision, **entry.card.document} for entry in entries])
    table = Table("", "name", "id", "created", "classes", "accuracy", "gate")
    for entry in entries:
        card, facts = entry.card, entry.card.document
        accuracy = facts.get("metrics", {}).get("accuracy")
        share = "" if accuracy is None else f"{accuracy:.1%}"
        known = (entry.mark, card.name, card.id[:12], facts.get("created"), str(len(card.classes)), share)
        table.add_row(*known, entry.decision)
    console.print(table)


def show_data(data: RetrainingData) -> None:
    """What is learned from, what was left out and why, and what is missing."""
    pictures, replay = data.pictures, data.replay
    counts = f"{len(pictures.of_classes)} labelled pictures, {len(pictures.outliers)} of none of the classes"
    say(f"{counts}, {len(replay.examples)} replayed" if replay.examples else counts)
    say(f"test days {data.test_days.first} to {data.test_days.last}: nothing that may judge is among them")
    if left := ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in pictures.left_out.items() if count):
        say(f"left out: {left}")
    show_download(data.download)
    if missing := retraining_data.missing_classes(pictures.of_classes, replay, data.indices):
        say(f"No example of {', '.join(map(data.folder.classes.name, missing))}, which may be forgotten.")


def show_download(pulled: Download) -> None:
    """What a person should know of a folder that pictures were pulled into, if there is anything."""
    if pulled.moved:
        say(f"{pulled.moved} left out because their label changed meanwhile, or cannot be read: run it again")
    if pulled.unlabelled + pulled.left_out:
        removed = f"{pulled.unlabelled} without a class by now, {pulled.left_out} not to be learned from by now"
        say(f"removed of an earlier pull: {removed}. The store still has them.")
    if pulled.gone:
        why = "gone from the store, or their label is damaged"
        say(f"{len(pulled.gone)} stay here that are {why}, for example {pulled.gone[0]}")
    if pulled.foreign:
        count, first = len(pulled.foreign), pulled.foreign[0]
        say(f"{count} files or folders that nobody pulled were left alone, for example {first}")


def show_decision(decision: Document) -> None:
    """The accuracy of champion and challenger on the same pictures, and the change per class."""
    answer(decision)
    shares = (decision["accuracy"][when] for when in ("before", "after"))
    before, after = ("unknown" if share is None else f"{share:.1%}" for share in shares)
    days, count = decision["window"], decision["labels"]["judged"]
    labels = f"{count} blind labels of {days['from']} to {days['to']}"
    say(f"accuracy on {labels}: {before} of the champion, {after} of the challenger")
    if (named := decision["manifest"]["model"]) and named["pictures"] and named["not_here"] == named["pictures"]:
        say("Nobody labels a picture of its manifest in this store: is it the right one?")
    if decision["manifest"]["against"] is None:
        say("The champion has no manifest: whatever it learned of these pictures is in its favour.")
    table = Table("class", "labels", "change in points", "95 %")
    for one in decision["per_class"]:
        change = one["difference"]
        span = f"{100 * change['low']:+.1f} to {100 * change['high']:+.1f}"
        table.add_row(one["class"], str(change["labels"]), f"{100 * change['value']:+.1f}", span)
    if decision["per_class"]:
        console.print(table)
