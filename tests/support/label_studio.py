"""Real Label Studio servers for tests: on loopback, over a store, each with an empty database of its own.

Making a database costs as much as five starts: a migrated one is kept in build/ and copied. `make clean` removes it.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from secrets import token_hex

import requests

from feedloop import settings
from local.label_studio import PROGRAMS, migrated_database
from local.label_studio_server import CONFINED, confined, made_once, migrate
from local.stack import ROOT
from tests.support import logs, servers
from tests.support.servers import Server

_PATIENCE = 300.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """A running server that keeps everything in `folder`; `token` is a legacy one, which never expires."""

    folder: Path
    url: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def database(self) -> Path:
        """Where it has no other than its own SQLite."""
        return self.folder / "label_studio.sqlite3"

    def ask(self, method: str, path: str, **how: object) -> requests.Response:
        """One call of its HTTP interface."""
        headers = {"Authorization": f"Token {self.token}"}
        return requests.request(method, self.url + path, headers=headers, timeout=_PATIENCE, **how)  # type: ignore[arg-type]


@contextmanager
def label_studio(
    folder: Path, store: Server, *, port: int | None = None, database: Mapping[str, str] | None = None
) -> Iterator[LabelStudio]:
    """A server that keeps everything in `folder`; started again with the same folder it goes on where it was.

    Settings of another `database` than the SQLite in the folder may be given; its first start migrates it.
    """
    if not database and not (folder / "label_studio.sqlite3").exists():
        shutil.copytree(
            made_once(migrated_database(), partial(migrate, env=confined(os.environ))), folder, dirs_exist_ok=True
        )
    for _ in range(_ATTEMPTS):  # a port may be taken between our look and the server's: it would move on
        at = port or servers.free_ports(1)[0]
        server = LabelStudio(folder, f"http://127.0.0.1:{at}", "admin@example.org", *_credentials(folder))
        with _process(folder, server, store, database or {}) as process:
            if _becomes_usable(process, server):
                yield server
                return
    raise RuntimeError(f"Label Studio did not start; its log: {(folder / 'log').read_text()[-2000:]}")


def set_up(label_studio: LabelStudio, store: Server, prefix: str, folder: Path) -> None:
    """Run the operator's command for the buckets with this prefix, and show what it said when it failed."""
    done = labelling("setup", label_studio=label_studio, store=store, prefix=prefix, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def labelling(
    *words: str, label_studio: LabelStudio, store: Server, prefix: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """`python -m labelling`, as an operator runs it whose shell has a proxy and another project's cloud."""
    shell = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "AWS_PROFILE": "of another project"}
    env = {**os.environ, **shell, "PYTHONPATH": str(ROOT), **settings_for(label_studio, store, prefix, folder)}
    command = [str(PROGRAMS / "python"), "-m", "labelling", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def settings_for(label_studio: LabelStudio, store: Server, prefix: str, folder: Path) -> dict[str, str]:
    """The settings that the functions have; their secrets lie in `folder`."""
    secrets = {
        settings.S3_ACCESS_KEY: store.access_key,
        settings.S3_SECRET_KEY: store.secret_key,
        settings.LABEL_STUDIO_TOKEN: label_studio.token,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    given = {"S3_ENDPOINT": store.endpoint, "BUCKET_PREFIX": prefix, "LABEL_STUDIO_URL": label_studio.url}
    return {**given, "SECRETS_DIR": str(folder)}


def keep(label_studio: LabelStudio, copy: Path) -> Path:
    """Keep a copy of all that the server knows at the moment."""
    with closing(_opened(label_studio.database)) as database, closing(_opened(copy)) as kept:
        database.backup(kept)
    return copy


def put_back(label_studio: LabelStudio, copy: Path) -> None:
    """Let the running server know what it knew then, and nothing else; no number is given away twice."""
    with closing(_opened(label_studio.database)) as database, closing(_opened(copy)) as kept:
        given = database.execute("SELECT seq, name FROM sqlite_sequence").fetchall()
        kept.backup(database)
        with database:
            database.executemany("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", given)


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=_PATIENCE)


def _credentials(folder: Path) -> tuple[str, str]:
    """Password and token, kept beside the database: a later start cannot change them."""
    kept = folder / "credentials"
    if not kept.exists():
        kept.write_text(f"{token_hex(8)} {token_hex(20)}")
    password, token = kept.read_text().split()
    return password, token


@contextmanager
def _process(
    folder: Path, server: LabelStudio, store: Server, database: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(PROGRAMS / "label-studio"), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    env = {**os.environ, **_quiet(folder), **_identity(server), **_store(store), **database}
    logs.watch(folder / "log")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """At once: what it acknowledged is in its database."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _quiet(folder: Path) -> dict[str, str]:
    return {"LABEL_STUDIO_BASE_DATA_DIR": str(folder), **CONFINED}


def _identity(server: LabelStudio) -> dict[str, str]:
    return {
        "LABEL_STUDIO_HOST": server.url,
        "LABEL_STUDIO_PORT": server.url.rpartition(":")[2],
        "LABEL_STUDIO_USERNAME": server.username,
        "LABEL_STUDIO_PASSWORD": server.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
    }


def _store(store: Server) -> dict[str, str]:
    """By environment: so the guard against forged addresses stays on, and no key lies in the database."""
    return {
        "LABEL_STUDIO_S3_ENDPOINT": store.endpoint,
        "LABEL_STUDIO_AWS_ACCESS_KEY_ID": store.access_key,
        "LABEL_STUDIO_AWS_SECRET_ACCESS_KEY": store.secret_key,
    }


def _becomes_usable(process: subprocess.Popen[bytes], server: LabelStudio) -> bool:
    """Whether the server takes its own token before our patience or the process ends."""
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with suppress(requests.RequestException):
            if server.ask("GET", "/api/current-user/whoami").ok:
                return True
        time.sleep(0.1)
    return False
