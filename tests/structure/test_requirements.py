import os
import re
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import packages_distributions

import pytest

from tests.structure.repository import REQUIREMENTS, ROOT, SETS, rows, text, tracked

APART = ROOT / "requirements/label-studio.txt"
"""Label Studio pins what the rest does not, and lives in an environment of its own."""

PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", re.MULTILINE)


def canonical(package):
    return re.sub(r"[-_.]+", "-", package).lower()


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.fixture(params=REQUIREMENTS, ids=name_of)
def pins(request):
    return request.param.read_text()


def test_every_set_is_pinned_from_its_source():
    sources = [path for pattern in SETS for path in ROOT.glob(f"{pattern}.in")]
    assert sorted(source.with_suffix(".txt") for source in sources) == REQUIREMENTS


def test_requirements_name_no_address(pins):
    assert re.findall(r"https?:|://|^-", pins, re.MULTILINE) == []


def test_every_package_is_pinned_with_hashes(pins):
    blocks = [block for block in re.split(r"^(?=\S)", pins, flags=re.MULTILINE) if block.strip()]
    assert [block for block in blocks if not PINNED.match(block) or "--hash=sha256:" not in block] == []


def test_all_sets_pin_the_same_versions():
    versions = defaultdict(set)
    for path in {*REQUIREMENTS} - {APART}:
        for package, version in PINNED.findall(path.read_text()):
            versions[package].add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_no_file_chooses_a_package_index():
    options = re.compile(r"--(extra-)?index-" + r"url|--find-" + r"links|--trusted-" + r"host")
    texts = [path for path in tracked() if path.suffix in {"", ".md", ".py", ".toml", ".txt", ".in", ".yml", ".cfg"}]
    assert [name_of(path) for path in texts if options.search(path.read_text(errors="replace"))] == []


def test_the_table_of_packages_tells_the_truth():
    told = {row[0].strip("`"): row[1] for row in rows("README.md") if len(row) == 3 and row[0].startswith("`")}
    wanted = "".join(path.read_text() for path in tracked("*.in")).lower()
    here = {package: re.findall(r"`([^`]+)`", where) for package, where in told.items() if "not in this" not in where}
    assert set(here) >= {"flask", "obstore", "boto3"}
    assert [package for package in here if not re.search(rf"^{package}\b", wanted, re.MULTILINE)] == []
    assert [path for paths in here.values() for path in paths if not (ROOT / path).exists()] == []


def test_the_tests_of_training_import_nothing_that_training_does_not_install():
    installed = {package for package, _ in PINNED.findall(text("requirements/train.txt"))}
    elsewhere = [name for name, owners in packages_distributions().items() if not {*map(canonical, owners)} & installed]
    collect = f"""
import sys
sys.modules.update(dict.fromkeys({sorted(elsewhere)!r}))
import pytest
sys.exit(pytest.main(["--collect-only", "--quiet", "-p", "no:cacheprovider", "tests/training"]))
"""
    quiet = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", collect], cwd=ROOT, env=quiet, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
