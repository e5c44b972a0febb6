"""scripts/check_seaweedfs.py takes no program for its makers' that it has not built itself.

The revision below is that of the wheel that is pinned: who pins another runs the script first, then writes it here.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.check_seaweedfs import main

WEED = Path(sys.executable).with_name("weed")
pytestmark = [
    pytest.mark.skipif(not WEED.exists(), reason="there is no wheel of SeaweedFS for this machine"),
    pytest.mark.skipif(not shutil.which("go"), reason="Go is not on PATH"),
]


def test_another_revision_is_no_proof(tmp_path, capsys):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *name, "commit", "-q", "--allow-empty", "-m", "4.48"], cwd=tmp_path, check=True)
    assert main([str(tmp_path)]) == 1
    assert "says it is built from 530be3e37337488ecc34d58441e0bc476e121c93" in capsys.readouterr().err


def test_a_program_that_tells_nothing_is_no_proof(tmp_path, capsys):
    assert main([str(tmp_path), "--weed", sys.executable]) == 1
    assert "Not shown" in capsys.readouterr().err
