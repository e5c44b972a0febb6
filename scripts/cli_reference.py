"""Writes docs/cli.md: every command of `feedloop`, as its help tells it.

python -m scripts.cli_reference
"""

import contextlib
import io
import os
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import typer
from typer.cli import get_docs_for_click

from cli.commands import GROUPS, Command, overview
from local.__main__ import parser as local_parser
from simulation.__main__ import parser as simulation_parser
from training.commands.app import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = """# Command line

`make run` writes the command into `.venv`: `.venv/bin/feedloop COMMAND`, or `feedloop COMMAND` after
`export PATH="$PWD/.venv/bin:$PATH"`. A command that needs torch or Label Studio's SDK goes on in the environment that
has it.

The commands under *Train* and *Release*, and `classes`, also take `--json` (one document on standard output), `--quiet`
and `--no-color`.

| exit code | meaning |
|---|---|
| 0 | Done |
| 1 | Failed, or a fault was found; the message says what to do |
| 2 | Wrong usage |
| 3 | The gate refused the model |
| 4 | Too few labels to decide |
| 5 | Store, gateway or Label Studio does not answer: try again |
| 130 | Interrupted |

`python -m scripts.cli_reference` writes this page from each command's help.
"""


def reference() -> str:
    """The page, whatever the terminal."""
    with patch.dict(os.environ, COLUMNS="120", NO_COLOR="1"):
        sections = [HEAD, f"```text\n{overview()}\n```", *map("\n\n".join, map(_sections, GROUPS, GROUPS.values()))]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _sections(group: str, commands: tuple[Command, ...]) -> Iterator[str]:
    yield f"## {group}"
    for command in commands:
        if command.module == "training":
            yield _of_typer(command)
        elif command.module == "labelling":
            yield f"### `feedloop {command.name}`\n\n{command.summary}. [annotating.md](annotating.md) says more."
        else:
            parser = local_parser() if command.module == "local" else simulation_parser()
            yield f"### `feedloop {command.name}`\n\n```text\n{_help(parser, command.arguments)}```"


def _of_typer(command: Command) -> str:
    found = typer.main.get_command(app)
    context = typer.Context(found)
    for name in command.arguments:
        context = typer.Context(found, parent=context)
        found = found.get_command(context, name)  # type: ignore[attr-defined] # a group has commands
    page = get_docs_for_click(obj=found, ctx=context, indent=2, name=command.name, call_prefix="feedloop")
    page = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+", "", page)  # cut off there, and each follows with all it has
    return re.sub(r"\n{3,}", "\n\n", page.strip())


def _help(parser: ArgumentParser, arguments: tuple[str, ...]) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        parser.parse_args([*arguments, "--help"])
    return shown.getvalue()


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
