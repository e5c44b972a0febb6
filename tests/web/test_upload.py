"""A photo in, an answer out."""

import re
from functools import cache
from io import BytesIO
from random import Random

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.local.system import until
from tests.support.uploads import encoded, private_exif, scene, unclear_upload
from tests.web.proxy import Hold, drop
from tests.web.visitor import photo
from training.data.drawings import draw

pytestmark = [pytest.mark.store, pytest.mark.browser, pytest.mark.xdist_group("web-site")]


@cache
def large() -> bytes:
    """Twelve megapixels from a phone that was held upright."""
    return encoded(scene(4000, 3000), exif=private_exif(6), quality=95)


def drawing(number: int) -> bytes:
    return encoded(draw("Rice", Random(number)))


def test_a_photo_is_answered_in_words_and_numbers(visitor):
    card = visitor.choose()
    visitor.sees("Almost certainly rice")
    expect(card.locator(".confidence").first).to_contain_text(re.compile(r"rice\s+99%"))
    visitor.hears("lunch.jpg: Almost certainly rice")


def test_an_unsure_answer_says_that_a_person_looks(somebody):
    somebody.choose(photo(unclear_upload()))
    somebody.sees("Not sure")
    expect(somebody.card()).to_contain_text(re.compile(r"It could be .+ or .+\. We asked a person to look\."))


def test_several_photos_get_a_card_each_and_two_at_a_time_are_sent(somebody, world):
    holds = [Hold() for _ in range(4)]
    world.proxy.faults.extend(holds)
    somebody.choose(*[photo(drawing(number)) for number in range(4)])
    expect(somebody.page.locator('.card[data-phase="queued"]')).to_have_count(2)
    until(lambda: len(world.proxy.of("predict")) == 2, "two are sent")
    for hold in holds:
        hold.released.set()
    expect(somebody.page.locator('.card[data-phase="answered"]')).to_have_count(4)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_may_be_dropped_or_pasted(somebody, event):
    somebody.drop_or_paste(event)
    somebody.sees("Almost certainly rice")


def test_what_is_dragged_over_the_page_may_be_let_go(somebody):
    somebody.drop_or_paste("dragover")
    somebody.reads("Let go to add your photos")
    somebody.drop_or_paste("drop")
    expect(somebody.page.get_by_text("Let go to add your photos")).to_be_hidden()


def test_a_phone_offers_its_camera_and_a_desktop_does_not(visitor):
    is_phone = visitor.page.viewport_size["width"] < 500
    expect(visitor.page.get_by_text("Take a photo", exact=True)).to_be_visible(visible=is_phone)


def test_preview_and_cancel_are_there_while_it_is_sent(visitor, world):
    hold = Hold()
    world.proxy.faults.append(hold)
    card = visitor.choose()
    visitor.sees("Having a look …")
    expect(card.get_by_role("img", name="Your photo lunch.jpg")).to_be_visible()
    expect(card.get_by_role("button", name="Cancel")).to_be_visible()
    hold.released.set()
    visitor.sees("Almost certainly rice")


def test_a_cancelled_photo_is_not_sent_until_the_visitor_says_so(somebody, world):
    before, hold = world.made(), Hold(drop)
    world.proxy.faults.append(hold)
    card = somebody.choose()
    card.get_by_role("button", name="Cancel").dblclick()
    somebody.sees("Cancelled")
    hold.released.set()
    assert world.made() == before
    somebody.press("Send after all", card)
    somebody.sees("Almost certainly rice")
    assert len({call.key for call in world.proxy.of("predict")}) == 1


def test_a_cancelled_photo_can_be_removed(somebody, world):
    world.proxy.faults.append(Hold(drop))
    somebody.press("Cancel", somebody.choose())
    somebody.press("Remove", somebody.sees("Cancelled"))
    expect(somebody.card()).to_have_count(0)
    expect(somebody.page.get_by_role("heading", name="Your photos")).to_be_focused()


def test_a_large_photo_is_made_small_and_upright_before_it_is_sent(somebody, world):
    somebody.choose(photo(large()))
    somebody.sees("Not sure")
    (made,) = somebody.feedback()
    assert Image.open(BytesIO(world.system.get("production", world.key_of(made)))).size == (768, 1024)
    assert len(world.proxy.of("predict")[0].body) < 500_000


def test_originals_are_sent_when_the_operator_wants_them(visit, world):
    world.site.settings["originals"] = True
    visitor = visit().come()
    visitor.choose(photo(large()))
    visitor.sees("Not sure")
    assert large() in world.proxy.of("predict")[0].body


def test_what_the_browser_can_show_is_sent_as_a_jpeg(somebody, world):
    somebody.choose(photo(encoded(scene(300, 300), "GIF"), "lunch.gif", "image/gif"))
    somebody.sees("Not sure")


def test_the_same_photo_twice_at_once_is_one(somebody, world):
    hold = Hold()
    world.proxy.faults.append(hold)
    somebody.choose(photo(), photo())
    somebody.hears("You have just added lunch.jpg already.")
    hold.released.set()
    somebody.sees("Almost certainly rice")
    expect(somebody.page.locator(".card")).to_have_count(1)


def test_a_name_that_holds_html_stays_a_name(somebody):
    name = "<img src=x onerror=document.title='owned'>.jpg"
    card = somebody.choose(photo(name=name))
    somebody.sees("Almost certainly rice")
    expect(card.get_by_role("img")).to_have_attribute("alt", f"Your photo {name}")
    expect(somebody.page).to_have_title("GourmetGram")
    expect(somebody.page.locator("img")).to_have_count(1)


@pytest.mark.parametrize(
    ("body", "heading", "advice"),
    [
        (b"no picture at all", "We cannot read this kind of file", "Photos as JPEG, PNG or WebP are fine."),
        (drawing(2)[:400], "This photo is damaged", "Please choose another."),
        (bytes(10_200_000), "This photo is too large", "Please send a smaller one."),
    ],
)
def test_what_cannot_be_taken_is_told(somebody, tmp_path, body, heading, advice):
    file = tmp_path / "lunch.jpg"  # the browser reads it by itself, however large it is
    file.write_bytes(body)
    somebody.page.set_input_files("#file", file)
    card = somebody.sees(heading)
    somebody.reads(advice, card)
    expect(card.get_by_role("button")).to_have_text(["Remove"])
