"""Ports of tests, which run side by side in several processes."""

import subprocess
import sys

from tests.structure.repository import ROOT
from tests.support.servers import free_ports

MANY = 300
ASKED = f"from tests.support.servers import free_ports; print(*free_ports({MANY}), flush=True); input()"


def test_no_two_processes_are_given_the_same_port() -> None:
    command = (sys.executable, "-c", ASKED)
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = set(map(int, other.stdout.readline().split()))
        ours = {*free_ports(MANY), *free_ports(MANY)}
        other.communicate("\n")
    assert len(theirs) == MANY
    assert len(ours) == 2 * MANY
    assert not ours & theirs
