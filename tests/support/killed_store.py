"""A store whose user is killed at one of its calls; threads may share it."""

from threading import Lock
from typing import Any

from tests.support.interleaving import Killed

WRITES = frozenset({"create", "replace", "copy", "delete"})


class KilledStore:
    """Passes `left` calls of these verbs on, and kills who makes the next: before it is sent, or after it is done."""

    def __init__(self, store: Any, left: int, verbs: frozenset[str] = WRITES, *, after: bool = False) -> None:
        self._store, self._left, self._verbs, self._after = store, left, verbs, after
        self._lock = Lock()
        self.died = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        return self._counted(verb) if name in self._verbs else verb

    def _counted(self, verb: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self._left -= 1
                self.died = self.died or self._left < 0
            if not self.died:
                return verb(*args, **kwargs)
            if self._after and self._left == -1:
                verb(*args, **kwargs)
            raise Killed

        return call
