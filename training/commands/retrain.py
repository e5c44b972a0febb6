"""The commands that put a challenger before the gate: retrain, judge."""

import dataclasses
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from feedloop import releases
from feedloop.domain.clock import DayRange
from feedloop.domain.errors import BadRequest
from feedloop.ports import ObjectStore
from training import programs
from training.commands import checking, console, store_connection
from training.commands.checking import CheckedWith, GatewayUrl, NoWait
from training.commands.pull import parse_day
from training.commands.store_connection import STORE
from training.model.card import WEIGHTS_FILE, trained_on
from training.promotion import gate, gate_decisions, gathering, own_training, registry, retraining_data, test_days
from training.promotion.gate import Rules
from training.promotion.gathering import RetrainingSource
from training.promotion.rollout import HttpGateway

commands = typer.Typer()

TRAINED = "--trained"

ENDS = {gate.RELEASE: 0, gate.REFUSE: 3, gate.WAIT: 4}
"""What the commands end with when nothing was forced."""

First = Annotated[str, typer.Option("--since", help="The first test day, yyyymmdd; else two weeks with the last.")]
Last = Annotated[str, typer.Option("--until", help="The last test day, yyyymmdd; else the newest with blind labels.")]
Margin = Annotated[float, typer.Option(min=0, max=100, help="Points of accuracy that a release may lose.")]
ClassMargin = Annotated[float, typer.Option(min=0, max=100, help="Points that a class may be shown to lose.")]
NeverSaw = Annotated[
    bool, typer.Option("--never-saw-the-loop", help="Your word that it learned no picture of the loop; it is recorded.")
]
Force = Annotated[bool, typer.Option("--force", help="Release whatever the gate decides; it is recorded.")]


class TorchMissing(ModuleNotFoundError):
    """torch is not here. Where it is, the same command goes on with these words more, and repeats nothing."""

    def __init__(self, error: ModuleNotFoundError, words: list[str]) -> None:
        super().__init__(str(error), name=error.name)
        self.words = words


@commands.command(epilog=f"Example: feedloop judge build/next. Ends with 3: refused, 4: too few labels. {STORE}")
def judge(
    folder: Annotated[Path, typer.Argument(help="A folder written by `retrain` or `export`.")],
    *,
    first: First = "",
    last: Last = "",
    margin: Margin = 2.0,
    class_margin: ClassMargin = 5.0,
    never_saw_the_loop: NeverSaw = False,
    force: Force = False,
    pictures: CheckedWith = None,
    gateway: GatewayUrl = "",
    no_wait: NoWait = False,
) -> None:
    """Compare a model with the champion, which serves, on the newest blind labels; release it if it is not worse."""
    store, now = store_connection.open_store(), store_connection.clock()()
    watched = checking.open_gateway(gateway, no_wait=no_wait)
    days = test_days.choose_days(store, parse_day(first), parse_day(last), now=now)
    rules = Rules(margin / 100, class_margin / 100)
    _judge(
        store,
        folder,
        days,
        rules,
        gateway=watched,
        pictures=pictures,
        force=force,
        never_saw_the_loop=never_saw_the_loop,
    )


@commands.command(
    epilog="Examples: feedloop retrain --to build/next; feedloop retrain --with ./my_train.sh --to build/next"
    f" (docs/retrain-with.md). Ends with 3: refused, 4: too few labels. {STORE}"
)
def retrain(
    *,
    to: Annotated[Path, typer.Option(help="The folder for pictures, checkpoint, model and decision.")] = Path("next"),
    program: Annotated[
        str, typer.Option("--with", help="Your own training: a program, or a command line in quotes.")
    ] = "",
    kept: Annotated[
        list[str] | None,
        typer.Option("--pass", help="With --with: a secret variable that it gets. Repeatable."),
    ] = None,
    trained: Annotated[
        bool, typer.Option(TRAINED, help="With --with: take what it wrote last time, and do not run it again.")
    ] = False,
    first: First = "",
    last: Last = "",
    start: Annotated[
        Path | None, typer.Option("--from", help="A checkpoint, instead of the champion's own weights.")
    ] = None,
    trust_pickle: Annotated[
        bool, typer.Option("--trust-pickle", help="Run the code inside a pickled --from: only if you trust it.")
    ] = False,
    replay: Annotated[
        Path | None, typer.Option(help="An image folder of the first training, lest the model forgets it.")
    ] = None,
    outliers: Annotated[Path | None, typer.Option(help="Pictures of none of the classes, to go with it.")] = None,
    margin: Margin = 2.0,
    class_margin: ClassMargin = 5.0,
    force: Force = False,
    epochs: Annotated[int, typer.Option(min=1, help="At most so many passes over the pictures.")] = 6,
    learning_rate: Annotated[float, typer.Option(help="The highest learning rate.")] = 1e-3,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read pictures.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed, the same result.")] = 11,
    gateway: GatewayUrl = "",
    no_wait: NoWait = False,
) -> None:
    """Train the champion on labels given since, let the gate judge the result, and release it if it is not worse."""
    rules = Rules(margin / 100, class_margin / 100)
    if program:
        if start or replay or outliers:
            raise BadRequest("--with trains by itself: leave out --from, --replay and --outliers.")
        words = programs.parse_command(program)
        watched = checking.open_gateway(gateway, no_wait=no_wait)
        source = _source(parse_day(first), parse_day(last))
        if not trained:
            _train_with(words, kept, source, to, seed)
        _take(to, f"{source.now:%Y-%m-%d}")
        _judge(source.store, to, source.test_days, rules, gateway=watched, force=force)
        return
    from training.model.training_loop import TrainingPlan
    from training.promotion import retraining

    watched = checking.open_gateway(gateway, no_wait=no_wait)
    source = _source(parse_day(first), parse_day(last))
    champion = source.champion
    begin = retraining.find_start(champion, start, trust_pickle=trust_pickle)  # before anything is downloaded
    plan = TrainingPlan(
        begin.checkpoint.preprocessing,
        begin.checkpoint.architecture,
        epochs=epochs,
        learning_rate=learning_rate,
        seed=seed,
        workers=workers,
    )
    given = None
    if replay or outliers:
        name = replay.name if replay else ""
        given = retraining_data.load_replay(replay, outliers, name, source.classes.names)
    data = gathering.gather(source, to, console.track, given)
    if not given:
        drawn = retraining_data.draw_replay(trained_on(champion.card), to / "again", source.classes, console.track)
        data = dataclasses.replace(data, replay=drawn)
    console.show_data(data)
    console.show_training(partial(retraining.train_challenger, data, begin, plan, to / WEIGHTS_FILE))
    retraining.export_challenger(data, to / WEIGHTS_FILE, to, f"{source.now:%Y-%m-%d}")
    _judge(source.store, to, source.test_days, rules, gateway=watched, force=force)


def _source(first: str, last: str) -> RetrainingSource:
    store, now = store_connection.open_store(), store_connection.clock()()
    days = test_days.choose_days(store, first, last, now=now)
    release = releases.current(store)
    package = registry.fetch_package(store, release)
    champion = dataclasses.replace(package, weights=registry.fetch_weights(store, release.card))
    return RetrainingSource(store, champion, releases.agreed_class_list(store), days, now)


def _train_with(words: list[str], kept: list[str] | None, source: RetrainingSource, to: Path, seed: int) -> None:
    """Let somebody's own program train in a folder. Raises BadRequest when it fails."""
    data = gathering.gather(source, to, console.track)
    console.show_data(data)
    training = own_training.hand_over(data, programs.name_of(words), to, seed=seed)
    log = to / own_training.LOG
    console.say(f"{training.program} trains; what it says is kept in {log}")
    environment = programs.without_secrets(os.environ, tuple(kept or ())) | training.environment()
    try:
        code, last = console.show_program(partial(programs.run_program, words, environment, log))
    except KeyboardInterrupt:
        console.say(f"Interrupted, and {training.program} with it. The same command begins its training anew.")
        raise
    if code:
        how = f"was ended by signal {-code} (9: perhaps by lack of memory)" if code < 0 else f"ended with {code}"
        raise BadRequest(f"{training.program} {how}. Its last line: {last or 'none'}. All of them: {log}")


def _take(to: Path, created: str) -> None:
    """Let a folder hold what the program wrote there, as `export` would. Raises BadRequest when that is no model."""
    try:
        challenger, remarks = own_training.load_challenger(own_training.load_training(to), created)
    except ModuleNotFoundError as error:
        raise TorchMissing(error, [TRAINED]) from error
    for remark in remarks:
        console.warn(remark)
    own_training.save(challenger, to)
    console.say(f"{to} holds {challenger.card.name}, {len(challenger.model) / 1e6:.1f} MB")


def _judge(
    store: ObjectStore,
    folder: Path,
    days: DayRange,
    rules: Rules,
    *,
    gateway: HttpGateway | None,
    pictures: Path | None = None,
    force: bool,
    never_saw_the_loop: bool = False,
) -> None:
    """Check, let the gate decide, show it, keep the decision beside the model too, and end with what was decided."""
    package = checking.resolve_package(store, registry.load_package(folder))
    checked = checking.check_package(store, package, pictures, to=folder)
    decision = gate_decisions.judge(
        store,
        checked,
        days,
        rules,
        force=force,
        never_saw_the_loop=never_saw_the_loop,
        gateway=gateway,
        now=store_connection.clock()(),  # a training takes hours, and the pointer says when it moved
        progress=console.track,
    )
    document = json.dumps(decision, indent=2, ensure_ascii=False)
    (folder / releases.DECISION_FILE).write_text(f"{document}\n", encoding="utf-8")
    console.show_decision(decision)
    console.say(gate_decisions.summary(decision))
    if not decision["released"]:
        sys.exit(ENDS[decision["decision"]])
