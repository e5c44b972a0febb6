"""Label Studio beside the functions: one of our own, or one that is there already."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from requests import RequestException

from feedloop import http_client, settings
from feedloop.domain.errors import FeedloopError, WrongSetting
from local import data_directory, ports, processes
from local.identities import LABEL_STUDIO, keys_of
from local.settings import HOST, Choices
from local.stack import ROOT
from local.supervise import Service

PROGRAMS = ROOT / ".venv-label-studio" / "bin"
NAME = "label-studio"
USERNAME = "admin@feedloop.local"
PASSWORD = "feedloop-label-studio-password"  # noqa: S105 - a file's name
KEYS = "LABEL_STUDIO_KEYS"
"""Variable: which secrets hold its keys to the store, by their name without `-access-key` and `-secret-key`."""

_OF_THE_FUNCTIONS, _OF_ITS_OWN, _GIVEN = settings.S3_KEYS, keys_of(LABEL_STUDIO), "feedloop-label-studio-given-s3"
_ENDS = (settings.ACCESS_KEY, settings.SECRET_KEY)
_PATIENCE_AT_FIRST = 300.0
_PAUSE, _PAUSE_OF_SYNC, _AGAIN = 0.5, 5.0, 30.0
_LOGIN = 30.0
_UNAUTHORISED = 401


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """Where annotators work. Of one that is there already we know its address and a token."""

    url: str
    token: str = field(repr=False)
    password: str = field(default="", repr=False)
    home: Path | None = None
    keys: str = ""

    def services(self) -> list[Service]:
        """The process to keep running, if it is ours."""
        ours = Service(NAME, (sys.executable, "-m", "local.label_studio_server"), ROOT, 400, quiet=True)
        return [ours] if self.home else []

    def environment(self) -> dict[str, str]:
        """What the functions and its own process are to know."""
        return {"LABEL_STUDIO_URL": self.url, KEYS: self.keys}

    def login(self) -> dict[str, str]:
        """Who may come in, and how."""
        ours = {"username": USERNAME, "password": self.password} if self.home else {}
        return {"url": self.url, **ours, "token": self.token}

    def shares_keys(self) -> bool:
        """Whether it reaches the store as the functions do."""
        return self.keys == _OF_THE_FUNCTIONS

    def is_new(self) -> bool:
        """Whether its database is still to be made."""
        return self.home is not None and not data(self.home).exists() and not migrated_database().exists()


def data(home: Path) -> Path:
    """What it keeps; there as soon as it is complete."""
    return home / "data"


def migrated_database() -> Path:
    """A database with all tables and nobody in it, made once for each version that is installed, and copied."""
    installed = (PROGRAMS.parent / "lib").glob("python*/site-packages/label_studio-*.dist-info")
    versions = sorted(path.name.removeprefix("label_studio-").removesuffix(".dist-info") for path in installed)
    return ROOT / "build" / f"label-studio-{'-'.join(versions)}"


def configured(choices: Choices) -> LabelStudio | None:
    """None when it is off. Raises WrongSetting when it is not installed, or when its port is taken."""
    wanted = choices.label_studio
    if not wanted.on:
        return None
    require_installed(PROGRAMS)
    token = data_directory.secret(choices.data_dir, settings.LABEL_STUDIO_TOKEN, wanted.token)
    if wanted.url:
        return LabelStudio(wanted.url, token)
    if fault := ports.fault(wanted.port):
        raise WrongSetting(
            f"LABEL_STUDIO_PORT={wanted.port} {fault}, for example"
            f" LABEL_STUDIO_PORT={ports.beside(wanted.port)} make run, or do without: LABEL_STUDIO=off make run."
        )
    password = data_directory.secret(choices.data_dir, PASSWORD)
    return LabelStudio(f"http://{HOST}:{wanted.port}", token, password, choices.data_dir / NAME, _keys(choices))


def require_installed(programs: Path) -> None:
    """Raises WrongSetting."""
    if not (programs / NAME).exists():
        raise WrongSetting("Label Studio is not installed: `make run` does that; or do without: LABEL_STUDIO=off.")


def bring_up(
    annotation_tool: LabelStudio, set_up: Callable[[], None], say: Callable[[str], None], *, silence: float
) -> None:
    """Return when it answers and its projects are there. What keeps it from that is said, and tried again."""
    reported, deadline = "", time.monotonic() + (_PATIENCE_AT_FIRST if annotation_tool.is_new() else silence)
    while not _responds(annotation_tool.url):
        if not reported and time.monotonic() > deadline:
            reported = f"Label Studio does not answer at {annotation_tool.url}; everything else runs"
            say(f"{reported}; logs/{NAME}.log in the data directory says more" if annotation_tool.home else reported)
        time.sleep(_PAUSE)
    while fault := _fault(set_up):
        if fault != reported:
            say(f"Label Studio cannot be set up yet; everything else runs: {fault}")
        reported = fault
        time.sleep(_AGAIN)


def set_up(environment: Mapping[str, str], data_dir: Path) -> None:
    """Its projects and storages, by its own program. Raises WrongSetting with what that said."""
    given = {name: environment[name] for name in settings.NAMES if name in environment}
    env = {**os.environ, **given, "PYTHONPATH": str(ROOT), processes.MARKER: str(data_dir)}
    command = (PROGRAMS / "python", "-m", "labelling", "setup")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise WrongSetting((done.stderr or done.stdout).strip().removeprefix("error: ")[-500:])


def with_valid_token(annotation_tool: LabelStudio, data_dir: Path) -> LabelStudio:
    """The same with the token that is among the secrets by now; of our own, when it was reset, with the new one.

    Raises WrongSetting when that cannot be kept.
    """
    kept = replace(annotation_tool, token=data_directory.secret(data_dir, settings.LABEL_STUDIO_TOKEN))
    token = _token_by_password(kept) if kept.home and _is_refused(kept) else ""
    return replace(kept, token=data_directory.secret(data_dir, settings.LABEL_STUDIO_TOKEN, token)) if token else kept


def _is_refused(annotation_tool: LabelStudio) -> bool:
    headers = {"Authorization": f"Token {annotation_tool.token}"}
    with suppress(RequestException):
        answer = http_client.request(
            "GET", f"{annotation_tool.url}/api/current-user/whoami", headers=headers, timeout=_LOGIN
        )
        return answer.status_code == _UNAUTHORISED
    return False


def _token_by_password(annotation_tool: LabelStudio) -> str:
    """What Label Studio's own page tells its user; empty when the password was changed too."""
    page = f"{annotation_tool.url}/user/login/"
    with suppress(RequestException, KeyError, ValueError), http_client.session() as browser:
        browser.get(page, timeout=_LOGIN)
        form = {
            "email": USERNAME,
            "password": annotation_tool.password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        browser.post(page, data=form, headers={"Referer": page}, timeout=_LOGIN)
        return str(browser.get(f"{annotation_tool.url}/api/current-user/token", timeout=_LOGIN).json()["token"])
    return ""


def catch_up(gateway: str) -> None:
    """Have sync bring what waited; one that was killed may hold it up for a while, and then the hourly run is left."""
    deadline = time.monotonic() + _PATIENCE_AT_FIRST
    while time.monotonic() < deadline:
        with suppress(RequestException):
            answer = http_client.request("POST", f"{gateway}/function/sync", timeout=_PATIENCE_AT_FIRST)
            if answer.ok and "status" not in answer.json():  # which would say that another run is under way
                return
        time.sleep(_PAUSE_OF_SYNC)


def _keys(choices: Choices) -> str:
    """A store of ours gives it keys of its own; one that is there already has them from its owner, or shares ours."""
    wanted = choices.label_studio
    if choices.s3_endpoint and not wanted.s3_access_key:
        return _OF_THE_FUNCTIONS
    stem = _GIVEN if choices.s3_endpoint else _OF_ITS_OWN
    for end, given in zip(_ENDS, (wanted.s3_access_key, wanted.s3_secret_key), strict=True):
        data_directory.secret(choices.data_dir, f"{stem}{end}", given if choices.s3_endpoint else "")
    return stem


def _responds(url: str) -> bool:
    try:
        return http_client.request("GET", f"{url}/health", route=settings.route(url), timeout=5).ok
    except RequestException:
        return False


def _fault(step: Callable[[], None]) -> str:
    try:
        step()
    except FeedloopError as error:
        return str(error)
    return ""
