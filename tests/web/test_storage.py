"""What this browser keeps over a reload, and how it forgets."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.uploads import unclear_upload
from tests.web.proxy import Hold, drop, lose_answer
from tests.web.visitor import photo

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]

FORBIDDEN = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } })"


def test_answers_and_what_was_said_are_there_after_a_reload(somebody):
    somebody.choose(photo(unclear_upload()))
    somebody.sees("Not sure")
    somebody.press("Wrong?")
    somebody.corrects("egg")
    somebody.reads("Thank you. You said: egg.")
    somebody.come()
    somebody.sees("Not sure")
    somebody.reads("Thank you. You said: egg.")
    somebody.reads("Marked as wrong")


def test_what_was_said_can_be_changed_after_a_reload(somebody):
    somebody.choose()
    somebody.sees("Almost certainly rice")
    somebody.come().corrects("egg")
    somebody.reads("Thank you. You said: egg.")


def test_the_newest_photo_is_first_after_a_reload(visit):
    visitor = visit().come()
    for second in ("00009", "43210", "43211"):
        visitor.remember(f"20261122-07-0999-9f2c11aa-{'0' * 32}-{second}.{'0' * 64}")
    visitor.come()
    times = visitor.page.locator('.card [data-part="time"]')
    expect(times).to_have_text([re.compile(at) for at in ("12:00", "12:00", "0:00")])


def test_only_ids_and_what_was_said_are_kept(somebody):
    somebody.choose(photo(name="my-secret-dinner.jpg"))
    somebody.sees("Almost certainly rice")
    ((name, value),) = somebody.storage().items()
    assert name.startswith("feedloop / prediction 20")
    assert value == '{"flagged":false,"class":"","unsent":[]}'


def test_forgetting_all_leaves_nothing(somebody):
    somebody.choose()
    somebody.sees("Almost certainly rice")
    somebody.press("Forget all")
    somebody.press("Forget all", somebody.page.get_by_role("dialog"))
    somebody.reads("Nothing here yet.")
    assert somebody.storage() == {}
    somebody.come().reads("Nothing here yet.")


def test_forgetting_can_be_thought_over(somebody):
    somebody.choose()
    somebody.sees("Almost certainly rice")
    somebody.press("Forget all")
    somebody.press("Back", somebody.page.get_by_role("dialog"))
    expect(somebody.card()).to_be_visible()


def test_forgetting_stops_what_is_on_its_way(somebody, world):
    hold = Hold(drop)
    world.proxy.faults.append(hold)
    somebody.choose()
    somebody.sees("Having a look …")
    somebody.press("Forget all")
    somebody.press("Forget all", somebody.page.get_by_role("dialog"))
    somebody.reads("Nothing here yet.")
    hold.released.set()
    assert somebody.storage() == {}


def test_a_photo_whose_answer_was_lost_counts_once_after_a_reload(patient, world):
    before = world.made()
    world.proxy.faults.append(lose_answer)
    patient.choose()
    patient.sees("We cannot be reached")
    patient.come().reads("One photo was on its way when this page was closed.")
    patient.choose(photo(name="renamed.jpg"))
    patient.sees("Almost certainly rice")
    expect(patient.page.get_by_text("was on its way")).to_be_hidden()
    assert len(world.made() - before) == 1


def test_a_lost_photo_can_be_left(patient, world):
    world.proxy.faults.append(drop)
    patient.choose()
    patient.sees("We cannot be reached")
    patient.come().press("Leave it")
    expect(patient.page.get_by_text("was on its way")).to_be_hidden()
    assert patient.storage() == {}


def test_the_same_photo_on_purpose_is_another_prediction(somebody, world):
    before = world.made()
    for number in range(2):
        somebody.choose()
        somebody.sees("Almost certainly rice")
        assert len(world.made() - before) == number + 1


def test_two_tabs_do_not_forget_for_each_other(somebody):
    somebody.choose()
    somebody.sees("Almost certainly rice")
    other = type(somebody)(somebody.page.context.new_page(), somebody.url).come()
    other.choose(photo(unclear_upload()))
    other.sees("Not sure")
    somebody.press("Wrong?")
    somebody.reads("Thank you.")
    assert sorted(said["flagged"] for said in other.feedback().values()) == [False, True]


def test_a_browser_that_keeps_nothing_still_gets_answers(visit):
    visitor = visit()
    visitor.page.add_init_script(FORBIDDEN)
    visitor.come().choose()
    visitor.sees("Almost certainly rice")
    visitor.press("Wrong?")
    visitor.reads("Thank you. A person will look at it.")
