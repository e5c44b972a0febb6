"""What the world sends: each file of the table gets its right answer, and shows what it should."""

from collections import Counter

import pytest
from PIL import ImageChops, ImageStat

from feedloop.adapters.pictures import decode, normalise
from feedloop.domain import keys
from tests.support import odd
from tests.support.odd import KEPT, Odd
from tests.support.uploads import SECRET, pixels
from tests.support.world import everything

TABLE = odd.files()
STATUSES = {odd.KEPT: 200, odd.WRITTEN: 200, odd.TOO_LARGE: 413, odd.UNSUPPORTED: 415, odd.BROKEN: 422}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def test_the_table_is_large_and_no_file_comes_twice():
    assert len({one.name for one in TABLE}) == len(TABLE) >= 300
    assert min(Counter(one.answer for one in TABLE).values()) >= 2


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_every_file_gets_its_answer(site, store, one: Odd):
    body = one.make()
    assert site.post("/", data=body, content_type="image/*").status_code == STATUSES[one.answer]
    found = list(everything(store, keys.PRODUCTION, "").values())
    assert len(found) == (STATUSES[one.answer] == 200)
    for stored in found:
        kept, actual = pixels(stored), decode(normalise(stored), max(odd.SIZE))
        assert SECRET not in stored
        assert apart(actual, one.meant()) <= one.apart
        if one.answer == KEPT:
            expected = pixels(one.like or (body if body.endswith(odd.EOI) else body + odd.EOI))
            assert (kept.mode, kept.tobytes()) == (expected.mode, expected.tobytes())


def apart(actual, expected):
    """The mean difference, of the colour that is farthest."""
    assert actual.size == expected.size
    return max(ImageStat.Stat(ImageChops.difference(actual, expected)).mean)
