"""The page itself: small, strict, in the visitor's language, and of use without a script."""

import pytest
import requests
from playwright.sync_api import expect

from tests.support.class_names import GIVEN
from tests.web.quality import MOST_TRANSFER, SMALL, TWICE, WIDER, WORDS, transfers
from tests.web.visitor import photo

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]

TEXTS = """async (languages) => Object.fromEntries(await Promise.all(languages.map(async (language) =>
  [language, Object.keys((await import(`/texts/${language}.js`)).default)])))"""


def test_the_page_weighs_little_before_a_photo_is_chosen(visit, world):
    visitor = visit()
    visitor.url = world.system.url
    sizes = transfers(visitor.page)
    visitor.come().page.wait_for_load_state("networkidle")
    print(f"{sum(sizes)} bytes in {len(sizes)} answers")
    assert 0 < sum(sizes) <= MOST_TRANSFER


def test_nobody_else_is_asked(visit, world):
    visitor, asked = visit(), []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.come().choose()
    visitor.sees("Almost certainly rice")
    ours = (world.site.url, world.proxy.url, "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []


def test_the_gateways_own_site_works_in_its_policy(visit, world):
    visitor = visit()
    visitor.url = world.system.url
    visitor.come().choose()
    visitor.sees("Almost certainly rice")
    visitor.press("Wrong?")
    visitor.reads("Thank you. A person will look at it.")


def test_the_policy_allows_nothing_unsafe(world):
    answer = requests.get(f"{world.system.url}/", timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_site_is_asked_for_again_only_when_it_changed(world):
    first = requests.get(f"{world.system.url}/style.css", timeout=10)
    assert first.headers["Cache-Control"] == "no-cache"
    again = {"If-None-Match": first.headers["ETag"]}
    assert requests.get(f"{world.system.url}/style.css", timeout=10, headers=again).status_code == 304


def test_without_a_script_the_form_still_asks(visit, world):
    visitor = visit(java_script_enabled=False)
    visitor.page.goto(world.system.url)
    visitor.page.get_by_label("Choose photos").set_input_files(photo())
    visitor.page.get_by_role("button", name="Ask").click()
    expect(visitor.page.locator("body")).to_contain_text('"class":"Rice"')


NAMES_SHOWN = """async (names) => {
  const { classText, text } = await import("/modules/shared/language.js");
  const { classTitle } = await import("/modules/report/format.js");
  return names.map((name) => [text("relabel.done", { class: classText(name) }), classTitle(name)]);
}"""
NAMES_OFFERED = """() => [...document.querySelectorAll('[data-part=classes] label')].map((label) => {
  label.firstChild.checked = true;
  return [label.textContent, new FormData(document.querySelector('dialog form')).get('class')];
})"""


def test_a_visitor_is_offered_every_class_by_the_name_that_people_gave_it(visit):
    """And says it back as it is."""
    visitor = visit()

    def named(route):
        answer = route.fetch()
        is_asked = route.request.method == "GET"
        route.fulfill(response=answer, **({"json": {**answer.json(), "choices": GIVEN}} if is_asked else {}))

    visitor.page.route("**/function/predict", named)
    visitor.come().choose()
    visitor.sees("Almost certainly rice")
    visitor.press("Say what it is", visitor.card())
    visitor.reads("Fish & chips")
    operators = {"Bread": "bread", "Dairy product": "dairy"}
    shown = {name: operators.get(name, name) for name in GIVEN}
    assert {value: text for text, value in visitor.page.evaluate(NAMES_OFFERED)} == shown
    titles = {**shown, "Dairy product": "Dairy", "Bread": "Bread"}
    sentences = [[f"Thank you. You said: {shown[name]}.", titles[name]] for name in GIVEN]
    assert visitor.page.evaluate(NAMES_SHOWN, GIVEN) == sentences


def test_without_a_script_the_words_are_the_same(visit):
    page = visit().come().page
    spoken = page.evaluate(WORDS)
    page.route("**/main.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    assert page.evaluate(WORDS) == spoken


def test_a_german_browser_is_spoken_to_in_german(visit):
    page = visit(locale="de-AT").come().choose().page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Was liegt auf deinem Teller?")
    expect(page.locator(".card h3")).to_have_text("Fast sicher: Reis")
    expect(page.locator(".card .number").first).to_have_text("99\u00a0%")


def test_the_visitor_may_choose_another_language(visit):
    page = visit(locale="fr-FR").come().page
    expect(page.get_by_role("heading", level=1)).to_have_text("What is on your plate?")
    page.get_by_role("link", name="DE: Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Was liegt auf deinem Teller?")


def test_every_language_has_every_text(visit):
    page = visit().come().page
    texts = page.evaluate(TEXTS, ["en", "de"])
    assert sorted(texts["en"]) == sorted(texts["de"])
    assert set(page.evaluate(WORDS)) <= set(texts["en"])


def test_the_operators_title_and_policy_are_shown(visit, world):
    world.site.settings.update(title="SoupSpotter", privacy="https://soup.example/privacy")
    page = visit().come().page
    expect(page).to_have_title("SoupSpotter")
    expect(page.locator(".brand")).to_have_text("SoupSpotter")
    expect(page.get_by_role("link", name="Privacy policy")).to_have_attribute("href", "https://soup.example/privacy")


def test_a_narrow_or_enlarged_page_needs_no_sideways_scrolling(visit):
    visitor = visit(locale="de-DE")
    visitor.page.set_viewport_size({"width": 320, "height": 568})
    visitor.come().choose()
    expect(visitor.card().get_by_role("heading")).to_have_text("Fast sicher: Reis")
    assert not visitor.page.evaluate(WIDER)


def test_everything_to_press_is_large_enough(visitor):
    visitor.choose()
    visitor.sees("Almost certainly rice")
    visitor.press("Say what it is")
    expect(visitor.page.get_by_role("radio")).to_have_count(11)
    assert visitor.page.evaluate(SMALL) == 0


def test_no_two_elements_share_an_id(somebody):
    assert somebody.page.evaluate(TWICE) == []


def test_nothing_moves_for_those_who_want_no_motion(visit):
    for wish, moves in (("reduce", False), ("no-preference", True)):
        visitor = visit()
        visitor.page.emulate_media(reduced_motion=wish)
        visitor.come().choose()
        visitor.sees("Almost certainly rice")
        assert bool(visitor.page.evaluate("document.getAnimations().length")) == moves


def test_the_keyboard_is_enough(visit):
    visitor = visit()
    visitor.page.on("filechooser", lambda chooser: chooser.set_files(photo()))
    visitor.come().page.locator("#file").press("Enter")
    visitor.sees("Almost certainly rice")
    visitor.page.get_by_role("button", name="Say what it is").press("Enter")
    expect(visitor.page.get_by_role("radio")).to_have_count(11)
    for key in ("Tab", *"soup", "Tab", "Space", "Enter"):
        visitor.page.keyboard.press(key)
    visitor.reads("Thank you. You said: soup.")


def test_the_focus_is_not_lost_with_its_button(visit, world):
    visitor = visit().come()
    visitor.page.context.set_offline(offline=True)
    card = visitor.choose()
    visitor.sees("You are offline")
    card.get_by_role("button", name="Cancel").press("Enter")
    expect(card.get_by_role("heading", name="Cancelled")).to_be_focused()
