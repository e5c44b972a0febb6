"""Our own Label Studio: makes its database once, then becomes its server.

Needs LABEL_STUDIO_URL, LABEL_STUDIO_KEYS, S3_ENDPOINT, S3_REGION and SECRETS_DIR. Nothing else of our environment
reaches it: it takes many a variable for a setting of its own, also the store's first keys. Its keys to the store
are not in its database.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from feedloop import settings
from local import ports, processes
from local.label_studio import KEYS, NAME, PASSWORD, PROGRAMS, USERNAME, data, migrated_database
from local.locks import exclusive
from local.settings import HOST

_PROGRAM = PROGRAMS / NAME
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
CONFINED = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "DEBUG": "false",
    "LOG_LEVEL": "WARNING",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",  # a token that never expires, for sync
    "SYNC_ON_TARGET_STORAGE_CREATION": "false",  # else a new target storage writes every annotation at once
    "AWS_CONFIG_FILE": os.devnull,  # the person's own cloud is none of its business
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """All that Label Studio is told. Raises WrongSetting when a secret is missing."""
    return {**confined(env), **_given(env)}


def confined(env: Mapping[str, str]) -> dict[str, str]:
    """What any Label Studio of ours runs with: nothing of this deployment, and nothing that tells others of it."""
    inherited = (*_INHERITED, *_PROXIES, *(name.lower() for name in _PROXIES), processes.MARKER, processes.SERVICE)
    return {**{name: env[name] for name in inherited if name in env}, **CONFINED}


def _given(env: Mapping[str, str]) -> dict[str, str]:
    ours, url = settings.Settings.from_environment(env), env["LABEL_STUDIO_URL"]
    return {
        "LABEL_STUDIO_HOST": url,  # begins the address of every picture
        "LABEL_STUDIO_PORT": url.rpartition(":")[2],
        "LABEL_STUDIO_USERNAME": USERNAME,
        "LABEL_STUDIO_PASSWORD": ours.secret(PASSWORD),
        "LABEL_STUDIO_USER_TOKEN": ours.secret(settings.LABEL_STUDIO_TOKEN),
        "LABEL_STUDIO_S3_ENDPOINT": ours.s3_endpoint,
        "LABEL_STUDIO_S3_region": ours.s3_region,  # spelt so
        "LABEL_STUDIO_AWS_ACCESS_KEY_ID": ours.secret(f"{env[KEYS]}-access-key"),
        "LABEL_STUDIO_AWS_SECRET_ACCESS_KEY": ours.secret(f"{env[KEYS]}-secret-key"),
        **({"AWS_CA_BUNDLE": str(Path(ours.s3_ca_file).absolute())} if ours.s3_ca_file else {}),
        **_exceptions(ours.s3_endpoint, env),
    }


def _exceptions(endpoint: str, env: Mapping[str, str]) -> dict[str, str]:
    """The person's exceptions of their proxy, so spelled that its clients keep the store and loopback out of it."""
    theirs = env.get("no_proxy", env.get("NO_PROXY", ""))
    store = "" if settings.route(endpoint, env).proxy else urlsplit(endpoint).hostname or ""
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(filter(None, (theirs, "localhost", HOST, "::1", store))))


def make(home: Path, env: Mapping[str, str]) -> None:
    """The database and its first user, beside their place and moved there when complete: who is killed begins anew."""
    new = home / "new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    with suppress(OSError):  # nothing can be kept beside our code: it makes its tables itself
        shutil.copytree(made_once(migrated_database(), partial(migrate, env=confined(env))), new, dirs_exist_ok=True)
    new.chmod(0o700)
    subprocess.run((_PROGRAM, "init", "-q"), cwd=home, env=_at(new, env), stdin=subprocess.DEVNULL, check=True)
    with closing(sqlite3.connect(new / "label_studio.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = wal")  # for good: readers and a writer no longer wait for each other
    new.rename(data(home))


def made_once(ready: Path, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills once: there as soon as it is complete, while others who want it wait."""
    ready.parent.mkdir(exist_ok=True)
    with exclusive(ready.with_name(f"{ready.name}.lock")):
        if not ready.exists():
            new = ready.with_name(f"{ready.name}.new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            make(new)
            new.rename(ready)
    return ready


def migrate(new: Path, env: Mapping[str, str]) -> None:
    """All tables, and nobody yet: in SQLite below this folder, unless `env` names another database."""
    subprocess.run((_PROGRAM, "version"), cwd=new, env=_at(new, env), stdin=subprocess.DEVNULL, check=True)
    (new / ".env").unlink(missing_ok=True)  # the key that signs sessions: each server has its own


def _at(where: Path, env: Mapping[str, str]) -> dict[str, str]:
    return {**env, "LABEL_STUDIO_BASE_DATA_DIR": str(where)}


def main() -> None:
    """Become the server; one that outlived its supervisor goes first, since it would keep the port."""
    data_dir, env = Path(os.environ[processes.MARKER]), environment(os.environ)
    processes.end(data_dir, os.environ[processes.SERVICE])
    home = data_dir / NAME
    if not data(home).exists():
        make(home, env)
    if not ports.free(int(env["LABEL_STUDIO_PORT"])):
        sys.exit(f"Port {env['LABEL_STUDIO_PORT']} is taken.")  # it would move to the next by itself
    os.chdir(home)
    command = (str(_PROGRAM), "start", "--no-browser", "--internal-host", HOST)
    os.execve(_PROGRAM, command, _at(data(home), env))  # noqa: S606 - supervisord keeps its eye on this process


if __name__ == "__main__":
    main()
