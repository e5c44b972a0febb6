"""Signals that end a program in order."""

import signal
from types import FrameType

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_once() -> None:
    """Have Ctrl-C, a polite kill and a closed terminal raise KeyboardInterrupt, and ignore all that come after it."""
    for end in _ENDS:
        signal.signal(end, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for end in _ENDS:
        signal.signal(end, _ignore)
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Not SIG_IGN: where a second signal has come with the first, Python would drop the interrupt for an error."""
