from cli.commands import GROUPS
from scripts.cli_reference import reference
from tests.structure.repository import text


def test_the_page_of_commands_is_what_their_help_says_in_any_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert text("docs/cli.md") == reference(), "python -m scripts.cli_reference writes it"


def test_every_command_is_on_the_page():
    names = [command.name for commands in GROUPS.values() for command in commands]
    assert [name for name in names if f"\n### `feedloop {name}`\n" not in text("docs/cli.md")] == []
