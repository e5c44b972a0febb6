"""`python -m simulation`: the loop with simulated people, from the first upload to the retrained model."""

import argparse
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import fields

from feedloop import console
from feedloop.domain.errors import FeedloopError, WrongSetting
from local.end_signals import interrupt_once
from local.settings import Choices, drop_foreign_variables
from simulation.console import say
from simulation.plan import DIRECT, LABEL_STUDIO, Plan
from simulation.scenario import Scenario
from training.data.gallery import STYLES

_FOREIGN = ("S3_ENDPOINT", "BUCKET_PREFIX", "LABEL_STUDIO_URL")
_STOPPED = 130
_NAP = 1.0
_DEFAULT = Plan()
_WHAT = {
    "days": "days with the model that is there",
    "days_after": "days with the retrained model; 0 leaves retraining out",
    "predictions": "pictures a day, on average",
    "sample": "how many of a day annotators see blind",
    "style": f"what drifts: {', '.join(STYLES)}",
    "drift": "how far, from the middle of the first days on",
    "nothing": "share of the pictures that show none of the classes",
    "annotators": "one number each: their share of wrong answers",
    "anchoring": "share of the model's wrong answers that annotators accept where they see them",
    "unclear": "share of the tasks where annotators can't tell",
    "skips": "share of the tasks that annotators skip",
    "flags": "share of the wrong answers that visitors flag",
    "false_flags": "share of the right answers that visitors flag",
    "relabels": "share of the wrong answers that visitors correct",
    "false_relabels": "share of the right answers that visitors 'correct'",
    "seed": "the same seed, the same pictures and people",
    "annotator": "how annotators answer: label-studio, or direct into the store, which is quicker",
}
"""Every option; its default is the plan's."""


def main(arguments: list[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """The exit code: 0 when all went well, 1 after a sentence that says what to do, 130 when stopped halfway."""
    console.prepare()
    options = parser().parse_args(arguments)
    drop_foreign_variables()
    interrupt_once()
    finished = threading.Event()
    try:
        plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
        given = _environment(env, plan)
        Scenario(Choices.from_environment(given), plan, given).run(
            finished.set if options.leave else lambda: _stay(finished)
        )
    except FeedloopError as error:
        say(f"Feedloop: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped; the data stays" if finished.is_set() else "stopped halfway; the same command goes on from here")
        return 0 if finished.is_set() else _STOPPED
    return 0


def _stay(finished: threading.Event) -> None:
    """In naps: a signal that reaches another thread does not wake this one."""
    finished.set()
    while True:
        time.sleep(_NAP)


def _environment(env: Mapping[str, str], plan: Plan) -> dict[str, str]:
    """What the system is started with: a store and a directory of its own. Raises WrongSetting."""
    foreign = [name for name in _FOREIGN if env.get(name)]
    if foreign:
        raise WrongSetting(f"{foreign[0]} is set, and a simulation touches nobody's data: unset it.")
    defaults = {"DATA_DIR": ".feedloop-demo", "STORE_FSYNC": "off"}
    ours = {"SAMPLE_COUNT": str(plan.sample), "REPORT_OPEN": "on"}
    return {**defaults, **env, **ours, "LABEL_STUDIO": "on" if plan.annotator == LABEL_STUDIO else "off"}


def parser() -> argparse.ArgumentParser:
    """The command line, as `feedloop demo`."""
    root = argparse.ArgumentParser(
        prog="feedloop demo",
        description="Days of simulated visitors and annotators, with a known truth: is the reported accuracy right, and"
        " does retraining raise it? DATA_DIR (.feedloop-demo), PORT, LABEL_STUDIO_PORT: docs/settings.md.",
        epilog=f"Example: feedloop demo --days 4 --days-after 0 --annotator {DIRECT}. More: docs/simulation.md.",
    )
    for name, what in _WHAT.items():
        default = getattr(_DEFAULT, name)
        kind = _shares if isinstance(default, tuple) else type(default)
        text = ",".join(map(str, default)) if isinstance(default, tuple) else default
        root.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, help=f"{what} ({text})")
    root.add_argument("--leave", action="store_true", help="end after the table instead of leaving the system running")
    return root


def _shares(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
