"""A file takes time and memory by its length, whatever it is made of, and no more than a photo does."""

import json
import subprocess
import sys

import pytest

from tests.structure.repository import ROOT
from tests.support import costs

MOST_SECONDS, MOST_MEBIBYTES = 0.5, 100

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells what a process ever held")


@pytest.fixture(scope="module")
def measured():
    command = [sys.executable, "-m", "tests.support.costs"]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120).stdout)


@pytest.mark.parametrize("name", costs.CASES)
def test_twice_as_long_takes_twice_as_much_and_little(measured, name):
    (short, _), (long, mebibytes) = measured[name]
    assert long <= 3 * short + 0.05
    assert long <= MOST_SECONDS
    assert mebibytes <= MOST_MEBIBYTES
