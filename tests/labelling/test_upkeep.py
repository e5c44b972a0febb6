"""What a later set-up keeps, and what it mends."""

import pytest

from feedloop.domain import keys
from tests.labelling.office import FLAGGED, LOW, bring, changes, project, storages
from tests.support import world

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]


def edit(office, title, **fields):
    office.desk.ask("PATCH", f"/api/projects/{project(office, title)['id']}", json=fields).raise_for_status()


def test_a_second_run_changes_nothing(ready):
    bring(ready, keys.LOW_CONFIDENCE, world.prediction())
    assert changes(ready.set_up()) == []


def test_pressing_sync_brings_nothing(ready):
    bring(ready, keys.LOW_CONFIDENCE, world.prediction())
    for kind, storage in zip(("s3", "export/s3"), storages(ready), strict=True):
        assert ready.desk.ask("POST", f"/api/storages/{kind}/{storage['id']}/sync").status_code == 400
    assert len(ready.annotator.tasks(project(ready)["id"])) == 1


def test_a_storage_that_was_deleted_is_made_again(ready):
    ready.desk.ask("DELETE", f"/api/storages/export/s3/{storages(ready)[1]['id']}").raise_for_status()
    assert changes(ready.set_up()) == [f"{LOW}: made the target storage Annotations"]


def test_what_was_edited_by_hand_is_put_back(ready):
    edit(ready, LOW, label_config="<View/>", show_collab_predictions=False, sampling="Uniform sampling")
    ready.set_up()
    found = project(ready)
    assert (found["show_collab_predictions"], found["sampling"]) == (True, "Uncertainty sampling")
    assert '<Choice value="Bread" hotkey="1" />' in found["label_config"]


def test_what_is_the_operators_to_choose_stays(ready):
    edit(ready, FLAGGED, maximum_annotations=2, color="#FF0000", skip_queue="IGNORE_SKIPPED")
    assert changes(ready.set_up()) == []
    found = project(ready, FLAGGED)
    assert (found["maximum_annotations"], found["skip_queue"]) == (2, "IGNORE_SKIPPED")


def test_a_view_keeps_what_people_add_to_it(ready):
    (view,) = ready.annotator.views(project(ready)["id"])
    data = {**view["data"], "ordering": ["tasks:id"], "columnsWidth": {"tasks:id": 99}}
    ready.desk.ask("PATCH", f"/api/dm/views/{view['id']}", json={"data": data}).raise_for_status()
    assert changes(ready.set_up()) == [f"{LOW}: mended the view Least sure first: ordering"]
    (view,) = ready.annotator.views(project(ready)["id"])
    assert view["data"]["columnsWidth"] == {"tasks:id": 99}


def test_no_secret_of_the_store_is_kept_in_label_studio(ready):
    assert ready.operator.store.secret_key.encode() not in ready.desk.database.read_bytes()


def test_status_counts_tasks_and_answers(ready):
    first, second, _ = bring(ready, keys.LOW_CONFIDENCE, *(world.prediction() for _ in range(3)))
    ready.annotator.annotate(first, "Egg")
    ready.annotator.annotate(second, None)
    told = ready.operator.run("status").told
    assert f"{LOW}: 3 tasks, 1 answered, 1 annotations, 1 skipped\n" in told
