"""What operators read when there is no number yet, or no way to it."""

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.local.system import until
from tests.web.proxy import Handler, Hold, drop, refuse, tell

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-report")]


def called(world, tries):
    """Whether the report was called so often."""
    return len([call for call in world.proxy.calls if call.function.startswith("report")]) == tries


@pytest.fixture
def without_model(world):
    """A store whose pointer to the model is gone for a while, and whose classes nobody knows."""
    keys = ("current.json", "classes.json", "food11/classes.json")
    kept = {key: world.system.get("models", key) for key in keys}
    for key in keys:
        world.system.remove("models", key)
    yield
    for key, body in kept.items():
        world.system.put("models", key, body)


def test_days_without_predictions_say_what_to_do(reader, days):
    reader.reads_report(days.empty)
    reader.reads("There were no predictions in these days")
    expect(reader.page.locator(".todo li")).to_have_count(3)
    expect(reader.page.locator(".main-number").first).to_be_hidden()


def test_days_without_labels_say_where_to_answer(reader, days):
    reader.reads_report(days.unlabelled)
    reader.reads("The accuracy is not known yet")
    reader.reads("Open Label Studio, and there the project Random Sampling Review.")
    expect(reader.section("Predictions per day").get_by_role("img")).to_be_visible()


def test_a_day_that_is_not_over_says_so(reader, world, days):
    world.system.call("predict", data=b"x")
    reader.reads_report(f"{days.labelled.partition('&')[0]}&to={days.open.rpartition('=')[2]}&model=all")
    reader.reads("The last day is still open")
    reader.reads("answers are right")


def test_a_system_without_a_model_says_how_to_begin(reader, without_model):
    reader.reads_report()
    reader.reads("There is no model yet")
    reader.reads("Release one: docs/training.md says how.")


def test_an_address_that_asks_for_what_is_not_there_leads_back(reader):
    reader.reads_report()
    reader.opens("?class=Pizza").reads("There is no such report")
    reader.page.get_by_role("link", name="The last seven days").click()
    reader.is_in("shown")
    assert reader.page.url.endswith("report.html")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (refuse(502), "The report cannot be reached"),
        (drop, "The report cannot be reached"),
        (tell(404), "The report is not available at the moment"),
        (tell(429, Retry_After="1"), "Too much at once"),
    ],
)
def test_what_passes_is_told_and_tried_again(patient_reader, world, days, fault, words):
    world.proxy.faults.append(fault)
    patient_reader.asks_for_report(days.labelled)
    patient_reader.hears(words)
    patient_reader.is_in("waiting")
    patient_reader.pass_time(2)
    patient_reader.reads("answers are right")


def test_a_503_waits_as_long_as_it_is_told_or_until_somebody_tries(patient_reader, world, days):
    reader = patient_reader
    reader.reads_report(days.labelled)
    reader.reads("The active model")  # nothing more is asked for
    world.proxy.faults.append(tell(503, Retry_After="60"))
    reader.page.get_by_role("link", name="28 days").click()
    reader.reads("The report is not available at the moment")
    reader.reads("Next try in 60 s.")
    reader.press("Try now")
    reader.is_in("shown")
    expect(reader.page.locator(".stop")).to_be_hidden()


def test_ten_tries_are_enough(patient_reader, world):
    operator = patient_reader
    world.proxy.faults.extend([tell(503)] * 10)
    operator.opens()
    for tries in range(2, 11):
        operator.is_in("waiting")
        operator.pass_time(40)
        until(partial(called, world, tries), "it is tried again")
    operator.reads("Ten tries failed.")
    operator.press("Try now")
    operator.reads("This report is for operators")


def test_offline_waits_until_the_browser_is_back(reader, days):
    reader.reads_report(days.labelled)
    reader.page.context.set_offline(offline=True)
    reader.page.get_by_role("link", name="28 days").click()
    reader.reads("You are offline")
    reader.page.context.set_offline(offline=False)
    reader.is_in("shown")


@pytest.mark.slow("its supervisor starts the store again")
def test_a_store_that_is_down_is_waited_for(reader, world, days):
    reader.reads_report(days.labelled)
    world.proxy.faults.append(after_killing_the_store(world))
    reader.page.get_by_role("link", name="Yesterday").click()
    reader.reads("The report is not available at the moment")
    reader.is_in("shown")
    until(world.system.serves, "the store is back")


def after_killing_the_store(world):
    """The store dies just before the call arrives, and is started again by its supervisor."""

    def forward(handler):
        world.system.part("store").kill()
        Handler.forward(handler)

    return forward


def test_the_last_wish_counts(reader, world, days):
    reader.reads_report(days.labelled)
    hold = Hold()
    world.proxy.faults.append(hold)
    reader.page.get_by_role("link", name="28 days").click()
    until(lambda: not world.proxy.faults, "the first call is held")
    reader.page.get_by_role("link", name="Yesterday").click()
    reader.is_in("shown")
    hold.released.set()
    expect(reader.page.get_by_role("link", name="Yesterday")).to_have_attribute("aria-current", "true")
