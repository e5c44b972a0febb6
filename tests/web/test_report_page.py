"""The report's page: light, strict, within reach of everybody."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import DEVICES
from tests.web.proxy import Hold, tell
from tests.web.quality import MOST_TRANSFER, SMALL, TWICE, WIDER, WORDS, assert_accessible, transfers

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-report")]

TEXTS = """async (languages) => Object.fromEntries(await Promise.all(languages.map(async (language) => [language,
  Object.keys((await import(`/texts/report/${language}.js`)).default)])))"""
BASE = "async () => Object.keys((await import('/texts/en.js')).default)"
OPEN_ALL = "document.querySelectorAll('details').forEach((element) => { element.open = true; })"


def locked(operator, world, days):
    operator.opens().reads("This report is for operators")


def wrong_token(operator, world, days):
    operator.opens().enters("wrong").reads("This is not the token.")


def loading(operator, world, days):
    world.proxy.faults.append(Hold())
    operator.opens().reads("Loading the report …")


def shown(operator, world, days):
    operator.reads_report(days.labelled).reads("answers are right")


def with_tables(operator, world, days):
    shown(operator, world, days)
    operator.page.evaluate(OPEN_ALL)


def switched(operator, world, days):
    operator.reads_report(days.switched).reads("Not enough labels yet")


def empty(operator, world, days):
    operator.reads_report(days.empty).reads("There were no predictions")


def unlabelled(operator, world, days):
    operator.reads_report(days.unlabelled).reads("The accuracy is not known yet")


def waiting(operator, world, days):
    world.proxy.faults.append(tell(503, Retry_After="60"))
    operator.opens().reads("Next try in")


def waiting_again(operator, world, days):
    empty(operator, world, days)
    world.proxy.faults.append(tell(503, Retry_After="60"))
    operator.page.get_by_role("link", name="28 days").click()
    operator.reads("Next try in")


def offline(operator, world, days):
    empty(operator, world, days)
    operator.page.context.set_offline(offline=True)
    operator.page.get_by_role("link", name="28 days").click()
    operator.reads("You are offline")


def refused(operator, world, days):
    empty(operator, world, days)
    operator.opens("?class=Pizza").reads("There is no such report")


def printed(operator, world, days):
    shown(operator, world, days)
    operator.page.emulate_media(media="print")


STATES = [
    *(
        locked,
        wrong_token,
        loading,
        with_tables,
        switched,
        empty,
        unlabelled,
    ),  # a report with its tables open shows all it has
    *(waiting, waiting_again, offline, refused, printed),
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(operate, world, days, state):
    operator = operate(**DEVICES["phone"])
    state(operator, world, days)
    assert_accessible(operator.page)


def test_the_page_weighs_little_before_the_report(operate, world):
    operator = operate()
    operator.url = world.system.url
    sizes = transfers(operator.page)
    operator.opens().page.wait_for_load_state("networkidle")
    print(f"{sum(sizes)} bytes in {len(sizes)} answers")
    assert 0 < sum(sizes) <= MOST_TRANSFER


def test_nobody_else_is_asked(operate, world, days):
    operator, asked = operate(), []
    operator.page.on("request", lambda request: asked.append(request.url))
    operator.reads_report(days.labelled)
    assert [url for url in asked if not url.startswith((world.site.url, world.proxy.url))] == []


def test_the_gateways_own_page_works_in_its_policy(operate, world, days):
    operator = operate()
    operator.url = world.system.url
    operator.opens(days.labelled).enters().reads("answers are right")


def test_every_language_has_every_text(operate):
    page = operate().opens().page
    texts, base = page.evaluate(TEXTS, ["en", "de"]), page.evaluate(BASE)
    assert sorted(texts["en"]) == sorted(texts["de"])
    assert set(page.evaluate(WORDS)) <= {*texts["en"], *base}


def test_without_a_script_the_words_are_the_same(operate):
    page = operate().opens().page
    spoken = page.evaluate(WORDS)
    page.route("**/report.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    assert page.evaluate(WORDS) == spoken


def test_no_two_elements_share_an_id(reader, days):
    reader.reads_report(days.labelled)
    assert reader.page.evaluate(TWICE) == []


@pytest.mark.parametrize("width", [320, 390, 720])
def test_a_narrow_or_enlarged_page_needs_no_sideways_scrolling(operate, days, width):
    reader = operate(locale="de-DE").reads_report(days.labelled)
    reader.page.set_viewport_size({"width": width, "height": 700})
    reader.page.evaluate(OPEN_ALL)
    assert not reader.page.evaluate(WIDER)


@pytest.mark.parametrize("device", DEVICES)
def test_everything_to_press_is_large_enough(operate, days, device):
    reader = operate(**DEVICES[device]).reads_report(days.labelled)
    reader.page.evaluate(OPEN_ALL)
    assert reader.page.evaluate(SMALL) == 0


def test_the_keyboard_is_enough(operate, days):
    operator = operate().opens(days.labelled)
    expect(operator.page.get_by_label("Token", exact=True)).to_be_focused()
    operator.page.keyboard.insert_text(operator.token)
    operator.page.keyboard.press("Enter")
    operator.reads("answers are right")
    expect(operator.page.get_by_role("heading", level=1)).to_be_focused()
    for _ in range(3):
        operator.page.keyboard.press("Tab")
    operator.page.keyboard.press("Enter")
    expect(operator.page.get_by_role("link", name="Yesterday")).to_have_attribute("aria-current", "true")
