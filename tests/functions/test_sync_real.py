"""sync between a real Label Studio and a real store: beside itself and annotators, killed, and after outages."""

import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from feedloop import settings
from feedloop.adapters.label_studio import LabelStudioTool
from feedloop.domain import keys
from feedloop.domain.documents import load
from feedloop.domain.review import TITLES
from functions.sync import import_ledger
from functions.sync.sweep import sweep
from local.stack import ROOT
from tests.support import annotator, servers
from tests.support import label_studio as label_studios
from tests.support.world import commit, everything, prediction, queue_task

pytestmark = [pytest.mark.store, pytest.mark.slow("a real Label Studio"), pytest.mark.xdist_group("label_studio")]

QUEUE = keys.USER_FEEDBACK
ONCE = """
from werkzeug.datastructures import Headers, MultiDict
from feedloop.http import Context, Event
from functions.sync.handler import handle
print(handle(Event(b"", Headers(), "POST", MultiDict(), "/"), Context("test")))
"""


@pytest.fixture(scope="module")
def gate(label_studio_gate):
    return label_studio_gate


@pytest.fixture(scope="module")
def store(label_studio_store):
    return label_studio_store


@pytest.fixture(scope="module")
def people(label_studio):
    with annotator.annotator(label_studio) as first:
        yield first


@pytest.fixture(scope="module")
def tool(label_studio):
    return LabelStudioTool(url=label_studio.url, token=label_studio.token)


@pytest.fixture
def sync(store, tool):
    """One thorough run; what it counted."""

    def run():
        with ThreadPoolExecutor(3) as queues, ThreadPoolExecutor(4) as files:
            told = sweep(store, tool, thorough=True, queues=queues.map, each=files.map)
        return Counter(told["projects"][QUEUE])

    return run


def queued(store, count):
    made = [prediction(sample_key=os.urandom(16).hex()) for _ in range(count)]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda one: queue_task(store, commit(store, one), QUEUE), made))


@pytest.fixture
def shown(label_studio, people):
    """How often each of these tasks is in the project."""
    path = f"/api/tasks?project={people.project(TITLES[QUEUE])}&resolve_uri=false&page_size=10000"

    def shown(randoms):
        tasks = label_studio.ask("GET", path).json()["tasks"]
        images = [task["data"]["image"].rpartition("/")[2].removesuffix(".jpg") for task in tasks]
        return Counter(image for image in images if image in randoms)

    return shown


@pytest.fixture
def task_of(store):
    return lambda random: load(store.get(keys.imported(QUEUE, random)).body)["task"]


@pytest.fixture
def save(label_studio, task_of):
    """Save once, as a browser does, which does not try again; the status."""

    def save(random, choice):
        result = [{"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": [choice]}}]
        form = {"result": result if choice else [], "was_cancelled": choice is None}
        return label_studio.ask("POST", f"/api/tasks/{task_of(random)}/annotations/", json=form).status_code

    return save


def files(store):
    return {
        int(key.rpartition("/")[2]): load(body)
        for key, body in everything(store, keys.LABELSTUDIO, f"output/{QUEUE}/").items()
    }


def test_two_runs_at_once_import_each_task_once(store, sync, shown):
    randoms = queued(store, 40)
    with ThreadPoolExecutor(2) as runs:
        counts = sum((run.result() for run in [runs.submit(sync) for _ in range(2)]), Counter())
    assert counts["new"] == 40
    assert shown(randoms) == Counter(randoms)


@pytest.fixture
def function(store, seaweedfs, label_studio, tmp_path):
    """Starts the real function, called once, in a process of its own."""
    given = label_studios.settings_for(label_studio, seaweedfs, servers.prefix_of(store), tmp_path)
    (tmp_path / settings.OPERATOR_TOKEN).write_text("token")
    env = {**os.environ, **given, "PYTHONPATH": str(ROOT)}
    store.delete(keys.lease("sync"))
    return lambda: subprocess.Popen([sys.executable, "-c", ONCE], env=env, stdout=subprocess.DEVNULL)


def ledger(store):
    return {entry.key.rpartition("/")[2]: entry for entry in store.list(keys.imports(QUEUE))}


MOMENTS = {
    "claiming": lambda store, randoms: len(ledger(store).keys() & randoms) > 10,
    "all are claimed": lambda store, randoms: randoms <= ledger(store).keys(),
    "writing what is done": lambda store, randoms: any(
        import_ledger.is_done(entry) for random, entry in ledger(store).items() if random in randoms
    ),
}


@pytest.fixture
def minutes_later(monkeypatch):
    """To us every claim is one of the dead; the function itself waits."""
    monkeypatch.setattr(import_ledger, "PATIENCE", timedelta(seconds=-2))


@pytest.mark.usefixtures("minutes_later")
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_function_that_is_killed_while_it_imports_leaves_each_task_once(store, sync, function, moment, shown):
    randoms = set(queued(store, 80))
    with function() as process:
        wait_until(lambda: moment(store, randoms) or process.poll() is not None)
        process.kill()
    sync()
    assert shown(randoms) == Counter(randoms)
    assert all(import_ledger.is_done(entry) for entry in ledger(store).values())


def wait_until(condition):
    end = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < end, "it never happened"


def test_an_annotation_saved_while_the_store_is_away_is_as_label_studio_writes_it(store, sync, gate, save):
    randoms = queued(store, 2)
    sync()
    assert save(randoms[0], "Egg") == 201
    with gate.closed():
        assert save(randoms[1], "Egg") == 500
    assert sync()["repaired"] == 1
    theirs, ours = (one for _, one in sorted(files(store).items())[-2:])
    own = {"id", "created_at", "updated_at", "created_ago", "completed_by", "task"}
    assert without(ours, own) == without(theirs, own)
    assert ours["completed_by"]["id"] == theirs["completed_by"]["id"]
    assert ours["task"]["data"].keys() == theirs["task"]["data"].keys()
    assert theirs["task"].keys() - ours["task"].keys() == {"allow_skip", "precomputed_agreement", "updated_by"}


def without(document, names):
    return {name: value for name, value in document.items() if name not in names}


def test_a_change_made_while_the_store_is_away_arrives(store, people, sync, gate, task_of):
    (random,) = queued(store, 1)
    sync()
    annotation = people.annotate(task_of(random), "Egg")
    sync()
    with gate.closed(), pytest.raises(annotator.Refused):
        people.change(annotation, "Meat")
    assert sync()["repaired"] == 1
    assert files(store)[annotation]["result"][0]["value"] == {"choices": ["Meat"]}


def test_a_skip_made_while_the_store_is_away_arrives(store, sync, gate, save):
    (random,) = queued(store, 1)
    sync()
    with gate.closed():
        assert save(random, None) == 500
    before = files(store)
    assert sync()["repaired"] == 1
    (added,) = files(store).keys() - before.keys()
    assert files(store)[added]["was_cancelled"] is True


def test_an_annotation_deleted_after_we_wrote_its_file_goes(store, people, sync, gate, save):
    (random,) = queued(store, 1)
    sync()
    with gate.closed():
        assert save(random, "Egg") == 500
    sync()
    annotation = max(files(store))
    people.delete_annotation(annotation)
    assert annotation in files(store)
    assert sync()["removed"] == 1
    assert annotation not in files(store)


def test_label_studio_deletes_its_own_files_itself(store, people, sync, task_of):
    (random,) = queued(store, 1)
    sync()
    people.delete_annotation(people.annotate(task_of(random), "Egg"))
    assert sync()["removed"] == 0


def test_a_task_that_an_annotator_deletes_does_not_come_back(store, people, sync, shown, task_of):
    (random,) = queued(store, 1)
    sync()
    people.delete_task(task_of(random))
    sync()
    assert shown([random]) == Counter()


@pytest.mark.parametrize("many", [(60, 20), pytest.param((300, 100), marks=pytest.mark.soak)], ids=str)
def test_annotators_who_save_during_an_import_lose_nothing(store, sync, shown, save, many):
    imports, saves = many
    (first,) = queued(store, 1)
    sync()
    randoms = queued(store, imports)
    with ThreadPoolExecutor(9) as pool:
        importing = pool.submit(sync)
        saved = list(pool.map(lambda _: save(first, "Egg"), range(saves)))
        assert importing.result()["new"] == imports
    assert set(saved) == {201}
    assert shown(randoms) == Counter(randoms)
