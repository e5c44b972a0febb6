"""What the environment decides about the one-machine system, read in one place and typed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from feedloop.domain.errors import WrongSetting

HOST = "127.0.0.1"
THRIFT = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}
"""Has glibc give a large picture's memory back, whichever thread had it; the template's image says the same."""
SEAWEEDFS, MINIO = "seaweedfs", "minio"
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Choices:
    """How this system is to run; README.md describes each variable."""

    port: int
    data_dir: Path
    s3_endpoint: str  # empty: a store of our own
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_region: str
    bucket_prefix: str
    store: str
    fsync: bool

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Self:
        """The choices of this run. Raises WrongSetting."""
        _one_of(env, "LABEL_STUDIO", "off", "on")
        choices = cls(
            port=_port(env),
            data_dir=Path(env.get("DATA_DIR") or ".feedloop").expanduser().absolute(),
            s3_endpoint=_endpoint(env),
            s3_access_key=env.get("S3_ACCESS_KEY", ""),
            s3_secret_key=env.get("S3_SECRET_KEY", ""),
            s3_region=env.get("S3_REGION") or "us-east-1",
            bucket_prefix=env.get("BUCKET_PREFIX", ""),
            store=_one_of(env, "STORE", SEAWEEDFS, MINIO),
            fsync=_one_of(env, "STORE_FSYNC", "on", "off") == "on",
        )
        _check_keys(choices)
        return choices

    @property
    def gateway(self) -> str:
        """Where the functions and the website answer."""
        return f"http://{HOST}:{self.port}"


def _port(env: Mapping[str, str]) -> int:
    text = env.get("PORT") or "8080"
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        raise WrongSetting(f"PORT={text!r} is wrong: it must be a number from 1 to {_LAST_PORT}.")
    return int(text)


def _endpoint(env: Mapping[str, str]) -> str:
    text = env.get("S3_ENDPOINT", "").rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise WrongSetting(f"S3_ENDPOINT={text!r} is wrong: it must begin with http:// or https://.")
    return text


def _one_of(env: Mapping[str, str], name: str, default: str, *others: str) -> str:
    chosen = (env.get(name) or default).lower()
    if chosen not in (default, *others):
        raise WrongSetting(f"{name}={chosen!r} is wrong: it must be {' or '.join((default, *others))}.")
    return chosen


def _check_keys(choices: Choices) -> None:
    keys = (choices.s3_access_key, choices.s3_secret_key)
    if any(keys) and not all(keys):
        raise WrongSetting("S3_ACCESS_KEY and S3_SECRET_KEY belong together: set both, or neither.")
    if choices.s3_endpoint and not all(keys):
        raise WrongSetting(f"The store at {choices.s3_endpoint} needs keys: set S3_ACCESS_KEY and S3_SECRET_KEY.")
