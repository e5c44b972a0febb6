"""Progress and results at the terminal while days pass."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from simulation.days import OnProgress
from simulation.scores import Score

_terminal = Console(highlight=False)
_started = time.monotonic()


def say(text: str) -> None:
    """One line, with the time since the start."""
    seconds = int(time.monotonic() - _started)
    _terminal.print(f"[dim]{seconds // 60:2d}:{seconds % 60:02d}[/] ", end="")
    _terminal.print(text, markup=False, soft_wrap=True)


@contextmanager
def show_progress(what: str) -> Iterator[OnProgress]:
    """A bar that is there as long as something is being done."""
    columns = (TextColumn("      {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_terminal, transient=True, disable=not _terminal.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def show_scores(scores: list[Score]) -> None:
    """The true accuracy beside the reported one."""
    _terminal.print("\n  True accuracy, and the report's estimates with their 95 % intervals, in %")
    table = Table(box=SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for name in ("days", "photos", "labels", "true", "blind sample", "best estimate"):
        table.add_column(name, justify="left" if name == "days" else "right", no_wrap=True)
    for score in scores:
        estimates = (_formatted(estimate, score.true) for estimate in (score.blind, score.best))
        table.add_row(score.phase, str(score.pictures), str(score.labels), f"{100 * score.true:.1f}", *estimates)
    _terminal.print(table)
    _terminal.print("  ✓ covers the true accuracy. ✗ does not: 1 in 20 by chance, more if annotators err.\n")


def _formatted(estimate: dict[str, float] | None, true: float) -> str:
    """The estimate, its interval, and a mark that says whether it covers the true accuracy."""
    if estimate is None:
        return "nothing yet"
    mark = "✓" if estimate["low"] <= true <= estimate["high"] else "✗"
    return f"{100 * estimate['value']:.1f} ({100 * estimate['low']:.1f}-{100 * estimate['high']:.1f}) {mark}"
