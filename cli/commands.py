"""The tree of commands: what each is called, what it is for, and which program runs it where."""

from collections.abc import Sequence
from dataclasses import dataclass

SMALL, LABELLING = ".venv", ".venv-label-studio"
"""Environments, as folders of the project. What needs torch goes on in `.venv-train` by itself."""

INSTALLED_BY = {
    SMALL: "make .venv/local.stamp",
    LABELLING: "make .venv-label-studio/label-studio.stamp",
}
"""What makes each of them."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its words, its summary, and `module` with `arguments` in an environment."""

    name: str
    summary: str
    module: str
    arguments: tuple[str, ...]
    environment: str = SMALL


GROUPS = {
    "Start": (
        Command("run", "Start everything on this machine", "local", ("run",)),
        Command("demo", "Simulate ten days and retrain", "simulation", ()),
        Command("doctor", "Check a deployment and print what to mend", "local", ("doctor",)),
        Command("store init", "Make a store ready for functions that run elsewhere", "local", ("prepare",)),
        Command("store keys", "Make a key for each function", "local", ("identities",)),
        Command("store ls", "List buckets, or what lies below a path", "local", ("ls",)),
        Command("store cat", "Print an object", "local", ("cat",)),
    ),
    "Label": (
        Command("labelling setup", "Create or repair the projects", "labelling", ("setup",), LABELLING),
        Command("labelling status", "Count answered and waiting tasks", "labelling", ("status",), LABELLING),
        Command("classes", "List, rename or retire classes", "training", ("classes",)),
    ),
    "Train": (
        Command("pull", "Download labelled pictures", "training", ("pull",)),
        Command("train", "Train on an image folder", "training", ("train",)),
        Command("evaluate", "Measure a model on labelled pictures", "training", ("evaluate",)),
        Command("check", "Look what a checkpoint holds", "training", ("check",)),
        Command("export", "Write a checkpoint as an ONNX file with its card", "training", ("export",)),
        Command("retrain", "Pull, train, judge, and release if allowed", "training", ("retrain",)),
        Command("draw", "Draw pictures to try all this with", "training", ("draw",)),
    ),
    "Release": (
        Command("adopt", "Check an existing model, and let it serve", "training", ("adopt",)),
        Command("card", "Check a model card", "training", ("card",)),
        Command("judge", "Compare a model with the one that serves", "training", ("judge",)),
        Command("release", "Let a model serve", "training", ("release",)),
        Command("rollback", "Let an earlier release serve again", "training", ("rollback",)),
        Command("models list", "List the releases", "training", ("models", "list")),
        Command("models show", "Print the card of a release", "training", ("models", "show")),
    ),
}

ALIASES = {"labeling": "labelling", "import": "adopt"}


def find(words: Sequence[str]) -> tuple[Command, list[str]] | None:
    """The command that these words name, and its arguments; None where there is none. Options may come before it."""
    known = {command.name: command for commands in GROUPS.values() for command in commands}
    begin = next((number for number, word in enumerate(words) if not word.startswith("-")), len(words))
    options, spelt = list(words[:begin]), [ALIASES.get(word, word) for word in words[begin : begin + 1]]
    spelt += words[begin + 1 :]
    for count in (2, 1):
        if command := known.get(" ".join(spelt[:count])):
            return command, [*spelt[count:], *options]
    return None


def within(group: str) -> str:
    """The commands of two words that begin with this one, with their summaries; empty where there are none."""
    begin = f"{ALIASES.get(group, group)} "
    known = [command for commands in GROUPS.values() for command in commands if command.name.startswith(begin)]
    lines = [f"  {command.name:{max(len(one.name) for one in known) + 2}}{command.summary}" for command in known]
    return "\n".join([f"Usage: feedloop {begin}COMMAND [OPTIONS]", "", *lines]) if known else ""


def overview() -> str:
    """All commands with their summaries, as `feedloop --help` prints them."""
    lines = ["Usage: feedloop COMMAND [OPTIONS]", ""]
    width = max(len(command.name) for commands in GROUPS.values() for command in commands) + 2
    for group, commands in GROUPS.items():
        lines += [group, *(f"  {command.name:{width}}{command.summary}" for command in commands), ""]
    return "\n".join([*lines, "`feedloop COMMAND --help` explains one. Documentation: README.md and docs/."])
