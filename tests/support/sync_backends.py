"""A store and Label Studio beside it, in memory and with one clock: what one sync worker sees."""

from itertools import count
from typing import Any

from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.documents import load
from functions.sync.sweep import sweep
from tests.support import world
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.world import SettableClock, commit, prediction, queue_task

QUEUE = keys.LOW_CONFIDENCE


class SyncBackends:
    """Answers the verbs of both."""

    def __init__(self) -> None:
        self.clock, self._numbers = SettableClock(), count(1)
        self.store = MemoryStore(clock=self.clock)
        self.tool = MemoryAnnotationTool(self.store, clock=self.clock)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self.store if hasattr(self.store, verb) else self.tool, verb)

    def queue(self, many: int = 1) -> list[str]:
        """New tasks; their sample keys."""
        made = [prediction(sample_key=f"{next(self._numbers):032x}") for _ in range(many)]
        return [queue_task(self.store, commit(self.store, each), QUEUE) for each in made]

    def shown(self) -> list[str]:
        """The pictures before annotators, as often as they are there."""
        return self.tool.shown(QUEUE)

    def files(self) -> dict[str, bytes]:
        """What lies in the store for curate."""
        return world.everything(self.store, keys.LABELSTUDIO, keys.outputs(QUEUE).key)

    def ledger(self) -> dict[str, int | None]:
        """The task of every ledger entry; None for a claim."""
        entries = world.everything(self.store, keys.TRACKING, keys.imports(QUEUE).key)
        return {key.rpartition("/")[2]: load(body).get("task") for key, body in entries.items()}


def sync(backends: Any) -> None:
    """One run as an operator asks for it; all of it in the caller's thread."""
    sweep(backends, backends, thorough=True)


def mended(backends: SyncBackends) -> SyncBackends:
    """What comes by itself: another task, and calls an hour apart."""
    backends.queue()
    for _ in range(2):
        backends.clock.pass_(hours=1)
        sync(backends)
    return backends
