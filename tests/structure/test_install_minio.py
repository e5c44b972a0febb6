"""`make minio` has the pinned MinIO in the user's cache, whole or not at all. A stand-in for Go builds it here."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local.minio_program import CHECKSUM, MODULE, VERSION
from tests.local.system import until
from tests.structure.repository import ROOT

GO = f"""#!/bin/sh
echo "$1" >>"$CALLS"
case "$1 $2 $3" in
  "env GOVERSION ") echo "$GO_SAYS" ;;
  "mod download -json") [ "$4" = "{MODULE}@{VERSION}" ] && echo "{{\\"Sum\\": \\"$SUM\\", \\"Dir\\": \\"$PWD\\"}}" ;;
  "build -mod=readonly -trimpath")
    while [ "$1" != -o ]; do shift; done
    printf "#!/bin/sh\\n" >"$2"
    [ -z "$STUCK" ] || exec /bin/sleep 600
    echo "exit $BROKEN" >>"$2" && /bin/chmod +x "$2" ;;
esac
"""
USUAL = {"GO_SAYS": "go1.24.1", "SUM": CHECKSUM, "STUCK": "", "BROKEN": "0"}


class Machine:
    """A user's machine: a cache, and what is on PATH."""

    def __init__(self, folder: Path) -> None:
        self._calls, self._told = folder / "calls", folder / "told"
        self._path, self._cache = folder / "path", folder / "cache"
        self._path.mkdir()
        self.kept = self._cache / f"feedloop/minio-{VERSION}/minio"

    def has_go(self) -> None:
        (self._path / "go").write_text(GO)
        (self._path / "go").chmod(0o755)

    def installing(self, **otherwise: str) -> psutil.Popen:
        nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self._path)}
        ours = {"PATH": str(self._path), "XDG_CACHE_HOME": str(self._cache), "CALLS": str(self._calls)}
        env = {**os.environ, **nowhere, **ours, **USUAL, **otherwise}
        command = [sys.executable, "-m", "scripts.install_minio"]
        with self._told.open("w") as told:
            return psutil.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=told)

    def install(self, **otherwise: str) -> tuple[int, str]:
        status = self.installing(**otherwise).wait(60)
        return status, self._told.read_text()

    def calls(self) -> list[str]:
        return self._calls.read_text().split() if self._calls.exists() else []

    def built(self) -> list[Path]:
        """What lies about, the lock apart."""
        return [path for path in self._cache.rglob("*") if path.is_file() and path.name != "lock"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_built_is_kept_and_nothing_else(machine):
    machine.has_go()
    assert machine.install() == (0, "")
    assert (machine.built(), os.access(machine.kept, os.X_OK)) == ([machine.kept], True)


def test_what_is_kept_needs_no_go(machine):
    machine.kept.parent.mkdir(parents=True)
    machine.kept.write_text("#!/bin/sh\n")
    machine.kept.chmod(0o755)
    assert machine.install() == (0, "")


def test_another_checksum_is_refused(machine):
    machine.has_go()
    status, told = machine.install(SUM="h1:another=")
    assert (status, machine.built(), "build" in machine.calls()) == (1, [], False)
    assert f"has the checksum h1:another=, and is pinned to {CHECKSUM}" in told


@pytest.mark.parametrize("version", ["go1.23.9", "devel"])
def test_an_old_go_is_not_used(machine, version):
    machine.has_go()
    assert machine.install(GO_SAYS=version)[0] == 1
    assert machine.calls() == ["env"]


def test_who_has_no_go_and_cannot_get_it_is_told_how(machine):
    status, told = machine.install()
    assert (status, "Install Go" in told, "Traceback" in told) == (1, True, False)


def test_what_does_not_run_is_not_kept(machine):
    machine.has_go()
    status, told = machine.install(BROKEN="3")
    assert (status, machine.built(), "minio --version failed" in told) == (1, [], True)


def test_a_build_killed_half_way_leaves_nothing_to_the_next(machine):
    machine.has_go()
    killed = machine.installing(STUCK="yes")
    until(machine.built, "the build has begun to write")
    for process in (killed, *killed.children(recursive=True)):
        process.kill()
    killed.wait(60)
    assert not machine.kept.exists()
    assert machine.install() == (0, "")
    assert machine.built() == [machine.kept]


def test_of_two_at_once_one_builds(machine):
    machine.has_go()
    both = [machine.installing() for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert machine.calls().count("build") == 1


@pytest.mark.parametrize("half", ["nothing", "no right to run", "a folder"])
def test_what_is_no_program_is_built_anew(machine, half):
    machine.has_go()
    machine.kept.parent.mkdir(parents=True)
    machine.kept.mkdir() if half == "a folder" else machine.kept.write_text("" if half == "nothing" else "half")
    assert machine.install() == (0, "")
    assert os.access(machine.kept, os.X_OK)
    assert machine.kept.is_file()
