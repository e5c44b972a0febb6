"""Whoever builds an image, with whatever umask: the user of the image reads all of it."""

import subprocess
import sys
from pathlib import Path

from tests.structure.repository import ROOT

DOCKERFILE = ROOT / "template" / "python3-feedloop" / "Dockerfile"


def test_an_image_built_under_a_strict_umask_can_be_read_by_its_user(tmp_path: Path) -> None:
    package = tmp_path / "function" / "feedloop"
    package.mkdir(parents=True, mode=0o700)
    for path in (tmp_path / "index.py", package / "__init__.py", tmp_path / "function" / "stack.yml"):
        path.touch(mode=0o600)
    (package.parent).chmod(0o700)
    lines = DOCKERFILE.read_text().replace("\\\n", " ").splitlines()
    last_copy = max(number for number, line in enumerate(lines) if line.startswith("COPY"))
    for line in lines[last_copy : lines.index("USER 10001")]:
        if line.startswith("RUN "):
            command = line.removeprefix("RUN ").replace("python ", f"{sys.executable} ", 1)
            subprocess.run(command, cwd=tmp_path, shell=True, check=True)
    found = list(tmp_path.rglob("*"))
    assert [path for path in found if path.suffix == ".pyc"]
    closed = [path for path in found if path.stat().st_mode & (0o055 if path.is_dir() else 0o044) == 0]
    assert closed == []
