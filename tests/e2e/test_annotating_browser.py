"""Label Studio in a real browser, as annotators use it; the pictures come by the whole system."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from feedloop.domain import keys
from feedloop.domain.clock import day_of, utc_now
from feedloop.domain.prediction import Prediction
from tests.local.system import prediction, until
from tests.support import demo, world
from tests.support.staffed import LOW, Staffed, project

pytestmark = [pytest.mark.slow("a whole system with Label Studio, and Chromium"), pytest.mark.browser]

CLASSES: list[str] = demo.CARD["classes"]
EGGS = 'Œufs & "$image" <b>寿</b>'
SHOWN = EGGS.replace("$", "$\u2060")
PATIENCE = 60_000
PICTURE = "[...document.images].some(image => image.src.startsWith('blob:') && image.naturalWidth > 0)"
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def page(browser: Browser, staffed: Staffed) -> Iterator[Page]:
    """Logged in."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE)
    _log_in(page, staffed)
    yield page
    page.close()


def _log_in(page: Page, staffed: Staffed) -> None:
    label_studio = staffed.annotator.label_studio
    page.goto(label_studio.url)
    page.fill("input[name=email]", label_studio.username)
    page.fill("input[name=password]", label_studio.password)
    page.press("input[name=password]", "Enter")
    expect(page.locator("input[name=password]")).to_have_count(0)


def opened(page: Page, staffed: Staffed, queue: str, task: int) -> None:
    """A task, with its picture."""
    page.goto(f"{staffed.annotator.label_studio.url}/projects/{project(staffed, queue)}/data?task={task}")
    expect(page.get_by_text("What is in the picture?")).to_be_visible()
    page.wait_for_function(PICTURE)


def choice(page: Page, name: str) -> Locator:
    """The button of a class, which is marked some time after the picture is there."""
    return page.locator(f"input[type=radio][name={json.dumps(name, ensure_ascii=False)}]")


def chosen(page: Page) -> list[str]:
    """The classes that are marked."""
    marked = page.locator("input[type=radio]:checked").evaluate_all("all => all.map(one => one.name)")
    return [name for name in marked if name in CLASSES]


def test_a_key_and_a_submit_bring_the_picture_into_its_dataset(staffed, page):
    receipt = staffed.predicted()
    opened(page, staffed, LOW, staffed.task(receipt))
    expect(choice(page, CLASSES[prediction(receipt).class_index])).to_be_checked()
    assert len(chosen(page)) == 1
    page.keyboard.press("4")
    expect(choice(page, CLASSES[3])).to_be_checked()
    page.keyboard.press("Control+Enter")
    staffed.until_in({3}, receipt)
    (vote,) = staffed.label(receipt)["votes"].values()
    assert vote["origin"] == "prediction-changed"


@pytest.fixture(scope="module")
def blind(staffed):
    """A task of the random sample, and the prediction that it must not show."""
    staffed.predicted()
    staffed.sample(date=day_of(utc_now()), count=5).raise_for_status()
    tasks = staffed.annotator.tasks
    number = project(staffed, keys.RANDOM_SAMPLED)
    until(lambda: tasks(number), "Label Studio has a task")
    path = f"/api/tasks?project={number}&fields=all&resolve_uri=false"
    task = staffed.annotator.get(path).json()["tasks"][0]
    random = task["data"]["image"].rpartition("/")[2].removesuffix(".jpg")
    return task["id"], Prediction.from_metadata(staffed.store.head(keys.image(random)).metadata)


def words(made):
    """What would tell what the model thinks."""
    return {made.id.model, str(made.id), f"0.{made.id.per_mille:03d}", "ml_prediction", "food11", "the model"}


def test_a_blind_task_shows_nothing_of_the_model(staffed, page, blind):
    task, made = blind
    opened(page, staffed, keys.RANDOM_SAMPLED, task)
    page.wait_for_load_state("networkidle")
    told = page.content()
    assert [word for word in words(made) if word in told] == []
    assert chosen(page) == []


def test_the_list_of_blind_tasks_shows_nothing_of_the_model(staffed, page, blind):
    _, made = blind
    page.goto(f"{staffed.annotator.label_studio.url}/projects/{project(staffed, keys.RANDOM_SAMPLED)}/data")
    expect(page.get_by_text("random_sample").first).to_be_visible()
    told = page.content()
    assert [word for word in {*words(made), made.class_name} if word in told] == []


def test_what_the_browser_is_sent_about_blind_tasks_tells_nothing_of_the_model(staffed, page, blind):
    task, made = blind
    told = []

    def forward_line(route):
        """Read it first: what a page has left behind can no longer be read."""
        answer = route.fetch()
        told.append(answer.text() if "json" in answer.headers.get("content-type", "") else "")
        route.fulfill(response=answer)

    page.route("**/api/**", forward_line)
    opened(page, staffed, keys.RANDOM_SAMPLED, task)
    page.wait_for_load_state("networkidle")
    page.unroute_all(behavior="wait")
    assert any(f'"id":{task}' in text.replace(" ", "") for text in told)
    assert [word for word in words(made) - {"the model"} if any(word in text for text in told)] == []


@pytest.fixture
def drafted(staffed):
    """A task with a draft that says Egg, after that class has another name; it is Egg again afterwards."""
    task, path = staffed.task(staffed.predicted()), f"/api/projects/{project(staffed, LOW)}"
    result = {"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Egg"]}}
    drafts = f"/api/tasks/{task}/drafts?project={project(staffed, LOW)}"
    staffed.annotator.label_studio.ask("POST", drafts, json={"result": [result]}).raise_for_status()
    world.rename(staffed.store, "Egg", EGGS)
    until(lambda: "(was Egg)" in staffed.annotator.get(path).json()["label_config"], "the choices have followed")
    yield task
    world.rename(staffed.store, EGGS, "Egg")
    until(lambda: "(was Egg)" not in staffed.annotator.get(path).json()["label_config"], "they are as they were")


def test_choices_follow_the_classes_by_themselves_and_a_draft_stays(staffed, page, drafted):
    opened(page, staffed, LOW, drafted)
    expect(choice(page, f"{SHOWN} (was Egg)")).to_be_checked()
    choice(page, SHOWN).check()
    page.keyboard.press("Control+Enter")
    tasks = staffed.annotator.label_studio
    until(lambda: tasks.ask("GET", f"/api/tasks/{drafted}/").json()["annotations"], "it is saved")
    (saved,) = tasks.ask("GET", f"/api/tasks/{drafted}/").json()["annotations"]
    assert saved["result"][0]["value"] == {"choices": [EGGS]}
