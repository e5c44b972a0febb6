import re

import pytest

from feedloop import http
from feedloop.domain import errors
from feedloop.domain.errors import FeedloopError
from tests.structure.repository import rows


def below(error):
    return [error, *(child for direct in error.__subclasses__() for child in below(direct))]


def drawn(error, depth=0):
    """A class tree as the docstring draws it: (depth, name) from top to bottom."""
    return [(depth, error.__name__), *(line for child in error.__subclasses__() for line in drawn(child, depth + 1))]


def test_the_drawn_tree_is_the_tree():
    lines = re.findall(r"^([│├└─ ]*)([A-Z]\w+)(?: .*)?$", errors.__doc__.partition("\n\n")[2], re.MULTILINE)
    assert [(len(indent) // 4, name) for indent, name in lines] == drawn(FeedloopError)


@pytest.mark.parametrize("error", [*below(errors.Refused)[1:], *below(errors.Unavailable)])
def test_every_error_that_a_caller_may_meet_has_a_status(error):
    assert error in http.STATUS


def test_errors_of_the_inside_have_no_status():
    assert {error for error in http.STATUS if not issubclass(error, (errors.Refused, errors.Unavailable))} == set()


def test_no_two_errors_share_a_problem_type():
    kinds = [kind for _, kind, _ in http.STATUS.values()]
    assert len(kinds) == len(set(kinds))


def test_the_documented_problems_are_those_of_the_code():
    documented = {(row[0], row[1].strip("`")) for row in rows("docs/functions.md") if row[0].isdigit()}
    assert documented == {(str(status), kind) for status, kind, _ in http.STATUS.values()}


def test_only_the_errors_file_defines_errors():
    assert {error.__module__ for error in below(FeedloopError)} == {errors.__name__}
