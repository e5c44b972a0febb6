"""A store that workers share ends with their run."""

import shutil
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.local.system import until
from tests.structure.repository import ROOT

KILLED = """
import os, signal
from tests.support import shared
with shared.run():
    print(os.environ[shared.RUN], shared.store("seaweedfs").endpoint, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.store
@pytest.mark.slow("starts a store in a run of its own")
def test_no_store_outlives_a_run_that_is_killed():
    said = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, check=False, capture_output=True, text=True)
    folder, endpoint = said.stdout.split()
    until(lambda: not answers(endpoint), "the store has ended")
    shutil.rmtree(folder, ignore_errors=True)  # the store, which ends, deletes files of it as well


def answers(endpoint):
    """Whether anybody listens there."""
    url = urlsplit(endpoint)
    with socket.socket() as probe:
        return probe.connect_ex((url.hostname, url.port)) == 0
