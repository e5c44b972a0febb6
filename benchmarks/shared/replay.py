"""The store calls of a function, written down and done again without it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import local
from typing import Any

from feedloop.domain.errors import Missing
from feedloop.ports import ObjectStore
from tests.support.counting import Counted

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
Step = list[list[Call]]
"""What is done at the same time: the calls of each task, one after the other."""


class Written(Counted):
    """A store that also writes down what is asked of it, step by step."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self._here = local()
        self.steps: list[Step] = []
        self._step_alone()

    def call(self, name: str, verb: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        """One call, counted and written down."""
        self._here.calls.append((name, args, kwargs))
        return super().call(name, verb, args, kwargs)

    def together(self, pool: ThreadPoolExecutor, do: Callable[[object], str], many: Iterable[object]) -> list[str]:
        """What `pool.map` gives; every one of the many is a task of one step."""
        step: Step = []

        def one(what: object) -> str:
            self._here.calls = []
            step.append(self._here.calls)
            return do(what)

        self.steps.append(step)
        answers = list(pool.map(one, many))
        self._step_alone()
        return answers

    def _step_alone(self) -> None:
        self._here.calls = []
        self.steps.append([self._here.calls])


def again(store: ObjectStore, steps: list[Step], pool: ThreadPoolExecutor) -> None:
    """The same calls of a store, as many at the same time."""
    for step in steps:
        list(pool.map(partial(_one_by_one, store), step))


def _one_by_one(store: ObjectStore, calls: list[Call]) -> None:
    for name, args, kwargs in calls:
        with suppress(Missing):  # as it was the first time
            found = getattr(store, name)(*args, **kwargs)
            if name == "list":
                list(found)
