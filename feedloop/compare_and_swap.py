"""Compare-and-swap has to be tried again when somebody was faster; here is how often, and how far apart."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from feedloop.domain.errors import AlreadyExists, Changed, Unavailable
from feedloop.domain.keys import ObjectRef

Result = TypeVar("Result")

MOST = 12
_FIRST, _LONGEST = 0.01, 1.0  # seconds


def attempts(ref: ObjectRef, *, pause: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Numbers of attempts: whoever is through leaves the loop, and it never ends by itself.

    The pauses double, and are cut short at random, so that losers come apart: 3 seconds in all. Raises Unavailable
    after the last one.
    """
    for number in range(MOST):
        yield number
        pause(random.uniform(0, min(_LONGEST, _FIRST * 2**number)))  # noqa: S311 - no secret
    raise Unavailable(f"{ref.bucket}/{ref.key} was changed by others {MOST} times in a row. Try again.")


def until_first(
    ref: ObjectRef, attempt: Callable[[], Result], *, pause: Callable[[float], None] = time.sleep
) -> Result:
    """What `attempt` gives once nobody is faster: it is made anew when it raises Changed or AlreadyExists.

    Raises Unavailable when that goes on for all attempts.
    """
    for _ in attempts(ref, pause=pause):
        with suppress(AlreadyExists, Changed):
            return attempt()
    raise AssertionError("attempts end by an error")
