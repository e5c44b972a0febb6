"""The build of predict that can serve torch models: chosen by a build argument, and only then there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from feedloop.domain.cards import TORCH
from tests.local.system import until
from tests.structure.repository import REQUIREMENTS, ROOT
from tests.support import swaps
from tests.support.uploads import clear_upload
from tests.template.images import build, stack

TRAINING = ROOT / ".venv-train/bin/python"
"""Torch takes 5 GB: the environment that has it stands in for the image's."""
OPTION = "requirements-torch.txt"
SAVE = "import pathlib, sys; from tests.support.networks import food11; food11(pathlib.Path(sys.argv[1]))"


def build_argument(**environment):
    """Which packages the stack asks for, in the operator's environment."""
    return stack(**environment)["functions"]["predict"]["build_args"]["REQUIREMENTS"]


def test_torch_is_in_no_image_but_by_the_build_option():
    having = [path for path in REQUIREMENTS if re.search(r"^torch==", path.read_text(), re.MULTILINE)]
    assert [str(path.relative_to(ROOT)) for path in having if path.parent.name != "requirements"] == [
        f"functions/predict/{OPTION}"
    ]


def test_the_option_chooses_a_set_that_is_there():
    assert build_argument() == "requirements.txt"
    assert build_argument(PREDICT_REQUIREMENTS=OPTION) == OPTION
    assert (ROOT / "functions/predict" / OPTION).exists()


def test_the_image_installs_what_the_option_says():
    lines = (ROOT / "template/python3-feedloop/Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("ARG REQUIREMENTS=")] == ["ARG REQUIREMENTS=requirements.txt"]
    assert sum("function/${REQUIREMENTS}" in line for line in lines) == 2


@pytest.mark.slow("asks the package index about torch")
def test_everything_in_its_set_can_be_had_with_the_pinned_hashes(tmp_path):
    uv, environment = str(Path(sys.executable).with_name("uv")), {**os.environ, "VIRTUAL_ENV": str(tmp_path / "venv")}
    sets = [
        word
        for path in (f"functions/predict/{OPTION}", "template/python3-feedloop/requirements.txt")
        for word in ("-r", path)
    ]
    subprocess.run([uv, "venv", "--quiet", tmp_path / "venv"], check=True)
    ask = [uv, "pip", "install", "--quiet", "--dry-run", "--no-deps", "--require-hashes", *sets]
    subprocess.run(ask, cwd=ROOT, env=environment, check=True)


@pytest.mark.slow("imports torch in every process")
@pytest.mark.store
@pytest.mark.skipif(not (TRAINING.parent / "granian").exists(), reason="no torch here: make test-training installs it")
def test_a_torch_release_is_served_by_the_templates_entry_point(deployment, store, tmp_path):
    subprocess.run([TRAINING, "-c", SAVE, tmp_path], cwd=ROOT, check=True)
    version = swaps.publish(store, (tmp_path / "food11.pth").read_bytes(), format=TORCH)
    with build("predict", tmp_path / "image", python=TRAINING).started(deployment, workers="1") as container:
        until(container.serves, "torch is imported and the model has answered", 300)
        response = requests.post(container.url, data=clear_upload(), timeout=60)
        assert (response.status_code, response.json()["model"]["version"]) == (200, version), container.log.read_text()
