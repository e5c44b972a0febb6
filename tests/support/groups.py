"""Gives a worker a whole group of tests.

With pytest 9.2, pytest-xdist 3.8 itself shares out single tests under `--dist loadgroup`, and says nothing: it looks
for the group in a test's id, which it cannot change any more. So the workers write the groups down.
"""

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support import shared


def tell(groups: Mapping[str, str]) -> None:
    """Write down the group of each test's id; every worker of the run finds the same."""
    part = _groups_file().with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(dict(groups)))
    part.rename(_groups_file())


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """The scheduler of the run; it begins when all workers have collected."""

    def _split_scope(self, nodeid: str) -> str:
        return self._groups[nodeid]

    @cached_property
    def _groups(self) -> dict[str, str]:
        return dict(json.loads(_groups_file().read_text()))


def _groups_file() -> Path:
    return Path(os.environ[shared.RUN]) / "groups.json"
