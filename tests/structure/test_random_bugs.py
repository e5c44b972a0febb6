import ast
from pathlib import Path

import pytest

from scripts import random_bugs
from scripts.mutants import mutants
from tests.structure.repository import ROOT

SOURCE = b'''
def first(things, most=10, *, strict=False):
    """Those in order."""
    if not things:
        raise ValueError("nothing")
    log.event("asked", most=most)
    return [thing for thing in sorted(things, reverse=strict) if thing > 0][:most]
'''


@pytest.fixture(scope="module")
def changes():
    return random_bugs.every()


def test_changes_are_those_that_a_caller_may_notice():
    found = {(one.kind, SOURCE[one.start : one.end].decode(), one.new) for one in mutants(Path("m.py"), SOURCE)}
    assert found >= {
        ("constant", "10", "11"),
        ("constant", "False", "True"),
        ("guard", "not things", "False"),
        ("filter", "thing > 0", "True"),
        ("comparison", "thing > 0", "(thing >= 0)"),
        ("default", "sorted(things, reverse=strict)", "(sorted(things))"),
    }
    assert not any("asked" in new or "nothing" in new for kind, _, new in found if kind != "deleted")


def test_every_change_is_another_program(changes):
    sources = {one.path: (ROOT / one.path).read_bytes() for one in changes[::25]}
    same = [
        one
        for one in changes[::25]
        if ast.dump(ast.parse(one.text(source := sources[one.path]))) == ast.dump(ast.parse(source))
    ]
    assert same == []


def test_a_harmless_change_is_one_that_could_be_drawn_and_has_a_reason(changes):
    possible = {one.named((ROOT / one.path).read_bytes()) for one in changes}
    assert [name for name in random_bugs.harmless() if not any(one.startswith(name) for one in possible)] == []
    assert all(random_bugs.harmless().values())
