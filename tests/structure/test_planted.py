import os
import shlex
import subprocess

import pytest

from scripts import plant_bugs
from tests.structure.repository import ROOT


@pytest.fixture(params=plant_bugs.PATCHES, ids=lambda patch: patch.stem)
def patch(request):
    return request.param


def test_a_planted_bug_says_what_is_wrong(patch):
    first = patch.read_text().partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")


def test_the_tests_that_are_to_catch_a_planted_bug_are_there(patch):
    named = [word for word in shlex.split(plant_bugs.tests_of(patch)) if word.startswith("tests/")]
    assert named != []
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_planted_bug_still_fits_the_code(patch):
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(ROOT.parent)}
    command = ["git", "apply", "--check", "--whitespace=nowarn", str(patch)]
    done = subprocess.run(command, cwd=ROOT, env=outside, check=False, capture_output=True, text=True)
    assert done.stderr == ""
