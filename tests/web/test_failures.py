"""Whatever goes wrong is told in words, and nothing is lost or done twice."""

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.local.system import until
from tests.web.proxy import Handler, Hold, drop, lose_answer, refuse, tell
from tests.web.visitor import photo

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]

PASSING = {
    "a proxy without CORS": (refuse(502), "We cannot be reached"),
    "a proxy that refuses without CORS": (refuse(429, Retry_After="1"), "We cannot be reached"),
    "a platform that knows no function": (refuse(404), "We cannot be reached"),
    "a broken connection": (drop, "We cannot be reached"),
    "a lost answer": (lose_answer, "We cannot be reached"),
    "a platform that can be read": (tell(404), "We have to catch our breath"),
    "a redeployed function": (tell(500), "We have to catch our breath"),
    "a gateway without a function": (tell(503), "We have to catch our breath"),
    "a gateway that waited too long": (tell(504), "We have to catch our breath"),
    "a page instead of an answer": (tell(200), "We have to catch our breath"),
}


def tried(world, tries):
    """Whether predict was called so often."""
    return len(world.proxy.of("predict")) == tries


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_tried_again_and_counts_once(patient, world, name):
    before, (fault, heading) = world.made(), PASSING[name]
    world.proxy.faults.append(fault)
    patient.choose()
    patient.sees(heading)
    patient.hears(f"lunch.jpg: {heading}")
    patient.pass_time(2)
    patient.sees("Almost certainly rice")
    assert len({call.key for call in world.proxy.of("predict")}) == 1
    assert (len(world.proxy.of("predict")), len(world.made() - before)) == (2, 1)


def test_a_wait_that_we_are_told_is_kept(patient, world):
    world.proxy.faults.append(tell(429, Retry_After="60"))
    card = patient.choose()
    patient.sees("Too much at once")
    patient.reads("Next try in 60 s.")
    expect(card.get_by_role("button", name="Try now")).to_be_hidden()
    patient.pass_time(50)
    patient.reads("Next try in 10 s.")
    assert len(world.proxy.of("predict")) == 1
    patient.pass_time(10)
    patient.sees("Almost certainly rice")


def test_a_wait_may_be_a_date_and_long(patient, world):
    world.proxy.faults.append(tell(503, Retry_After="Thu, 01 Jan 2099 00:00:00 GMT"))
    patient.choose()
    patient.reads("Next try in 60 min.")


def test_a_silent_gateway_is_asked_again(patient, world):
    before, hold = world.made(), Hold(lose_answer)
    world.proxy.faults.append(hold)
    patient.choose()
    patient.sees("Having a look …")
    patient.pass_time(46)
    patient.sees("No answer yet")
    hold.released.set()
    patient.pass_time(2)
    patient.sees("Almost certainly rice")
    assert len(world.made() - before) == 1


def test_ten_tries_are_enough_until_the_visitor_wants_more(patient, world):
    world.proxy.faults.extend([tell(503)] * 10)
    card = patient.choose()
    for tries in range(2, 11):
        patient.sees("We have to catch our breath")
        patient.pass_time(40)
        until(partial(tried, world, tries), "it is tried again")
    patient.reads("Nothing is lost while this page stays open.")
    patient.press("Try again", card)
    patient.sees("Almost certainly rice")


def test_a_refusal_without_a_reason_can_be_tried_again(somebody, world):
    world.proxy.faults.append(tell(403))
    card = somebody.choose()
    somebody.sees("That did not work")
    somebody.press("Try again", card)
    somebody.sees("Almost certainly rice")


def test_a_proxy_with_a_smaller_limit_is_told(somebody, world):
    world.proxy.faults.append(tell(413))
    somebody.choose()
    somebody.sees("This photo is too large")


def test_offline_waits_until_the_browser_is_back(somebody, world):
    before = world.made()
    somebody.page.context.set_offline(offline=True)
    somebody.choose()
    somebody.reads("goes out as soon as you are back", somebody.sees("You are offline"))
    somebody.page.context.set_offline(offline=False)
    somebody.sees("Almost certainly rice")
    assert len(world.made() - before) == 1


def test_what_is_said_offline_arrives_later(somebody, world):
    somebody.choose()
    somebody.sees("Almost certainly rice")
    somebody.page.context.set_offline(offline=True)
    somebody.press("Wrong?")
    somebody.reads("You are offline. It is safe here")
    somebody.page.context.set_offline(offline=False)
    somebody.reads("Thank you. A person will look at it.")


def test_trying_now_does_not_wait(somebody, world):
    world.proxy.faults.append(tell(503, Retry_After="60"))
    card = somebody.choose()
    somebody.sees("We have to catch our breath")
    card.get_by_role("button", name="Try now").dblclick()
    somebody.sees("Almost certainly rice")
    assert len(world.proxy.of("predict")) == 2


def test_others_wait_their_turn_while_two_are_tried_again(patient, world):
    world.proxy.faults.extend([tell(503, Retry_After="60")] * 2)
    patient.choose(*[photo(name=f"{number}.jpg", body=bytes([number])) for number in range(3)])
    expect(patient.page.locator('.card[data-phase="waiting"]')).to_have_count(2)
    expect(patient.page.locator('.card[data-phase="queued"]')).to_have_count(1)


@pytest.mark.slow("its supervisor starts the store again")
def test_a_store_that_is_down_loses_nothing(visit, world):
    before = world.made()
    visitor = visit().come()
    world.proxy.faults.append(after_killing_the_store(world))
    visitor.choose()
    visitor.sees("We have to catch our breath")
    visitor.sees("Almost certainly rice")
    until(world.system.serves, "the store is back")
    assert len(world.made() - before) == 1


def after_killing_the_store(world):
    """The store dies just before the call arrives, and is started again by its supervisor."""

    def forward(handler):
        world.system.part("store").kill()
        Handler.forward(handler)

    return forward
