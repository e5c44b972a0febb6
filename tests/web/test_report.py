"""The report as operators read it: behind its token, in words, over the days that they choose."""

import re

import pytest
import requests
from playwright.sync_api import expect

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-report")]

OPEN_TABLE = "(element) => { element.open = true; }"


@pytest.fixture
def told(world):
    """The report itself, as programs get it."""

    def read(query):
        token = world.system.connection()["report_token"]
        url = f"{world.system.url}/function/report{query}"
        return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60).json()

    return read


def test_the_number_comes_first_in_words_with_its_interval(reader, told, days):
    reader.reads_report(days.labelled)
    best = told(days.labelled)["accuracy"]["best"]
    low, high = int(best["low"] * 100), -int(-best["high"] * 100 // 1)
    expect(reader.page.locator(".main-number").first).to_have_text(
        f"{round(best['value'] * 100)} of 100 answers are right"
    )
    expect(reader.page.locator(".accuracy .interval")).to_have_text(f"95 % confidence interval: {low} to {high} of 100")
    reader.hears(
        f"{round(best['value'] * 100)} of 100 answers are right; 95 % confidence interval: {low} to {high} of 100"
    )


def test_the_card_of_the_active_model_is_there(reader, days):
    reader.reads_report(days.labelled)
    card = reader.section("The active model")
    expect(card).to_contain_text("stretched to 64 × 64 pixels (bilinear)")
    expect(card).to_contain_text("probabilities of 11 classes")
    expect(card).to_contain_text("99 of 100 (between 97 and 100, 660 photos)")


def test_a_change_is_told_against_the_days_before(reader, days):
    reader.reads_report("?days=1")
    expect(reader.page.locator(".change")).to_have_text(re.compile(r"^No clear change\. .* percentage points against"))
    reader.reads_report(days.labelled)
    expect(reader.page.locator(".change")).to_have_text(re.compile(r"^Nothing to compare with\. .* has no labels\.$"))


def test_the_token_is_asked_for_and_opens_the_report(operator, days):
    operator.opens(days.labelled).reads("This report is for operators")
    expect(operator.page.get_by_label("Token", exact=True)).to_be_focused()
    operator.enters().reads("answers are right")
    expect(operator.page.get_by_role("heading", level=1)).to_be_focused()


def test_the_token_stays_in_this_tab_and_nowhere_else(operator, world, days):
    operator.opens(days.labelled).enters().reads("answers are right")
    assert operator.token not in operator.page.url
    assert operator.storage() == {}
    operator.opens(days.labelled).reads("answers are right")
    other = type(operator)(operator.page.context.new_page(), operator.url, operator.token)
    other.opens(days.labelled).reads("This report is for operators")
    assert not any(operator.token in call.function for call in world.proxy.calls)


def test_the_token_can_be_forgotten(operator):
    operator.opens().enters().is_in("shown")
    operator.press("Forget the token")
    operator.reads("This report is for operators")
    operator.hears("This tab has forgotten the token.")
    assert operator.page.evaluate("({ ...sessionStorage })") == {}


@pytest.mark.parametrize("wrong", ["no token", "tökən"])
def test_a_wrong_token_is_told_and_not_kept(operator, wrong):
    operator.opens().enters(wrong)
    expect(operator.page.get_by_role("alert")).to_have_text("This is not the token. Please look again.")
    expect(operator.page.get_by_label("Token", exact=True)).to_have_attribute("aria-invalid", "true")
    assert operator.page.evaluate("({ ...sessionStorage })") == {}
    operator.enters().is_in("shown")


def test_the_window_is_chosen_and_stands_in_the_address(reader):
    reader.reads_report()
    for name, query in (("Yesterday", "days=1"), ("28 days", "days=28")):
        reader.page.get_by_role("link", name=name).click()
        expect(reader.page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        reader.is_in("shown")
        assert reader.page.url.endswith(f"?{query}")
    reader.page.go_back()
    expect(reader.page.get_by_role("link", name="Yesterday")).to_have_attribute("aria-current", "true")


def test_any_days_can_be_chosen(reader, days):
    reader.reads_report()
    reader.page.get_by_text("Other days").click()
    reader.page.get_by_label("From", exact=True).fill("2025-01-01")
    reader.page.get_by_label("To", exact=True).fill("2025-01-07")
    reader.press("Show")
    reader.reads("There were no predictions in these days")
    assert reader.page.url.endswith(days.empty)


def test_the_choice_of_days_is_closed_by_escape(reader):
    reader.reads_report()
    reader.page.get_by_text("Other days").press("Enter")
    reader.page.get_by_label("From", exact=True).press("Escape")
    expect(reader.page.get_by_label("From", exact=True)).to_be_hidden()
    expect(reader.page.get_by_text("Other days")).to_be_focused()


def test_a_class_and_a_model_narrow_it_and_stay_in_the_address(reader, days, told):
    reader.reads_report(days.labelled)
    reader.page.get_by_label("Class", exact=True).select_option("Bread")
    reader.reads("answers “bread” are right")
    reader.page.get_by_label("Model", exact=True).select_option("9f2c11aa")
    expect(reader.page).to_have_url(re.compile(r"\?from=\d+&to=\d+&class=Bread&model=9f2c11aa$"))
    reader.opens(f"?{reader.page.url.rpartition('?')[2]}").reads("answers “bread” are right")
    expect(reader.page.get_by_label("Model", exact=True)).to_have_value("9f2c11aa")
    expect(reader.section("Precision and recall").locator("tbody tr")).to_have_count(1)


def test_days_of_two_models_begin_with_the_one_that_serves(reader, days):
    reader.reads_report(days.switched)
    headline = reader.section("Accuracy")
    expect(headline.locator(".judged")).to_have_text(re.compile("^Model 9f2c11aa, the last of these days"))
    expect(headline.locator(".main-number").first).to_contain_text(
        "2 of 5 answers are right so far. Not enough labels yet"
    )
    expect(headline.locator(".change")).to_contain_text(
        "It got worse. −60.0 percentage points against 11111111, the model before"
    )
    expect(headline.locator(".beside")).to_contain_text(
        re.compile(r"11111111, the model before: 100 ?% .*12 right of 12")
    )
    chart = reader.section("Accuracy over time").get_by_role("img")
    expect(chart).to_have_attribute("aria-label", re.compile(r"^From 40 ?%.* Before it 11111111: From 100 ?%"))


def test_all_models_together_are_a_choice_that_says_so(reader, days):
    reader.reads_report(days.switched)
    reader.page.get_by_label("Model", exact=True).select_option("All together")
    expect(reader.page).to_have_url(re.compile("&model=all$"))
    reader.reads("2 models together")
    expect(reader.page.locator(".main-number").first).to_have_text("82 of 100 answers are right")
    expect(reader.page.locator(".beside li")).to_have_count(2)
    expect(reader.page.get_by_label("Model", exact=True)).to_have_value("all")


def test_another_language_keeps_what_was_chosen(reader, days):
    reader.reads_report("?days=1")
    reader.page.get_by_role("link", name="28 days").click()
    reader.page.get_by_role("link", name="DE: Deutsch").click()
    expect(reader.page.get_by_role("link", name="28 Tage")).to_have_attribute("aria-current", "true")


def test_the_classes_are_sorted_by_keyboard(reader, days):
    reader.reads_report(days.labelled)
    section = reader.section("Precision and recall")
    heading, names = section.get_by_role("columnheader", name="Class"), section.get_by_role("rowheader")
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(names.first).to_have_text("Bread")
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(names.last).to_have_text("Bread")


def test_the_confusion_matrix_counts_labels_or_shares(reader, days, told):
    reader.reads_report(days.labelled)
    section, confusion = reader.section("Confusion matrix"), told(days.labelled)["confusion"]
    first = section.get_by_role("row", name="Bread").get_by_role("cell").first
    expect(first).to_have_text(str(confusion["counts"][0][0]))
    expect(section.get_by_role("row", name="None of these").get_by_role("cell").first).to_have_text("2")
    section.get_by_label("% of all predictions").check(force=True)
    expect(first).to_have_text(f"{confusion['shares'][0][0] * 100:.1f}")


@pytest.mark.parametrize("heading", ["Accuracy over time", "Calibration", "Predictions per day"])
def test_every_chart_is_also_words_and_a_table(reader, days, heading):
    reader.reads_report(days.labelled)
    section = reader.section(heading)
    expect(section.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"\w+.*\d.*\."))
    section.locator("details").first.evaluate(OPEN_TABLE)
    assert section.get_by_role("table").get_by_role("row").count() > 2


def test_queues_visitors_and_annotators_are_told(reader, days):
    reader.reads_report(days.labelled)
    queue = reader.section("Annotation queues").get_by_role("listitem").first
    expect(queue).to_contain_text(re.compile(r"Random Sampling Review.*60 minutes"))
    expect(reader.section("Feedback of visitors")).to_contain_text(
        "2 answers were flagged as wrong. Annotators agree with 100"
    )
    expect(reader.section("Anchoring")).to_contain_text("Annotators who see its answer agree with 83 of 100")


def test_what_to_label_next_and_what_limits_the_report_are_told(reader, days, told):
    reader.reads_report(days.labelled)
    (first, *_), notes = told(days.labelled)["next"], told(days.labelled)["notes"]
    expect(reader.section("What to label next")).to_contain_text(f"{first['labels']} more in Random Sampling Review")
    expect(reader.section("What limits this report").get_by_role("listitem")).to_have_count(len(notes))


def test_it_is_told_in_german(visit, operate, days):
    reader = operate(locale="de-DE").reads_report(days.labelled)
    expect(reader.page.locator(".main-number").first).to_have_text(re.compile(r"^\d+ von 100 Antworten sind richtig$"))
    expect(reader.page.get_by_role("row", name="Brot").first).to_be_visible()
    expect(reader.section("Was diesen Bericht einschränkt").locator('[lang="en"]')).to_have_count(0)


def test_it_is_printed_black_on_white_without_controls(reader, days):
    reader.reads_report(days.labelled)
    reader.page.emulate_media(media="print", color_scheme="dark")
    for control in ("Print", "Forget the token"):
        expect(reader.page.get_by_role("button", name=control)).to_be_hidden()
    expect(reader.page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(reader.page.locator("body")).to_have_css("color", "rgb(0, 0, 0)")
    expect(reader.page.locator(".filters")).to_be_hidden()
