"""A Label Studio on PostgreSQL, as who has many annotators runs it: set up, and filled while they save."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex

import pytest

from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.domain.review import TITLES
from tests.support import annotator, servers, world
from tests.support import label_studio as label_studios
from tests.support.operating import operator
from tests.support.postgresql import find_programs, postgresql

pytestmark = [pytest.mark.store, pytest.mark.slow("a Label Studio on PostgreSQL")]

TITLE = "Low Confidence Review"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
CHOSEN = {"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Egg"]}}
SAID = {"model_version": "the model", "score": 0.4, "result": [CHOSEN]}


@pytest.fixture(scope="module")
def database():
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with postgresql(programs) as database:
        yield database


@pytest.fixture(scope="module")
def studio(database, seaweedfs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgresql")
    with label_studios.label_studio(folder, seaweedfs, database=database) as studio:
        assert not list(folder.glob("*.sqlite3"))
        yield studio


@pytest.fixture(scope="module")
def set_up(studio, seaweedfs, tmp_path_factory):
    """The operator's command, which ran once."""
    store = servers.fresh_store(seaweedfs)
    world.release(store)
    with operator(studio, seaweedfs, servers.prefix_of(store), tmp_path_factory.mktemp("secrets")) as someone:
        someone.set_up()
        yield someone.set_up


@pytest.fixture(scope="module")
def people(studio, set_up):
    with annotator.annotator(studio) as first:
        yield [first, first.colleague("second@example.org")]


@pytest.fixture
def sync(studio, set_up):
    """What each sync opens for itself."""
    return lambda: LabelStudioTool(url=studio.url, token=studio.token)


@pytest.fixture
def project(sync):
    (found,) = [project for project in sync().projects() if project.title == TITLE]
    return found


@pytest.fixture
def shown(studio, project):
    """How often each of these pictures is there with so many predictions."""
    path = f"/api/tasks?project={project.id}&resolve_uri=false&page_size=10000&fields=all"

    def shown(tasks):
        found = [(task["data"]["image"], len(task["predictions"])) for task in studio.ask("GET", path).json()["tasks"]]
        return Counter(one for one in found if one[0] in images(tasks))

    return shown


def unsure(count):
    return [
        {"data": {"v": 1, "image": f"s3://images/{token_hex(16)}.jpg"}, "predictions": [SAID]} for _ in range(count)
    ]


def images(tasks):
    return [task["data"]["image"] for task in tasks]


def once(tasks):
    return Counter((image, 1) for image in images(tasks))


def save(person, task, **form):
    """Once, as a browser does, which does not try again."""
    browser = replace(person.label_studio, token=person.token)
    return browser.ask("POST", f"/api/tasks/{task}/annotations/", json={"result": [CHOSEN], **form})


def everything(tool):
    return {project.title: (project.id, tool.storages(project)) for project in tool.projects()}


def test_a_second_set_up_changes_nothing(sync, set_up):
    before = everything(sync())
    set_up()
    assert everything(sync()) == before
    assert set(before) == set(TITLES.values())
    assert {(len(sources), len(targets)) for _, (sources, targets) in before.values()} == {(1, 1)}


def test_imports_of_two_syncs_at_once_come_once_with_their_predictions(sync, project, shown):
    tasks = unsure(100)
    batches = tasks[:50], tasks[50:]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda batch: sync().add(project, batch), batches))
    assert shown(tasks) == once(tasks)
    assert [list(sync().find(project, images(batch)).values()) for batch in batches] == made


@pytest.mark.parametrize("many", [(5, 10), pytest.param((20, 40), marks=pytest.mark.soak)], ids=str)
def test_annotators_who_save_during_an_import_lose_nothing(sync, project, people, shown, many):
    imports, saves = many
    tool, newer = sync(), unsure(5 * imports)
    waiting = tool.add(project, unsure(saves))
    with ThreadPoolExecutor(5) as pool:
        importing = pool.submit(lambda: [tool.add(project, newer[at : at + 5]) for at in range(0, 5 * imports, 5)])
        saved = [answer.status_code for answer in pool.map(save, people * saves, waiting)]
        importing.result()
    assert saved == [201] * saves
    assert shown(newer) == once(newer)


def test_sync_is_told_every_answer_once(sync, project, people):
    waiting = sync().add(project, unsure(3))
    forms = {}, {}, {"result": [], "was_cancelled": True}
    made = [save(people[0], task, **form).json()["id"] for task, form in zip(waiting, forms, strict=True)]
    told = [answer.id for answer in sync().annotations(project, since=LONG_AGO, after=0)]
    assert [told.count(annotation) for annotation in made] == [1, 1, 1]
    newer = sync().annotations(project, since=datetime.now(UTC).replace(year=2999), after=made[0])
    assert [answer.id for answer in newer] == made[1:]
