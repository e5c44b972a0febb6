"""A function's image without Docker: laid out as faas-cli does it, installed and started as its Dockerfile says."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from local import stack as local_stack
from tests.local.system import until
from tests.structure.repository import ROOT
from tests.support.servers import free_ports

HOME = "/home/app"
STACKS = ("stack.yml", "deploy/seaweedfs/stack.yml")
SKIPPED = shutil.ignore_patterns("build", "template", "__pycache__")
PATIENCE = 60


def stack(path: str = STACKS[0], **environment: str) -> dict[str, Any]:
    """A stack file as faas-cli reads it, with no other variable set."""
    document: dict[str, Any] = yaml.safe_load(local_stack.substituted((ROOT / path).read_text(), environment))
    return document


def described() -> dict[str, dict[str, Any]]:
    """Every function that can be deployed, with what its stack says about it and what is copied beside it."""
    documents = [stack(path) for path in STACKS]
    return {
        name: {**function, "copy": document["configuration"]["copy"]}
        for document in documents
        for name, function in document["functions"].items()
    }


def image_environment(template: Path, function: str) -> dict[str, str]:
    """What ENV says in the Dockerfile."""
    joined = (template / "Dockerfile").read_text().replace("\\\n", " ")
    words = [word for line in joined.splitlines() if line.startswith("ENV ") for word in shlex.split(line)[1:]]
    return dict(word.replace("${FUNCTION}", function).split("=", 1) for word in words)


@dataclass(frozen=True, slots=True)
class Image:
    """One function, ready to start."""

    name: str
    context: Path
    environment: Mapping[str, str]

    @contextmanager
    def started(self, deployment: Mapping[str, str], **more: str) -> Iterator["Container"]:
        """A container of it: nothing of our own environment reaches it. It may not be ready yet."""
        (port,) = free_ports(1)
        where = {"upstream_url": f"http://127.0.0.1:{port}"}
        environment = {**self.environment, **deployment, **where, **more}
        with (self.context / f"log-{port}").open("w+") as log:
            command = environment["fprocess"].split()
            process = subprocess.Popen(  # in a session of its own, so that a stuck worker is ended, too
                command, cwd=self.context, env=environment, stdout=log, stderr=log, start_new_session=True
            )
            try:
                yield Container(process, f"http://127.0.0.1:{port}", Path(log.name))
            finally:
                with suppress(ProcessLookupError):  # it left by itself
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass(frozen=True, slots=True)
class Container:
    """A started function."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def listens(self) -> bool:
        """Whether it answers at all."""
        return self._readiness() != 0

    def serves(self) -> bool:
        """Whether it says that it is ready."""
        return self._readiness() == 200

    def until_ready(self) -> "Container":
        """Wait for that."""
        until(self.serves, "the function is ready")
        return self

    def end(self) -> int:
        """How it left by itself, with everything that it had begun."""
        return self.process.wait(timeout=PATIENCE)

    def _readiness(self) -> int:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(f"{self.url}/_/ready", timeout=PATIENCE).status_code
        except requests.ConnectionError:
            return 0


def build(name: str, context: Path, *, python: Path) -> Image:
    """What `faas-cli build` and `docker build` do, but for the packages: those of `python` are used."""
    function = described()[name]
    template = ROOT / "template" / function["lang"]
    shutil.copytree(template, context)
    shutil.copytree(ROOT / function["handler"], context / "function", ignore=SKIPPED, dirs_exist_ok=True)
    for extra in function["copy"]:
        _copy(ROOT / extra, context / "function" / extra)
    (context / "venv").symlink_to(python.parents[1])
    return Image(name, context, _environment(template, name, function, context))


def requirements(name: str) -> str:
    """All that an image installs, the function's own packages and the template's."""
    function = described()[name]
    paths = (ROOT / "template" / function["lang"], ROOT / function["handler"])
    return "".join((path / "requirements.txt").read_text() for path in paths)


def installed(asked: str, folder: Path) -> Path:
    """The Python of an environment with these requirements and no others."""
    uv = str(Path(sys.executable).with_name("uv"))
    (folder / "requirements.txt").write_text(asked)
    for arguments in (
        ["venv", "--quiet", "venv"],
        ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", "requirements.txt"],
    ):
        environment = {**os.environ, "VIRTUAL_ENV": str(folder / "venv")}
        subprocess.run([uv, *arguments], cwd=folder, env=environment, check=True)
    return folder / "venv" / "bin" / "python"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=SKIPPED)
    else:
        shutil.copyfile(source, target)


def _environment(template: Path, name: str, function: dict[str, Any], context: Path) -> dict[str, str]:
    image = image_environment(template, name)
    asked = yaml.safe_load((template / "template.yml").read_text())
    given = {**image, **function["environment"], "fprocess": function.get("fprocess") or asked["fprocess"]}
    own = {variable: str(value).replace(HOME, str(context)) for variable, value in given.items()}
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # the Dockerfile compiles everything; here, a first start does
    return {**own, **compiled, "PATH": os.pathsep.join((str(context / "venv" / "bin"), os.defpath))}
