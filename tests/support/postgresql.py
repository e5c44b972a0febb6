"""A real PostgreSQL for tests: on loopback, in a folder and with a password of its own, gone afterwards."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from tests.support import servers

_DEBIAN = Path("/usr/lib/postgresql")
_OWNERS = ("postgres", "nobody")
_USER = "labelstudio"


def find_programs() -> Path | None:
    """The folder with PostgreSQL's programs: that of PATH, or Debian's newest; None without both."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return max((path.parent for path in _DEBIAN.glob("*/bin/initdb")), key=_version, default=None)


@contextmanager
def postgresql(programs: Path) -> Iterator[Mapping[str, str]]:
    """An empty database; the settings with which Label Studio finds it."""
    with TemporaryDirectory(prefix="postgresql-") as name:  # not below pytest's folder, which is closed to others
        folder, port, password = Path(name), servers.free_ports(1)[0], token_hex(16)
        (folder / "password").write_text(password)
        _give_away(folder)
        _run(programs / "initdb", folder, *_empty(folder))
        _run(programs / "pg_ctl", folder, "start", f"--options=-h 127.0.0.1 -p {port} -k ''")
        try:
            yield _settings(port, password)
        finally:
            _run(programs / "pg_ctl", folder, "stop", "--mode=immediate")


def _version(programs: Path) -> int:
    return int(programs.parent.name)


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
        for path in (folder, folder / "password"):
            shutil.chown(path, owner)


def _run(program: Path, folder: Path, *words: str) -> None:
    owner = _owner()
    group = pwd.getpwnam(owner).pw_gid if owner else None
    with (folder / "said").open("ab") as said:  # a pipe would stay open as long as the server
        done = subprocess.run(
            [program, f"--pgdata={folder / 'data'}", *words],
            cwd=folder,
            user=owner,
            group=group,
            extra_groups=[] if owner else None,
            stdout=said,
            stderr=said,
            check=False,
        )
    assert done.returncode == 0, (folder / "said").read_text()
