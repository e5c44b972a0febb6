"""Datasets as image folders: chosen by listing, brought in parallel, continued after a kill."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import BadRequest
from feedloop.evidence import human_labels
from tests.support import world
from tests.support.counting import Counted
from tests.support.interleaving import Killed
from tests.support.killed_store import KilledStore
from tests.support.labelled import label
from tests.support.training import at_home, command
from tests.support.world import NOON
from training.data import download, image_folder, manifests, selection
from training.data.download import PictureFolder
from training.data.selection import DatasetFilter

LOW, FLAGGED, VISITORS = keys.LOW_CONFIDENCE, keys.USER_FEEDBACK, keys.USER_FEEDBACK_2


@pytest.fixture
def store(memory_store):
    world.release(memory_store)
    return memory_store


def choose(store, wanted):
    return selection.select_pictures(store, wanted, human_labels.fetch(store, classes=len(world.CLASSES)))


def pull(store, folder, wanted):
    to = PictureFolder(folder, releases.class_list(store))
    pulled = download.download_pictures(store, choose(store, wanted), to, track)
    assert download.seal(to, pulled.entries) == version(folder)
    return pulled


def track(things, *_):
    return iter(things)


def version(folder):
    return manifests.version((folder / manifests.FILE).read_bytes())


def chosen(store, *datasets, **how):
    return {str(one.prediction) for one in choose(store, DatasetFilter(datasets, **how))}


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.glob("class_*/*"))


def test_a_dataset_becomes_an_image_folder(store, tmp_path):
    made = label(store, LOW, "Egg")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    found = image_folder.load_pictures(tmp_path, complete=False)
    assert (found.classes, [one.index for one in found.examples]) == (tuple(world.CLASSES), [3])
    assert found.examples[0].path.read_bytes() == store.get(keys.production(made.id)).body


def test_the_manifest_tells_where_a_picture_comes_from(store, tmp_path):
    made = label(store, LOW, "Egg", by=7)
    (line,) = pull(store, tmp_path, DatasetFilter(("lowconfidence",))).entries
    header, document = map(json.loads, (tmp_path / manifests.FILE).read_text().splitlines())
    assert (header, document) == ({"v": 1, "pictures": 1}, line.to_document())
    assert (line.key, line.class_name) == (f"lowconfidence/class_03/{made.id}.jpg", "Egg")
    assert (line.annotators, line.prediction, line.model) == (("7",), str(made.id), made.id.model)


def test_only_those_who_gave_the_answer_are_named(store, tmp_path):
    made = label(store, LOW, "Egg", by=1)
    for by, choice in ((2, "Egg"), (3, "Meat")):
        label(store, LOW, choice, made, by=by)
    assert pull(store, tmp_path, DatasetFilter(("lowconfidence",))).entries[0].annotators == ("1", "2")


def test_the_same_labels_have_the_same_version(store, tmp_path):
    for _ in range(5):
        label(store, LOW, "Egg")
        label(store, VISITORS, "Meat")
    names = ("lowconfidence", "userfeedback2")
    pull(store, tmp_path / "a", DatasetFilter(names))
    pull(store, tmp_path / "b", DatasetFilter(names[::-1]))
    assert (before := version(tmp_path / "a")) == version(tmp_path / "b")
    label(store, LOW, "Egg")
    pull(store, tmp_path / "b", DatasetFilter(names))
    assert before != version(tmp_path / "b")


def test_days_and_classes_narrow_a_dataset(store):
    monday, friday = (label(store, LOW, "Egg", world.prediction(time=NOON + timedelta(days=d))) for d in (0, 4))
    meat = label(store, LOW, "Meat")
    names = ("lowconfidence",)
    assert chosen(store, *names, first="20261123") == {str(friday.id)}
    assert chosen(store, *names, last="20261125", classes=frozenset({3})) == {str(monday.id)}
    assert chosen(store, *names, classes=frozenset({5})) == {str(meat.id)}


def test_agreed_is_what_two_sources_say(store):
    alone, confirmed = label(store, VISITORS, "Egg"), label(store, VISITORS, "Egg")
    label(store, FLAGGED, "Egg", confirmed)
    assert chosen(store, "userfeedback2", agreed=True) == {str(confirmed.id)}
    assert chosen(store, "userfeedback2") == {str(confirmed.id), str(alone.id)}


@pytest.mark.parametrize("denial", ["Meat", "None of these"])
def test_what_a_third_source_denies_is_not_agreed(store, denial):
    made = label(store, VISITORS, "Egg")
    label(store, FLAGGED, "Egg", made)
    label(store, LOW, denial, made)
    assert chosen(store, "userfeedback2", "userfeedback", agreed=True) == set()


@pytest.mark.parametrize("silence", ["Can't tell", None])
def test_who_cannot_tell_denies_nothing(store, silence):
    made = label(store, VISITORS, "Egg")
    label(store, FLAGGED, "Egg", made)
    label(store, LOW, silence, made)
    assert chosen(store, "userfeedback2", agreed=True) == {str(made.id)}


@pytest.mark.parametrize("gets", range(0, 12, 3))
def test_a_killed_run_is_continued_and_ends_in_the_same_version(store, tmp_path, gets):
    for _ in range(6):
        label(store, LOW, "Egg")
    with pytest.raises(Killed):
        pull(KilledStore(store, gets, frozenset({"get"})), tmp_path / "killed", DatasetFilter(("lowconfidence",)))
    assert not (tmp_path / "killed" / manifests.FILE).exists()
    again = pull(store, tmp_path / "killed", DatasetFilter(("lowconfidence",)))
    assert again == pull(store, tmp_path / "whole", DatasetFilter(("lowconfidence",)))
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def test_what_is_there_is_not_brought_again(store, tmp_path):
    for _ in range(6):
        label(store, LOW, "Egg")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    counted = Counted(store)
    pull(counted, tmp_path, DatasetFilter(("lowconfidence",)))
    assert counted.calls["get"] == 1 + 6  # the class list, and one label per picture


def test_a_half_written_or_damaged_picture_never_counts(store, tmp_path):
    label(store, LOW, "Egg")
    (line,) = pull(store, tmp_path, DatasetFilter(("lowconfidence",))).entries
    path = next(tmp_path.glob(f"class_*/{line.name}"))
    path.write_bytes(path.read_bytes()[:50])
    path.with_name(path.name + ".part").write_bytes(b"half")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    assert image_folder.sha256_of(path) == line.sha256
    assert files(tmp_path) == [f"class_03/{line.name}"]


def test_a_picture_that_moved_leaves_its_old_class(store, tmp_path):
    made = label(store, LOW, "Egg")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    label(store, LOW, "Meat", made, at=NOON + timedelta(hours=1), by=3)
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    assert files(tmp_path) == [f"class_05/lowconfidence-{made.id}.jpg"]


def test_a_picture_that_moves_while_it_is_read_is_left_out(store, tmp_path):
    made = label(store, LOW, "Egg")
    listed = choose(store, DatasetFilter(("lowconfidence",)))
    label(store, LOW, "Meat", made, at=NOON + timedelta(hours=1))
    to = PictureFolder(tmp_path, releases.class_list(store))
    found = download.download_pictures(store, listed, to, track)
    assert (found.moved, found.entries, files(tmp_path)) == (1, (), [])


def test_a_label_that_is_damaged_leaves_out_its_picture_alone(store, tmp_path):
    whole, damaged = label(store, LOW, "Egg"), label(store, LOW, "Egg")
    ref = keys.label(LOW, damaged.id)
    store.replace(ref, b"{", etag=store.head(ref).etag)
    pulled = pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    assert ([line.prediction for line in pulled.entries], pulled.moved) == ([str(whole.id)], 1)


def test_a_file_of_somebody_else_is_left_alone_and_told(store, tmp_path):
    label(store, LOW, "Egg")
    (tmp_path / "class_00").mkdir()
    (tmp_path / "class_00" / "mine.jpg").write_bytes(b"mine")
    (line,) = (pulled := pull(store, tmp_path, DatasetFilter(("lowconfidence",)))).entries
    assert files(tmp_path) == ["class_00/mine.jpg", f"class_03/{line.name}"]
    assert pulled.foreign == (tmp_path / "class_00" / "mine.jpg",)


def test_a_folder_that_differs_from_its_manifest_is_told(store, tmp_path):
    label(store, LOW, "Egg")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    pictures = image_folder.load_pictures(tmp_path, complete=False)
    assert pictures.version() == version(tmp_path)
    pictures.examples[0].path.write_bytes(b"another")
    with pytest.raises(BadRequest, match=r"not what its manifest\.jsonl says"):
        pictures.version()


@pytest.mark.parametrize("keep", [0, 1, 40, -40])
def test_a_manifest_that_is_cut_off_is_told(store, tmp_path, keep):
    label(store, LOW, "Egg")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    (tmp_path / manifests.FILE).write_bytes((tmp_path / manifests.FILE).read_bytes()[:keep])
    with pytest.raises(BadRequest, match="damaged"):
        image_folder.load_pictures(tmp_path, complete=False).version()


def test_a_manifest_follows_into_the_folder_of_the_model_that_was_trained_on_it(store, tmp_path):
    label(store, LOW, "Egg")
    found, to = pull(store, tmp_path / "pulled", DatasetFilter(("lowconfidence",))), tmp_path / "model"
    to.mkdir()
    manifests.copy_beside(tmp_path / "pulled", to, version(tmp_path / "pulled"))
    assert manifests.load_beside(to) == found.entries
    manifests.copy_beside(tmp_path / "pulled", to, "another")
    assert manifests.load_beside(to) is None


def test_what_is_wrong_with_a_wish_is_told(store):
    for words in (["pizza"], ["userfeedback", "--since", "2026-11-22"], ["userfeedback", "--class", "Pizza"]):
        assert command("pull", *words, "--to", "nowhere") == 1


@pytest.mark.store
def test_one_command_pulls_from_a_real_store(tmp_path, seaweedfs, monkeypatch, capsys):
    store = at_home(seaweedfs, monkeypatch)
    world.release(store)
    made = [label(store, LOW, choice) for choice in ("Egg", "Meat", "Bread")]
    words = ("pull", "lowconfidence", "cleanproduction", "--to", tmp_path, "--class", "Egg", "--class", "Bread")
    assert [command(*words), command(*words)] == [0, 0]
    assert files(tmp_path) == [f"class_{index:02d}/lowconfidence-{made[at].id}.jpg" for index, at in ((0, 2), (3, 0))]
    assert "2 pictures in" in capsys.readouterr().out


def test_what_a_system_leaves_in_a_pulled_folder_is_not_told(store, tmp_path):
    (tmp_path / "class_00").mkdir()
    for name in (".DS_Store", "Thumbs.db", "._1.jpg"):
        (tmp_path / "class_00" / name).write_bytes(b"not ours")
    assert pull(store, tmp_path, DatasetFilter(("lowconfidence",))).foreign == ()
    assert len(list((tmp_path / "class_00").iterdir())) == 3


def test_a_folder_that_would_be_taken_for_a_class_is_told(store, tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    assert pull(store, tmp_path, DatasetFilter(("lowconfidence",))).foreign == (tmp_path / ".ipynb_checkpoints",)


def test_a_second_pull_keeps_what_the_first_brought(store, tmp_path):
    low, flagged = label(store, LOW, "Egg"), label(store, FLAGGED, "Meat")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    both = pull(store, tmp_path, DatasetFilter(("userfeedback",)))
    assert files(tmp_path) == [f"class_03/lowconfidence-{low.id}.jpg", f"class_05/userfeedback-{flagged.id}.jpg"]
    assert {line.prediction for line in both.entries} == {str(low.id), str(flagged.id)}


@pytest.mark.parametrize(("now", "where"), [("Meat", ["class_05"]), ("None of these", []), (None, [])])
def test_an_earlier_picture_follows_its_label(store, tmp_path, now, where):
    made = label(store, LOW, "Egg", by=3)
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    label(store, LOW, now, made, by=3, at=NOON + timedelta(hours=1))
    pulled = pull(store, tmp_path, DatasetFilter(("userfeedback",)))
    assert [name.split("/")[0] for name in files(tmp_path)] == where
    assert (len(pulled.entries), pulled.unlabelled) == (len(where), 1 - len(where))


@pytest.mark.parametrize("again", ["lowconfidence", "userfeedback"])
def test_a_picture_that_is_gone_from_the_store_stays_and_is_told(store, tmp_path, again):
    made = label(store, LOW, "Egg")
    before = pull(store, tmp_path, DatasetFilter(("lowconfidence",))).entries
    store.delete(keys.dataset(LOW, 3, made.id))
    pulled = pull(store, tmp_path, DatasetFilter((again,)))
    assert [str(path.relative_to(tmp_path)) for path in pulled.gone] == files(tmp_path)
    assert [line.sha256 for line in pulled.entries] == [line.sha256 for line in before]


@pytest.mark.parametrize("gets", range(0, 14, 3))
def test_a_second_pull_killed_anywhere_keeps_the_first(store, tmp_path, gets):
    for _ in range(3):
        label(store, LOW, "Egg")
        label(store, FLAGGED, "Meat")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    with suppress(Killed):
        pull(KilledStore(store, gets, frozenset({"get"})), tmp_path, DatasetFilter(("userfeedback",)))
    assert len(pull(store, tmp_path, DatasetFilter(("userfeedback",))).entries) == len(files(tmp_path)) == 6


def test_a_folder_of_other_classes_is_refused(store, tmp_path):
    (tmp_path / "classes.txt").write_text("Cat\nDog\n")
    with pytest.raises(BadRequest, match="other classes"):
        pull(store, tmp_path, DatasetFilter(("lowconfidence",)))


def test_folders_sort_as_their_indices_also_where_classes_are_many(store, tmp_path):
    made = label(store, LOW, "Egg")
    pull(store, tmp_path, DatasetFilter(("lowconfidence",)))
    to = PictureFolder(
        tmp_path, ClassList.of([*world.CLASSES, *(f"Class {index}" for index in range(101 - len(world.CLASSES)))])
    )
    download.seal(to, download.download_pictures(store, [], to, track).entries)
    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == [f"class_{index:03d}" for index in range(101)]
    assert files(tmp_path) == [f"class_003/lowconfidence-{made.id}.jpg"]
    assert image_folder.load_pictures(tmp_path, complete=False).version() == version(tmp_path)
