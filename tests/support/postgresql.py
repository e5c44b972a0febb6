"""A real PostgreSQL for tests: on loopback, in a folder of its own, gone afterwards.

A database that Label Studio has migrated, which takes a minute, is kept in build/ and copied.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from local.label_studio import migrated_database
from local.label_studio_server import confined, made_once, migrate
from local.stack import ROOT
from tests.support import logs, servers

_DEBIAN = Path("/usr/lib/postgresql")
_OWNERS = ("postgres", "nobody")
_USER = "labelstudio"


def find_programs() -> Path | None:
    """The folder with PostgreSQL's programs: that of PATH, or Debian's newest; None without both."""
    if initdb := shutil.which("initdb"):
        return Path(initdb).parent
    return max((path.parent for path in _DEBIAN.glob("*/bin/initdb")), key=_version, default=None)


@contextmanager
def postgresql(programs: Path) -> Iterator[Mapping[str, str]]:
    """A database with Label Studio's tables and nobody in it; the settings with which Label Studio finds it."""
    name = f"{migrated_database().name}-postgresql-{_version(programs)}"
    with _folder() as folder:
        shutil.copytree(made_once(ROOT / "build" / name, partial(_migrate, programs)), folder, dirs_exist_ok=True)
        _give_away(folder)
        with _serving(programs, folder, "immediate") as settings:
            yield settings


def _migrate(programs: Path, kept: Path) -> None:
    with _folder() as folder, TemporaryDirectory() as scratch:
        (folder / "password").write_text(token_hex(16))
        _give_away(folder)
        _run(programs / "initdb", folder, *_empty(folder))
        with _serving(programs, folder, "fast") as settings:
            migrate(Path(scratch), {**confined(os.environ), **settings})
        shutil.copytree(folder, kept, dirs_exist_ok=True)


@contextmanager
def _folder() -> Iterator[Path]:
    """Not below pytest's folder, nor in ours, which are closed to others."""
    with TemporaryDirectory(prefix="postgresql-") as name:
        yield Path(name)


@contextmanager
def _serving(programs: Path, folder: Path, end: str) -> Iterator[Mapping[str, str]]:
    (port,) = servers.free_ports(1)
    logs.watch(folder / "said")
    _run(programs / "pg_ctl", folder, "start", f"--options=-h 127.0.0.1 -p {port} -k ''")
    try:
        yield _settings(port, (folder / "password").read_text())
    finally:
        _run(programs / "pg_ctl", folder, "stop", f"--mode={end}")


def _version(programs: Path) -> int:
    version = subprocess.run([programs / "initdb", "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"\d+", version)[0])


def _empty(folder: Path) -> list[str]:
    access = ["--auth=scram-sha-256", f"--username={_USER}", f"--pwfile={folder / 'password'}"]
    return [*access, "--encoding=UTF8", "--no-locale", "--no-sync"]


def _settings(port: int, password: str) -> dict[str, str]:
    return {
        "DJANGO_DB": "default",
        "POSTGRE_NAME": "postgres",
        "POSTGRE_USER": _USER,
        "POSTGRE_PASSWORD": password,
        "POSTGRE_HOST": "127.0.0.1",
        "POSTGRE_PORT": str(port),
    }


def _owner() -> str | None:
    """Who runs the server: PostgreSQL refuses root."""
    return next(filter(_is_known, _OWNERS)) if os.geteuid() == 0 else None


def _is_known(user: str) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


def _give_away(folder: Path) -> None:
    if owner := _owner():
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, owner)


def _run(program: Path, folder: Path, *words: str) -> None:
    owner = _owner()
    group = pwd.getpwnam(owner).pw_gid if owner else None
    with (folder / "said").open("ab") as log:  # a pipe would stay open as long as the server
        done = subprocess.run(
            [program, f"--pgdata={folder / 'data'}", *words],
            cwd=folder,
            user=owner,
            group=group,
            extra_groups=[] if owner else None,
            stdout=log,
            stderr=log,
            check=False,
        )
    assert done.returncode == 0, (folder / "said").read_text()
