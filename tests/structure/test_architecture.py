"""What ARCHITECTURE.md says of the code is so: its files, where rules are, the sentences of contracts."""

import ast
import re
import tomllib

import pytest

from tests.structure.repository import ROOT, text

PAGE = text("ARCHITECTURE.md")


def table(title):
    """The rows of a section's first table, as cells."""
    section = PAGE.partition(f"\n## {title}")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


def defined(path):
    """The names that a file defines, its classes' own included."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return assigned | {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize(("rule", "places"), table("Where is the rule that"), ids=lambda cell: cell[:60])
def test_a_rule_is_where_the_page_says(rule, places):
    path, *names = re.findall(r"`([^`]+)`", places)
    assert (ROOT / path).exists(), rule
    assert set(names) <= (defined(ROOT / path) if names else set()), rule


def test_every_file_that_the_page_names_is_there():
    roots = "feedloop|functions|training|local|simulation|labelling|docs|web"
    named = set(re.findall(rf"`((?:{roots})/[\w./-]*)`", PAGE))
    assert len(named) > 30
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_contract_about_imports_has_its_sentence():
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    assert [cells[0] for cells in table("Which way imports go")] == [contract["name"] for contract in contracts]


def test_every_word_has_one_row():
    words = [word for cells in table("Words") for word in re.split(r", ", cells[0])]
    assert len(words) > 30
    assert sorted(set(words)) == sorted(words)


def test_what_a_function_reads_and_writes_is_told_of_every_function():
    functions = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}
    assert {cells[0] for cells in table("What each function reads and writes")} == functions
