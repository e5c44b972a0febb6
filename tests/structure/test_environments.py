"""An environment that cannot be used is made anew by the next `make`. Stand-ins make and fill them here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import environments
from tests.local.system import until
from tests.structure.repository import ROOT

INSIDE = """#!/bin/sh
# the Python of an environment; asked what it is, it says so, and while INTERRUPT is set Ctrl-C comes when it installs
case "$*" in *version_info*) echo 3 11;; *install*) [ -z "$INTERRUPT" ] || kill -INT 0;; esac
"""
MAKER = """#!/bin/sh
# makes environments; while HALF is set, Ctrl-C comes before the last step
if [ "$2" != venv ]; then exec "$REAL" "$@"; fi
mkdir -p "$3/bin" && cp "$INSIDE" "$3/bin/python"
printf 'command = /usr/bin/python3 -m venv %s\\n' "$PWD/$3" >"$3/pyvenv.cfg"
[ -z "$HALF" ] || kill -INT 0
echo made >>made
"""
ENV = ".venv-train"


@pytest.fixture
def project(tmp_path):
    home = tmp_path / "a project of Jörg's, 100 $"
    for file in ("Makefile", "scripts/environments.py"):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, home / file)
    (home / "requirements").mkdir()
    for name in ("lock", "train"):
        (home / "requirements" / f"{name}.txt").write_text("")
    for name, text in (("inside", INSIDE), ("maker", MAKER)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return home


def make(project: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """What `make demo` needs first; the shell has settings of another Python."""
    tools = {"REAL": sys.executable, "INSIDE": str(project.parent / "inside")}
    shell = {"PYTHONHOME": "/nowhere", "PYTHONSAFEPATH": "1", "PIP_USER": "1"}
    return subprocess.run(
        ["make", f"PYTHON={project.parent / 'maker'}", f"{ENV}/train.stamp"],
        cwd=project,
        env={"PATH": os.environ["PATH"], **tools, **shell, **more},
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )


def made(project: Path) -> int:
    """How many environments have been made."""
    return len((project / "made").read_text().splitlines()) if (project / "made").exists() else 0


@pytest.mark.parametrize("when", ["HALF", "INTERRUPT"])
def test_after_ctrl_c_the_next_make_begins_anew(project, when):
    assert make(project, **{when: "1"}).returncode != 0
    before = made(project)
    again = make(project)
    assert again.returncode == 0, again.stderr
    assert "is half made: it is made anew" in again.stderr
    assert made(project) > before
    assert (project / ENV / "train.stamp").exists()


def a_file(project: Path) -> None:
    shutil.rmtree(project / ENV)
    (project / ENV).write_text("the name of another program's environment")


def a_link_to_nowhere(project: Path) -> None:
    shutil.rmtree(project / ENV)
    (project / ENV).symlink_to(project / "nowhere")


def no_interpreter(project: Path) -> None:
    python = project / ENV / "bin/python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.9-that-was-removed")


def another_python(project: Path) -> None:
    (project / ENV / "bin/python").write_text("#!/bin/sh\necho No module named pip >&2; exit 1\n")


def an_old_python(project: Path) -> None:
    (project / ENV / "bin/python").write_text("#!/bin/sh\necho 3 10\n")


def nothing(project: Path) -> None:
    shutil.rmtree(project / ENV)


@pytest.mark.parametrize("happens", [a_file, a_link_to_nowhere, no_interpreter, another_python, an_old_python, nothing])
def test_what_cannot_be_used_is_made_anew(project, happens):
    assert make(project).returncode == 0
    before = made(project)
    happens(project)
    again = make(project)
    assert (again.returncode, made(project) > before) == (0, True), again.stderr
    assert "Traceback" not in again.stderr


def test_in_a_moved_folder_it_is_made_anew(project):
    assert make(project).returncode == 0
    elsewhere = project.rename(project.parent / "moved")
    assert "was made in another folder: it is made anew" in make(elsewhere).stderr
    assert made(elsewhere) == 4


def test_what_can_be_used_stays(project):
    for _ in range(2):
        assert make(project).returncode == 0
    assert made(project) == 2  # this one and the one that everybody needs
    assert make(project).stderr == ""


def test_an_environment_finds_us_without_the_working_folder(project):
    packages = project / ENV / "lib/python3.11/site-packages"
    assert make(project).returncode == 0
    packages.mkdir(parents=True)
    assert make(project).returncode == 0
    (told,) = packages.iterdir()
    run = f"import sys; {told.read_text()}print(sys.path[-1])"
    for flags, found in ((["-P"], str(project)), ([], "")):
        said = subprocess.run([sys.executable, *flags, "-c", run], capture_output=True, text=True, check=True)
        assert (said.stdout.strip() == found) == bool(found)


def test_what_another_make_fills_stays(project):
    assert make(project).returncode == 0
    (project / "make").symlink_to(shutil.which("sleep") or "sleep")
    unfinished = project / ENV / "train.stamp.unfinished"
    with subprocess.Popen([project / "make", "60"]) as another:
        unfinished.write_text(str(another.pid))
        until(lambda: "make" in Path(f"/proc/{another.pid}/comm").read_text(), "it has its own name")
        found = environments.fault(project / ENV)
        another.kill()
    assert found == ""
    for number in (another.pid, os.getpid(), 4194304999, ""):  # gone; somebody else's by now; nobody's; cut off
        unfinished.write_text(f"{number}\n")
        assert environments.fault(project / ENV) == "is half made"


def test_the_python_that_somebody_chose_is_the_one(project):
    assert make(project).returncode == 0
    assert environments.fault(project / ENV, (3, 11)) == ""
    assert environments.fault(project / ENV, (3, 12)) == "has Python 3.11"
