"""stack.yml, the same file that is deployed: which functions there are, and what calls them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cronsim import CronSim, CronSimError

from feedloop import settings
from feedloop.domain.errors import WrongSetting
from feedloop.domain.keys import ObjectRef

ROOT = Path(__file__).resolve().parent.parent
FILE = "stack.yml"
KEYS = "S3_KEYS"
CRON_TOPIC = "cron-function"
EVENTS = "com.feedloop.events"
"""Annotation: folders of the store, comma-separated `bucket/prefix/`, and single objects `bucket/name.json`, whose
changes the function is told of."""

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the stack. `schedule` is empty when no cron calls it."""

    name: str
    module: str
    environment: Mapping[str, str]
    schedule: str
    watches: tuple[ObjectRef, ...]

    @property
    def keys(self) -> str:
        """The secrets that open the store for it: their names without `-access-key` and `-secret-key`."""
        return self.environment.get(KEYS, settings.S3_KEYS)

    def cares_for(self, ref: ObjectRef) -> bool:
        """Whether this function is to be told of a change of that object."""
        return any(ref.bucket == bucket and ref.key.startswith(folder) for bucket, folder in self.watches)


def load_functions(path: Path = ROOT / FILE, env: Mapping[str, str] = os.environ) -> tuple[Function, ...]:
    """The functions of a stack file. Raises WrongSetting."""
    document = yaml.safe_load(substituted(path.read_text(encoding="utf-8"), env))
    return tuple(_function(name, described) for name, described in document["functions"].items())


def substituted(text: str, env: Mapping[str, str]) -> str:
    """With `${NAME:-default}` replaced, as faas-cli reads it."""
    return _VARIABLE.sub(lambda match: env.get(match[1]) or match[2] or "", text)


def environment(functions: tuple[Function, ...]) -> dict[str, str]:
    """What all functions share, since here they live in one process; their keys are their own.

    Raises WrongSetting when two disagree.
    """
    shared: dict[str, str] = {}
    for function in functions:
        for name, value in function.environment.items() - {(KEYS, function.keys)}:
            if shared.setdefault(name, value) != value:
                raise WrongSetting(f"{FILE} gives {name} two values; on one machine all functions share one.")
    return shared


def _function(name: str, described: dict[str, Any]) -> Function:
    annotations = described.get("annotations") or {}
    scheduled = annotations.get("topic") == CRON_TOPIC
    variables = described.get("environment") or {}  # those in lower case are for the watchdog of a container
    return Function(
        name,
        ".".join((*Path(described["handler"]).parts, "handler")),
        {name: str(value) for name, value in variables.items() if name.isupper()},
        _checked(name, annotations["schedule"]) if scheduled else "",
        tuple(_watched(word) for word in annotations.get(EVENTS, "").split(",") if word.strip()),
    )


def _checked(name: str, schedule: str) -> str:
    try:
        CronSim(schedule, datetime.now(UTC))
    except CronSimError as error:
        raise WrongSetting(f"{FILE}: the schedule {schedule!r} of {name} is wrong: {error}.") from error
    return schedule


def _watched(text: str) -> ObjectRef:
    bucket, _, inside = text.strip().partition("/")
    if not inside.endswith(("/", ".json")):
        wanted = "folders such as labelstudio/output/, or objects such as models/current.json"
        raise WrongSetting(f"{FILE}: {EVENTS} must name {wanted}, not {text!r}.")
    return ObjectRef(bucket, inside)
