"""Workers that a test pauses between any two of their store calls, or kills there.

Each worker runs in its own thread but only one moves at a time, from one store call to the next,
so that an interleaving is a list of choices and a seed replays it.
"""

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

LISTINGS = {"list", "annotations", "pre_annotations"}
VERBS = {"get", "head", "create", "replace", "copy", "delete", "now", *LISTINGS}
VERBS |= {"projects", "add", "find", "remove", "has_annotation", "choices_in_use"}  # an annotation tool's
VERBS |= {"label_config", "set_label_config", "set_pre_annotation"}


class Killed(BaseException):
    """The process ended here; nothing catches it."""


class Worker:
    """One call of a function, stopped before each of its store calls."""

    def __init__(self, store: Any, work: Callable[[Any], object]) -> None:
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._dies, self._dead = "", False
        self.alive, self.next_call = True, ""
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(_Stepped(store, self._call), work), daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def step(self, dies: str = "") -> None:
        """Let it do its next store call; it may die `before` sending it, or `after` the store took it."""
        self._dies = dies
        self._go.release()
        self._stopped.acquire()

    def reach(self, call: str) -> None:
        """Let it run until its next store call is `call`, for example `create labels/`."""
        while self.alive and not self.next_call.startswith(call):
            self.step()
        assert self.alive, f"it never came to {call}"

    def finish(self) -> None:
        """Let it run to its end."""
        while self.alive:
            self.step()

    def _run(self, store: Any, work: Callable[[Any], object]) -> None:
        try:
            work(store)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - the test reads it
            self.failure = error
        self.alive = False
        self._stopped.release()

    def _call(self, name: str, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._dead:  # a clean-up of its own may still run here; its process is gone
            raise Killed
        self.next_call = f"{name} {getattr(args[0], 'key', '')}" if args else name
        self._stopped.release()
        self._go.acquire()
        self._dead = self._dies != ""
        if self._dies == "before":
            raise Killed
        answer = verb(*args, **kwargs)
        if self._dies == "after":
            raise Killed
        return answer


class _Stepped:
    """A store whose every verb waits for its worker's turn."""

    def __init__(self, store: Any, call: Callable[..., Any]) -> None:
        self._store, self._call = store, call

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if name not in VERBS:
            return verb
        if name in LISTINGS:
            return lambda *args, **kwargs: self._call(name, lambda *a, **k: list(verb(*a, **k)), *args, **kwargs)
        return lambda *args, **kwargs: self._call(name, verb, *args, **kwargs)


def shuffle(workers: Sequence[Worker], rng: Random, *, deaths: float = 0.0) -> None:
    """Run workers to their ends in a random order of steps; each step may be a worker's last."""
    while living := [worker for worker in workers if worker.alive]:
        dies = rng.choice(["before", "after"]) if rng.random() < deaths else ""
        rng.choice(living).step(dies)
