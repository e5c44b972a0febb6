"""Two ways to say that the answer is wrong."""

import json

import pytest
from playwright.sync_api import expect

from feedloop.domain import keys
from tests.local.system import until
from tests.web.proxy import Handler, Hold, drop, lose_answer
from tests.web.visitor import photo

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]

UNKNOWN = "20261122-07-0999-9f2c11aa-" + "0" * 32 + "-43210." + "0" * 64


@pytest.fixture
def answered(somebody):
    """Somebody who has the answer to one photo."""
    return with_answer(somebody)


def with_answer(visitor):
    visitor.choose()
    visitor.sees("Almost certainly rice")
    return visitor


@pytest.fixture
def said(world):
    """The class that the store keeps as the visitor's."""

    def read(visitor):
        (made,) = visitor.feedback()
        output = world.system.get("labelstudio", keys.output(keys.USER_FEEDBACK_2, made.sample_key).key)
        return json.loads(output)["result"][0]["value"]["choices"]

    return read


def test_one_tap_flags_and_a_second_does_nothing(visitor, world):
    answered = with_answer(visitor)
    answered.card().get_by_role("button", name="Wrong?").dblclick()
    answered.reads("Thank you. A person will look at it.")
    answered.hears("Thank you. A person will look at it.")
    answered.page.get_by_role("button", name="Marked as wrong").click(force=True)
    assert len(world.proxy.of("flag")) == 1
    (made,) = answered.feedback()
    assert keys.task(keys.USER_FEEDBACK, made.sample_key).key in world.system.keys("labelstudio")


def test_the_visitor_says_what_it_is_and_may_change_it(visitor, said):
    answered = with_answer(visitor)
    answered.corrects("egg")
    answered.reads("Thank you. You said: egg.")
    assert said(answered) == ["Egg"]
    answered.corrects("soup", button="Change")
    answered.reads("Thank you. You said: soup.")
    assert said(answered) == ["Soup"]


def test_the_visitor_may_come_to_agree(answered):
    answered.corrects("egg")
    answered.reads("Thank you. You said: egg.")
    answered.corrects("rice", button="Change")
    answered.reads("Thank you. You say so too.")


def test_the_list_can_be_searched(answered):
    answered.press("Say what it is")
    answered.page.get_by_role("searchbox", name="Search").fill("FOO")
    expect(answered.page.get_by_role("radio")).to_have_count(2)
    answered.hears("2 found.")
    answered.page.get_by_role("searchbox").fill("pizza")
    answered.hears("Nothing is called that.")


def test_the_list_can_be_left_without_a_word(answered, world):
    answered.press("Say what it is")
    answered.page.get_by_role("radio", name="egg").check()
    answered.page.keyboard.press("Escape")
    expect(answered.page.get_by_role("button", name="Say what it is")).to_be_focused()
    answered.page.keyboard.press("Enter")
    answered.press("Back")
    assert world.proxy.of("relabel") == []


def test_a_changed_mind_overtakes_what_is_still_on_its_way(answered, world, said):
    hold = Hold()
    world.proxy.faults.extend([Handler.forward, hold])
    answered.corrects("egg")
    answered.reads("Passing it on …")
    answered.corrects("soup", button="Change")
    hold.released.set()
    answered.reads("Thank you. You said: soup.")
    assert said(answered) == ["Soup"]


def test_a_list_that_cannot_be_fetched_comes_later(answered, world):
    world.proxy.faults.extend([drop, drop])
    answered.press("Say what it is")
    answered.hears("Fetching the list …")
    expect(answered.page.get_by_role("radio")).to_have_count(11)


@pytest.mark.parametrize("fault", [drop, lose_answer])
def test_what_did_not_arrive_is_said_again(patient, world, fault):
    answered = with_answer(patient)
    world.proxy.faults.append(fault)
    answered.press("Wrong?")
    answered.reads("We cannot be reached. It is safe here.")
    answered.press("Try now")
    answered.reads("Thank you. A person will look at it.")


def test_what_did_not_arrive_before_a_reload_arrives_after_it(answered, world):
    world.proxy.faults.append(Hold(drop))
    answered.press("Wrong?")
    answered.reads("Passing it on …")
    answered.come()
    answered.reads("Thank you. A person will look at it.")
    (made,) = answered.feedback()
    assert keys.task(keys.USER_FEEDBACK, made.sample_key).key in world.system.keys("labelstudio")


def test_an_unknown_prediction_is_told_and_not_asked_for_again(visit, world):
    visitor = visit().come()
    visitor.remember(UNKNOWN)
    visitor.come().press("Wrong?")
    visitor.reads("We do not know this photo any more. Please send it again, then tell us.")
    expect(visitor.page.get_by_role("button", name="Wrong?")).to_be_visible()
    visitor.come()
    assert len(world.proxy.of("flag")) == 1


def test_flagging_one_photo_leaves_the_other_alone(answered, world):
    answered.choose(photo(name="dinner.jpg"))
    answered.sees("Almost certainly rice")
    answered.press("Wrong?", answered.card(1))
    answered.reads("Thank you. A person will look at it.", answered.card(1))
    expect(answered.card(0).get_by_role("button", name="Wrong?")).to_be_visible()
    until(lambda: len(world.proxy.of("flag")) == 1, "one is flagged")
