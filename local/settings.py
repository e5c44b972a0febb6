"""What the environment decides about the one-machine system, read in one place and typed."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from feedloop import settings
from feedloop.domain.errors import WrongSetting

HOST = "127.0.0.1"
THRIFT = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}
"""Has glibc give a large picture's memory back, whichever thread had it; the template's image says the same."""
SEAWEEDFS, MINIO = "seaweedfs", "minio"
_LAST_PORT = 65535
_OF_OTHERS = (
    *("AWS_", "MINIO_", "WEED_"),
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONOPTIMIZE"),
    *("PYTHONIOENCODING", "PYTHONWARNINGS", "PYTHONPLATLIBDIR", "PYTHONUSERBASE"),
)
"""Beginnings of variables."""


@dataclass(frozen=True, slots=True)
class LabelStudioChoices:
    """What was chosen for Label Studio."""

    on: bool
    port: int
    url: str  # empty: one of our own
    token: str = field(repr=False)
    s3_access_key: str = field(repr=False)  # for a store at S3_ENDPOINT
    s3_secret_key: str = field(repr=False)

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self:
        """Raises WrongSetting."""
        label_studio = cls(
            on=_one_of(env, "LABEL_STUDIO", "on", "off") == "on",
            port=_port(env, "LABEL_STUDIO_PORT", "8090"),
            url=_read(env, "LABEL_STUDIO_URL", settings.address),
            token=env.get("LABEL_STUDIO_TOKEN", ""),
            s3_access_key=env.get("LABEL_STUDIO_S3_ACCESS_KEY", ""),
            s3_secret_key=env.get("LABEL_STUDIO_S3_SECRET_KEY", ""),
        )
        if label_studio.url and not label_studio.token:
            raise WrongSetting(f"The Label Studio at {label_studio.url} asks who we are: set LABEL_STUDIO_TOKEN.")
        _require_pair("LABEL_STUDIO_S3", label_studio.s3_access_key, label_studio.s3_secret_key)
        return label_studio


@dataclass(frozen=True, slots=True)
class Choices:
    """How this system is to run; README.md describes each variable."""

    port: int
    data_dir: Path
    s3_endpoint: str  # empty: a store of our own
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_ca_file: str
    s3_region: str
    bucket_prefix: str
    store: str
    fsync: bool
    silence: int  # seconds
    label_studio: LabelStudioChoices

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Self:
        """The choices of this run. Raises WrongSetting."""
        choices = cls(
            port=_port(env, "PORT", "8080"),
            data_dir=Path(env.get("DATA_DIR") or ".feedloop").expanduser().absolute(),
            s3_endpoint=_read(env, "S3_ENDPOINT", settings.address),
            s3_access_key=env.get("S3_ACCESS_KEY", ""),
            s3_secret_key=env.get("S3_SECRET_KEY", ""),
            s3_ca_file=str(Path(ca_file).expanduser().absolute()) if (ca_file := env.get("S3_CA_FILE")) else "",
            s3_region=env.get("S3_REGION") or "us-east-1",
            bucket_prefix=_read(env, "BUCKET_PREFIX", settings.prefix),
            store=_one_of(env, "STORE", SEAWEEDFS, MINIO),
            fsync=_one_of(env, "STORE_FSYNC", "on", "off") == "on",
            silence=_whole(env, "SILENCE_SECONDS", "30"),
            label_studio=LabelStudioChoices.from_environment(env),
        )
        _check_keys(choices)
        if choices.label_studio.on and not choices.label_studio.url and choices.port == choices.label_studio.port:
            raise WrongSetting(f"PORT and LABEL_STUDIO_PORT are both {choices.port}: choose two.")
        return choices

    @property
    def gateway(self) -> str:
        """Where the functions and the website answer."""
        return f"http://{HOST}:{self.port}"


def drop_foreign_variables() -> None:
    """What is set for another program is not for our parts: of a cloud, of another store, of another Python."""
    for name in [name for name in os.environ if name.startswith(_OF_OTHERS)]:
        os.environ.pop(name, None)
    os.environ["PYTHONUTF8"] = "1"  # our parts write UTF-8 whatever the language


def _port(env: Mapping[str, str], name: str, default: str) -> int:
    return _whole(env, name, default, most=_LAST_PORT)


def _whole(env: Mapping[str, str], name: str, default: str, most: int = 86_400) -> int:
    text = env.get(name) or default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 0 < int(text) <= most):  # noqa: PLR2004 - digits
        raise WrongSetting(f"{name}={text!r} is wrong: it must be a number from 1 to {most}.")
    return int(text)


def _read(env: Mapping[str, str], name: str, kind: Callable[[str], str]) -> str:
    text = env.get(name, "")
    try:
        return kind(text) if text else ""
    except ValueError as error:
        raise WrongSetting(f"{name}={text!r} is wrong: {error}.") from error


def _one_of(env: Mapping[str, str], name: str, default: str, *others: str) -> str:
    chosen = (env.get(name) or default).lower()
    if chosen not in (default, *others):
        raise WrongSetting(f"{name}={chosen!r} is wrong: it must be {' or '.join((default, *others))}.")
    return chosen


def _check_keys(choices: Choices) -> None:
    _require_pair("S3", choices.s3_access_key, choices.s3_secret_key)
    if choices.s3_endpoint and not choices.s3_access_key:
        raise WrongSetting(f"The store at {choices.s3_endpoint} needs keys: set S3_ACCESS_KEY and S3_SECRET_KEY.")


def _require_pair(name: str, access_key: str, secret_key: str) -> None:
    if bool(access_key) != bool(secret_key):
        raise WrongSetting(f"{name}_ACCESS_KEY and {name}_SECRET_KEY belong together: set both, or neither.")
