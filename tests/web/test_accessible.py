"""axe-core finds nothing to complain about in any state, on a phone by day and on a desktop by night."""

import pytest

from tests.support.uploads import unclear_upload
from tests.web.conftest import DEVICES
from tests.web.proxy import Hold, drop, tell
from tests.web.quality import assert_accessible
from tests.web.visitor import photo

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]


def empty(visitor, world):
    visitor.reads("Nothing here yet.")


def on_its_way(visitor, world):
    world.proxy.faults.append(Hold(drop))
    visitor.choose()
    visitor.sees("Having a look …")


def answered(visitor, world):
    visitor.choose()
    visitor.sees("Almost certainly rice")


def unsure_and_corrected(visitor, world):
    visitor.choose(photo(unclear_upload()))
    visitor.sees("Not sure")
    visitor.press("Wrong?")
    visitor.corrects("egg")
    visitor.reads("Thank you. You said: egg.")


def picking(visitor, world):
    answered(visitor, world)
    visitor.press("Say what it is")
    visitor.page.get_by_role("radio", name="egg").check()


def remembering(visitor, world):
    unsure_and_corrected(visitor, world)
    visitor.come().sees("Not sure")


def forgetting(visitor, world):
    answered(visitor, world)
    visitor.press("Forget all")


def offline(visitor, world):
    visitor.page.context.set_offline(offline=True)
    visitor.choose()
    visitor.sees("You are offline")


def waiting(visitor, world):
    world.proxy.faults.append(tell(503, Retry_After="60"))
    visitor.choose()
    visitor.sees("We have to catch our breath")


def failed(visitor, world):
    visitor.choose(photo(b"no picture"))
    visitor.sees("We cannot read this kind of file")


def cancelled(visitor, world):
    on_its_way(visitor, world)
    visitor.press("Cancel")
    visitor.sees("Cancelled")


def lost(visitor, world):
    on_its_way(visitor, world)
    visitor.come().reads("One photo was on its way")


def not_passed_on(visitor, world):
    answered(visitor, world)
    world.proxy.faults.append(tell(503, Retry_After="60"))
    visitor.press("Wrong?")
    visitor.reads("Next try in")


def dropping(visitor, world):
    visitor.drop_or_paste("dragover")
    visitor.reads("Let go to add your photos")


STATES = [
    *(empty, on_its_way, answered, unsure_and_corrected, picking, remembering, forgetting),
    *(offline, waiting, failed, cancelled, lost, not_passed_on, dropping),
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(visit, world, state):
    visitor = visit(**DEVICES["phone"]).come()
    state(visitor, world)
    assert_accessible(visitor.page)
