import re

from cli.commands import GROUPS, find
from scripts.cli_reference import reference
from tests.structure.repository import text, tracked


def test_the_page_of_commands_is_what_their_help_says_in_any_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert text("docs/cli.md") == reference(), "python -m scripts.cli_reference writes it"


def test_every_command_is_on_the_page():
    names = [command.name for commands in GROUPS.values() for command in commands]
    assert [name for name in names if f"\n### `feedloop {name}`\n" not in text("docs/cli.md")] == []


def test_pages_and_messages_name_commands_that_are_there():
    paths = [
        path
        for path in tracked("README.md", "docs/*.md", "training/*.py", "local/*.py", "web/texts")
        if "decisions" not in path.parts
    ]
    named = re.findall(
        r"(?:^|[`\"“„/:;] ?)feedloop ([a-z]+(?: [a-z]+)?)", "\n".join(path.read_text() for path in paths), re.MULTILINE
    )
    assert len(named) > 100
    assert [words for words in sorted(set(named)) if find(words.split()) is None] == []
