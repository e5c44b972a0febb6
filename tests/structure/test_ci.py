"""What .ci/run asks of `make`, seen by a stand-in for it; another says that all Debian packages are there."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.structure.repository import ROOT

MAKE = """#!/bin/sh
echo "$@" >>"$ASKED"
for target; do [ "$target" != "$FAILS" ] || exit 2; done
"""
TARGETS = ("check", "audit", "minio", "test-training", "test")


@pytest.fixture
def ci(tmp_path: Path):
    """Run it, with one target that fails; its exit code, and what was asked line by line."""
    for name, script in (("make", MAKE), ("dpkg-query", "#!/bin/sh\necho install ok installed\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)

    def run(fails: str = "") -> tuple[int, list[list[str]]]:
        asked = tmp_path / "asked"
        asked.write_text("")
        path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
        env = {**os.environ, "PATH": path, "ASKED": str(asked), "FAILS": fails}
        done = subprocess.run([ROOT / ".ci/run"], env=env, check=False)
        return done.returncode, [line.split() for line in asked.read_text().splitlines()]

    return run


def test_ci_asks_for_everything_and_for_the_tests_last(ci):
    status, asked = ci()
    assert (status, asked[-1]) == (0, ["test"])
    assert {target for line in asked for target in line} >= {*TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_ci_fails_with_any_of_them_and_runs_the_others(ci, target):
    _, everything = ci()
    assert ci(fails=target) == (2, everything)
