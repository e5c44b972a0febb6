"""The store in memory, as strict as AWS: a function may do what its policy allows.

Who calls is read off the stack: the innermost frame of a file in functions/<name>/, or of one that serves a single
function: threads that fetch evidence have no other. Tests, Label Studio and operators stand in no such file, and may do
everything.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from feedloop.adapters.memory import MemoryStore
from feedloop.domain.errors import Missing
from feedloop.domain.keys import ObjectRef
from local.identities import policy
from local.policy import DELETE, GET, LIST, PUT, Grant, Policy

ROOT = Path(__file__).parents[2]
FUNCTIONS = str(ROOT / "functions")
OTHERS = (str(ROOT / "tests/support/memory_annotation_tool.py"), str(ROOT / "tests/functions"))
SERVED = str(ROOT / "feedloop/active_model.py")
EVIDENCE = str(ROOT / "feedloop/evidence")

NAMES = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))

StoreAction = tuple[str, ObjectRef]


@dataclass
class Watch:
    """What functions did to stores in memory, and what of it their policies do not allow."""

    used: set[tuple[str, Grant]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def see(self, action: str, ref: ObjectRef) -> None:
        """Note an action of whoever is calling."""
        if not (name := at_work()):
            return
        if grant := granted(name, action, ref):
            self.used.add((name, grant))
        else:
            self.refused.append(f"{name}: {action} {ref.bucket}/{ref.key}")


@cache
def granted(name: str, action: str, ref: ObjectRef) -> Grant | None:
    """What in a function's policy allows this."""
    return next((grant for grant in of(name).grants if grant.allows(action, ref)), None)


@cache
def of(name: str) -> Policy:
    """A function's policy, for buckets without a prefix."""
    return Policy.parse(policy(name, ""))


def at_work() -> str:
    """The function on whose behalf this is called; empty when there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(FUNCTIONS):
            return Path(file).parent.name
        if file == SERVED:
            return "predict"
        if file.startswith(EVIDENCE):
            return "report"
        if file.startswith(OTHERS):
            return ""
        frame = frame.f_back
    return ""


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Every store in memory is strict while this lasts."""
    watch = Watch()
    for verb, actions in STORE_ACTIONS.items():
        patch.setattr(MemoryStore, verb, _strict(getattr(MemoryStore, verb), actions, watch))
    yield watch


def _strict(verb: Callable[..., Any], actions: Callable[..., list[StoreAction]], watch: Watch) -> Callable[..., Any]:
    def call(store: MemoryStore, *refs: Any, **how: Any) -> Any:
        attempted = actions(*refs)
        for action, ref in attempted:
            watch.see(action, ref)
        try:
            return verb(store, *refs, **how)
        except Missing:
            watch.see(LIST, attempted[0][1])
            raise

    return call


def _one(action: str, ref: ObjectRef, *_more: object) -> list[StoreAction]:
    return [(action, ref)]


STORE_ACTIONS: dict[str, Callable[..., list[StoreAction]]] = {
    "get": partial(_one, GET),
    "head": partial(_one, GET),
    "create": partial(_one, PUT),
    "replace": partial(_one, PUT),
    "delete": partial(_one, DELETE),
    "list": partial(_one, LIST),
    "copy": lambda source, target: [(GET, source), (PUT, target)],
}
