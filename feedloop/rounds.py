"""Compare-and-swap has to be tried again when somebody was faster; here is how often, and how far apart."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from feedloop.domain.errors import AlreadyExists, Changed, Unavailable
from feedloop.domain.keys import Place

Result = TypeVar("Result")

MOST = 12
_FIRST, _LONGEST = 0.01, 1.0  # seconds


def until_first(place: Place, attempt: Callable[[], Result], *, pause: Callable[[float], None] = time.sleep) -> Result:
    """What `attempt` gives once nobody is faster: it is made anew when it raises Changed or AlreadyExists.

    The pauses double, and are cut short at random, so that losers come apart: 3 seconds in all. Raises Unavailable
    after the last round.
    """
    for number in range(MOST):
        with suppress(AlreadyExists, Changed):
            return attempt()
        pause(random.uniform(0, min(_LONGEST, _FIRST * 2**number)))  # noqa: S311 - no secret
    raise Unavailable(f"{place.bucket}/{place.key} was changed by others {MOST} times in a row. Try again.")
