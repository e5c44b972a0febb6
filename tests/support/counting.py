"""A store that counts what is asked of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.interleaving import VERBS

PAGE = 1000
"""How many keys a store tells at a time."""


class Counted:
    """Passes every call on to a store; `pages` counts the requests that its listings take."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._verbs: list[str] = []
        self.pages = 0

    @property
    def calls(self) -> Counter[str]:
        """How often each verb was asked."""
        return Counter(self._verbs)

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if name not in VERBS:
            return verb
        return lambda *args, **kwargs: self.call(name, verb, args, kwargs)

    def call(self, name: str, verb: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """One call, counted."""
        self._verbs.append(name)
        answer = verb(*args, **kwargs)
        return self._listed(list(answer)) if name == "list" else answer

    def _listed(self, entries: list[Any]) -> Iterator[Any]:
        self.pages += max(1, -(-len(entries) // PAGE))
        return iter(entries)
