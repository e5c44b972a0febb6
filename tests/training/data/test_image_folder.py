import pytest

from feedloop.domain.errors import BadRequest
from tests.support.uploads import encoded, scene
from training.data import image_folder
from training.data.drawings import CLASSES
from training.data.image_folder import FOOD_11


def folder(tmp_path, *names, each=1):
    for name in names:
        (tmp_path / name).mkdir()
        for number in range(each):
            (tmp_path / name / f"{number}.jpg").write_bytes(encoded(scene()))
    return tmp_path


def test_sub_folders_are_classes_by_name(tmp_path):
    pictures = image_folder.load_pictures(folder(tmp_path, "Rice", "Bread"))
    assert (pictures.classes, [one.index for one in pictures.examples]) == (("Bread", "Rice"), [0, 1])


def test_eleven_numbered_folders_are_food_11(tmp_path):
    pictures = image_folder.load_pictures(folder(tmp_path, *(f"class_{index:02d}" for index in range(11))))
    assert pictures.classes == FOOD_11 == tuple(CLASSES)


def test_numbered_folders_keep_their_number_when_one_is_missing(tmp_path):
    pictures = image_folder.load_pictures(folder(tmp_path, "class_03"), FOOD_11, complete=False)
    assert [one.index for one in pictures.examples] == [3]


def test_a_list_of_names_decides_the_order(tmp_path):
    (tmp_path / "classes.txt").write_text("Rice\nBread\n")
    pictures = image_folder.load_pictures(folder(tmp_path, "Rice", "Bread"))
    assert (pictures.classes, [one.index for one in pictures.examples]) == (("Rice", "Bread"), [1, 0])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_of_names_may_come_from_any_editor(tmp_path, encoding):
    (tmp_path / "classes.txt").write_bytes("Rice\r\nKäse\r\n\r\n".encode(encoding))
    assert image_folder.load_pictures(folder(tmp_path, "Rice", "Käse")).classes == ("Rice", "Käse")


@pytest.mark.parametrize("text", ["Käse\n".encode("latin-1"), b"Bread\nBread\n", b"Can't tell\n"])
def test_a_list_that_cannot_be_read_is_refused_by_its_name(tmp_path, text):
    (tmp_path / "classes.txt").write_bytes(text)
    with pytest.raises(BadRequest, match=r"classes\.txt: "):
        image_folder.load_pictures(folder(tmp_path, "Bread"))


def test_a_folder_is_its_class_in_either_form_of_unicode(tmp_path):
    """As macOS spells folders, and as people type names."""
    pictures = image_folder.load_pictures(folder(tmp_path, "Cafe\u0301", "Tea"), ["Caf\u00e9", "Tea"])
    assert [one.index for one in pictures.examples] == [0, 1]


def test_a_class_without_a_picture_is_named(tmp_path):
    with pytest.raises(BadRequest, match="no JPEG, PNG or WebP picture of Egg"):
        image_folder.load_pictures(folder(tmp_path, "Bread"), ["Bread", "Egg"])


def test_a_folder_of_no_class_is_named(tmp_path):
    with pytest.raises(BadRequest, match="'Pizza' is none of the 1 classes: Bread"):
        image_folder.load_pictures(folder(tmp_path, "Bread", "Pizza"), ["Bread"])


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_sub_folders_is_refused(tmp_path, name):
    with pytest.raises(BadRequest, match="one sub-folder of pictures per class"):
        image_folder.load_pictures(tmp_path / name)


def test_every_class_is_held_out_and_nothing_is_lost(tmp_path):
    pictures = image_folder.load_pictures(folder(tmp_path, "Bread", "Egg", each=5))
    training, validation = pictures.split(0.2, seed=1)
    assert ({one.index for one in validation}, len(validation)) == ({0, 1}, 2)
    assert {*training, *validation} == set(pictures.examples)
    assert pictures.split(0.2, seed=1) == (training, validation) != pictures.split(0.2, seed=3)


def test_the_manifest_changes_with_a_picture(tmp_path):
    before = image_folder.load_pictures(folder(tmp_path, "Bread", "Egg"))
    fingerprint = before.version()
    before.examples[0].path.write_bytes(encoded(scene(64)))
    assert before.version() != fingerprint


def test_outliers_belong_to_no_class(tmp_path):
    assert {one.index for one in image_folder.load_outliers(folder(tmp_path, "any", each=2))} == {None}
    with pytest.raises(BadRequest, match="no JPEG"):
        image_folder.load_outliers(tmp_path / "missing")
