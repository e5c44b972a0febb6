from itertools import count

import pytest

from feedloop.compare_and_swap import MOST, until_first
from feedloop.domain.errors import AlreadyExists, Changed, StoreDown, Unavailable
from feedloop.domain.keys import ObjectRef

HERE = ObjectRef("tracking", "labels/1")


def losing(times, error=Changed):
    """Loses so often, then says how often it was tried."""
    tries = count(1)

    def attempt():
        if (number := next(tries)) <= times:
            raise error(HERE.key)
        return number

    return attempt


@pytest.mark.parametrize("error", [Changed, AlreadyExists])
def test_who_loses_tries_again_after_a_pause(error):
    pauses = []
    assert (until_first(HERE, losing(3, error), pause=pauses.append), len(pauses)) == (4, 3)


def test_who_loses_for_ever_is_told_where_within_seconds():
    pauses = []
    with pytest.raises(Unavailable, match="tracking/labels/1"):
        until_first(HERE, losing(MOST), pause=pauses.append)
    assert (len(pauses), sum(pauses) < 7) == (MOST, True)


def test_any_other_error_ends_the_rounds():
    with pytest.raises(StoreDown):
        until_first(HERE, losing(1, StoreDown), pause=bool)  # type: ignore[arg-type]
