"""A store that fails with one object only."""

from typing import Any

from feedloop.domain.keys import ObjectRef


class Refusing:
    """A store that answers one kind of call about objects with this in their keys with an error."""

    def __init__(self, store: Any, verb: str, part: str, error: Exception) -> None:
        self._store, self._verb, self._part, self._error = store, verb, part, error

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._store, verb)
        if verb != self._verb:
            return method

        def call(ref: ObjectRef, *rest: Any, **how: Any) -> Any:
            if self._part in ref.key:
                raise self._error
            return method(ref, *rest, **how)

        return call
