"""What is asked of tests that start servers, and what failed ones show."""

import subprocess
import sys

from tests.structure.repository import ROOT

SERVER = """
import pytest
from tests.support import logs

def start(folder):
    logs.watch(folder / "log")
    with (folder / "log").open("a") as log:
        print("a line of", folder.name, file=log)
"""


def said(folder, tests):
    """What pytest says of these tests."""
    (folder / "test_of_servers.py").write_text(SERVER + tests)
    plugin = ("-p", "tests.support.logs", "-c", "/dev/null", "-W", "ignore")
    command = [sys.executable, "-m", "pytest", *plugin, str(folder)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout


def test_a_test_that_starts_a_server_of_its_own_says_why(tmp_path):
    told = said(tmp_path, "def test_it(tmp_path):\n    start(tmp_path)\n")
    assert "1 failed" in told
    assert "it starts 1 servers of its own" in told


def test_who_says_why_may_start_one(tmp_path):
    assert "1 passed" in said(tmp_path, "@pytest.mark.slow('kills it')\ndef test_it(tmp_path):\n    start(tmp_path)\n")


def test_a_server_of_many_tests_is_nobodys_own_whoever_asks_first(tmp_path):
    fixtures = """
@pytest.fixture(scope="session")
def server(tmp_path_factory):
    start(tmp_path_factory.mktemp("server"))

@pytest.fixture
def asks(request):
    request.getfixturevalue("server")

def test_it(asks):
    pass
"""
    assert "1 passed" in said(tmp_path, fixtures)


def test_a_failed_test_shows_what_its_servers_wrote_since_it_began(tmp_path):
    tests = """
@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    start(folder)
    return folder

def test_before(folder):
    assert (folder / "log").write_text("a line of old\\n")

@pytest.mark.slow("fails")
def test_it(folder, tmp_path):
    start(tmp_path)
    assert False
"""
    told = said(tmp_path, tests)
    assert "a line of test_it0" in told
    assert "a line of old" not in told
