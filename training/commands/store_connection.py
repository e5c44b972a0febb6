"""Where the store is: the environment first, else the system that runs on this machine."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from feedloop import settings
from feedloop.adapters.clock_file import ClockFile
from feedloop.adapters.s3 import S3Store
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import WrongSetting
from feedloop.ports import Clock

STORE = "The store: S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY and BUCKET_PREFIX, else DATA_DIR/connection.json."
"""What each command that needs it says of it."""

TIMEOUT = 300.0
"""Seconds for one upload: a model is larger than a picture, and a line at home slower than a data centre's."""

_WHICH_GATEWAY = (
    "No gateway is known that uses this store: name it with --gateway URL, or say --no-wait; then nobody sees whether"
    " predict can serve the model."
)
_WHERE = (
    "No store is named: set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY, or DATA_DIR when `make run`"
    " runs with another folder than .feedloop ({} is not there)."
)


def open_store(env: Mapping[str, str] = os.environ) -> S3Store:
    """The store of S3_ENDPOINT, else of DATA_DIR/connection.json. Raises WrongSetting."""
    endpoint, access_key, secret_key = _address(env)
    try:
        prefix = settings.prefix(env.get("BUCKET_PREFIX", ""))
    except ValueError as error:
        raise WrongSetting(f"BUCKET_PREFIX={env['BUCKET_PREFIX']!r} is wrong: {error}.") from error
    return S3Store(
        endpoint=endpoint,
        access_key=access_key,
        secret_key=secret_key,
        region=env.get("S3_REGION") or "us-east-1",
        prefix=prefix,
        route=settings.store_route(endpoint, env),
        read_timeout=TIMEOUT,
        request_timeout=TIMEOUT,
    )


def clock(env: Mapping[str, str] = os.environ) -> Clock:
    """The time, or that of a simulation: CLOCK_FILE, as for the functions."""
    return ClockFile(Path(env["CLOCK_FILE"])) if env.get("CLOCK_FILE") else utc_now


def gateway_url(env: Mapping[str, str] = os.environ) -> str:
    """The gateway of the system on this machine, if it is of the same store. Raises WrongSetting."""
    file = Path(env.get("DATA_DIR") or ".feedloop").expanduser() / "connection.json"
    try:
        connection = json.loads(file.read_text())
        ours, url = str(connection["s3"]["endpoint"]), str(connection["gateway"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongSetting(_WHICH_GATEWAY) from error
    if (env.get("S3_ENDPOINT") or ours) != ours:
        raise WrongSetting(_WHICH_GATEWAY)
    return url


def _address(env: Mapping[str, str]) -> tuple[str, str, str]:
    if endpoint := env.get("S3_ENDPOINT"):
        given = (endpoint, env.get("S3_ACCESS_KEY", ""), env.get("S3_SECRET_KEY", ""))
        if not all(given):
            raise WrongSetting(f"The store at {endpoint} needs keys: set S3_ACCESS_KEY and S3_SECRET_KEY.")
        return given
    file = Path(env.get("DATA_DIR") or ".feedloop").expanduser() / "connection.json"
    try:
        connection = json.loads(file.read_text())["s3"]
        return str(connection["endpoint"]), str(connection["access_key"]), str(connection["secret_key"])
    except OSError as error:
        raise WrongSetting(_WHERE.format(file)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise WrongSetting(f"{file} cannot be understood: start `make run` again.") from error
