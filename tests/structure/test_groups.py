"""A group of tests is one worker's."""

import re
import subprocess
import sys
from collections import defaultdict

import pytest

from tests.structure.repository import ROOT

FILES = ("tests/structure/test_audit.py", "tests/structure/test_errors.py", "tests/structure/test_pages.py")


@pytest.mark.slow("runs pytest with two workers")
def test_a_worker_gets_the_whole_of_a_file():
    side_by_side = ["-n", "2", "--dist", "loadgroup", "--verbose", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *side_by_side, *FILES]
    said = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout
    workers = defaultdict(set)
    for worker, file in re.findall(r"^\[(gw\d)\].*PASSED (\S+?)::", said, re.MULTILINE):
        workers[file].add(worker)
    assert sorted(workers) == sorted(FILES), said
    assert [len(found) for found in workers.values()] == [1, 1, 1], workers
