"""Real Label Studio servers for tests: on loopback, over a store, each with an empty database of its own.

The first start of a database takes a minute: a migrated one is kept in build/ and copied. `make clean` removes it.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import requests

from feedloop import settings
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from local.label_studio_server import CONFINED
from tests.support import servers
from tests.support.servers import Server

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".venv-label-studio/bin"
_PINS = ROOT / "requirements/label-studio.txt"
_PATIENCE = 120.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """A running server; `token` is a legacy one, which never expires."""

    url: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)

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
        shutil.copytree(_migrated(), folder, dirs_exist_ok=True)
    for _ in range(_ATTEMPTS):  # a port may be taken between our look and the server's: it would move on
        at = port or servers.free_ports(1)[0]
        server = LabelStudio(f"http://127.0.0.1:{at}", "admin@example.org", *_credentials(folder))
        with _process(folder, server, store, database or {}) as process:
            if _becomes_usable(process, server):
                yield server
                return
    raise RuntimeError(f"Label Studio did not start; its log: {(folder / 'log').read_text()[-2000:]}")


def set_up(desk: LabelStudio, store: Server, prefix: str, folder: Path) -> None:
    """Run the operator's command for the buckets with this prefix, and show what it said when it failed."""
    done = labelling("setup", desk=desk, store=store, prefix=prefix, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def labelling(
    *words: str, desk: LabelStudio, store: Server, prefix: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """`python -m labelling`, as an operator runs it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **settings_for(desk, store, prefix, folder)}
    command = [str(PROGRAMS / "python"), "-m", "labelling", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def settings_for(desk: LabelStudio, store: Server, prefix: str, folder: Path) -> dict[str, str]:
    """The settings that the functions have; their secrets lie in `folder`."""
    secrets = {
        settings.S3_ACCESS_KEY: store.access_key,
        settings.S3_SECRET_KEY: store.secret_key,
        settings.LABEL_STUDIO_TOKEN: desk.token,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    given = {"S3_ENDPOINT": store.endpoint, "BUCKET_PREFIX": prefix, "LABEL_STUDIO_URL": desk.url}
    return {**given, "SECRETS_DIR": str(folder)}


def empty(desk: LabelStudio) -> None:
    """Delete every project, for a test that begins with none."""
    projects = [project["id"] for project in desk.ask("GET", "/api/projects?page_size=1000").json()["results"]]
    for project in projects[:1]:
        _delete_an_annotation(desk, project)
    for project in projects:
        desk.ask("DELETE", f"/api/projects/{project}").raise_for_status()


def _delete_an_annotation(desk: LabelStudio, project: int) -> None:
    """Else the server may learn while it deletes a project, and never forget, that nobody listens to deletions."""
    task = desk.ask("POST", f"/api/projects/{project}/import?return_task_ids=true", json=[{"data": {"image": "x"}}])
    (number,) = task.json()["task_ids"]
    made = desk.ask("POST", f"/api/tasks/{number}/annotations/", json={"result": []})
    desk.ask("DELETE", f"/api/annotations/{made.json()['id']}/").raise_for_status()
    desk.ask("DELETE", f"/api/tasks/{number}/").raise_for_status()


def prefix_of(store: S3Store) -> str:
    """The bucket prefix of a store."""
    return store.url(keys.models()).removeprefix("s3://").removesuffix(f"{keys.MODELS}/")


def _migrated() -> Path:
    """A folder with a database that has all tables and nobody in it, made once for each pinned version."""
    (version,) = re.findall(r"^label-studio==(\S+)", _PINS.read_text(), re.MULTILINE)
    ready = ROOT / "build" / f"label-studio-{version}"
    if not ready.exists():
        ready.parent.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=ready.parent) as folder:
            _run_once(Path(folder, "made"), "version")
            with suppress(OSError):  # another run was faster
                Path(folder, "made").rename(ready)
    return ready


def _run_once(folder: Path, command: str) -> None:
    folder.mkdir()
    env = {**os.environ, **_quiet(folder)}
    done = subprocess.run([PROGRAMS / "label-studio", command], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / ".env").unlink(missing_ok=True)  # it holds the key that signs sessions: each server has its own


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
