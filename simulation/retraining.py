"""Retraining as an operator does it: the project's own command, in the environment of training."""

import os
import subprocess
from dataclasses import replace
from itertools import chain
from pathlib import Path

from feedloop.domain.clock import time_of
from feedloop.domain.errors import Unavailable
from local import data_directory
from local.stack import ROOT
from simulation.days import ShowProgress
from simulation.journal import Journal
from simulation.site import Site
from simulation.system import System
from training.data import gallery
from training.data.drawings import FIRST_DAY

PYTHON = ROOT / ".venv-train" / "bin" / "python"
DRAWINGS, OUTLIERS = 1100, 550
"""So many of the first training pictures are replayed, lest they are forgotten."""
_BRIEF = ("--epochs", "4")
"""Enough for drawings; photos want more."""
_REFUSED = (3, 4)
"""How the command ends when the gate does not let the new model pass, or has too few labels to tell."""
_HOUR = 8 * 3600  # of the morning on which it is done


def retrain(journal: Journal, site: Site, system: System, show_progress: ShowProgress) -> Journal:
    """Train on what the loop collected, judge on the newest blind labels, and release if the gate opens.

    Killed, it begins anew, unless the release was made. Raises Unavailable when the command fails.
    """
    model = site.model_info()["model"]
    if not journal.old:
        journal = replace(journal, old=str(model["version"])).written()
    system.clock.set(time_of(journal.date(journal.plan.days), _HOUR))
    to = journal.path.with_name("next")
    released = model["version"] != journal.old
    if not released:
        again = _first_training_data(to.with_name("first-lesson"), int(model["trained_on"]["seed"]), show_progress)
        released = _run(journal, system, ("--to", str(to), *again, *_BRIEF))
    why = data_directory.load_json(to / "verdict.json").get("why", "")
    return replace(journal, decision=f"{'released' if released else 'not released'}. {why}").written()


def _first_training_data(to: Path, seed: int, show_progress: ShowProgress) -> tuple[str, ...]:
    """A part of what the demonstration model was trained on: the same seed draws the same."""
    drawings, outliers = to / "drawings", to / "outliers"
    drawn = chain(
        gallery.draw_folder(drawings, DRAWINGS, style=FIRST_DAY, seed=seed),
        gallery.draw_outliers(outliers, OUTLIERS, seed=seed),
    )
    with show_progress("drawing part of the first training data again") as on_progress:
        for done, _ in enumerate(drawn, start=1):
            on_progress(done, DRAWINGS + OUTLIERS)
    return ("--replay", str(drawings), "--outliers", str(outliers))


def _run(journal: Journal, system: System, options: tuple[str, ...]) -> bool:
    """Whether the new model was released, and every replica serves it; its progress goes to the terminal."""
    plan = journal.plan
    window = ("--since", journal.date(plan.adrift), "--until", journal.date(plan.days - 1))
    command = (str(PYTHON), "-m", "training", "retrain", *window, *options)
    here = {"DATA_DIR": str(system.data_dir), "CLOCK_FILE": str(system.clock.path), "OMP_WAIT_POLICY": "PASSIVE"}
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **here}) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            raise
    if code and code not in _REFUSED:
        raise Unavailable(f"Retraining failed: the lines above say why. Alone: python {' '.join(command[1:])}")
    return code == 0
