"""What is no picture of a class is left out, and one line says so; nothing of it stops or holds up a reading."""

import os
import socket

import pytest

from feedloop.domain.errors import BadRequest
from feedloop.domain.upload_limits import MOST_BYTES
from tests.support.uploads import encoded, scene
from training.data import image_folder

PICTURE = encoded(scene())


def within(path, body=PICTURE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def a_pipe(path):
    os.mkfifo(path)


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        os.chdir(path.parent)
        one.bind(path.name)


def a_huge_file(path):
    path.touch()
    os.truncate(path, MOST_BYTES + 1)


JUNK = {
    "Bread/._1.jpg": within,
    "Bread/.hidden.png": within,
    "Bread/.DS_Store": within,
    "Bread/Thumbs.db": within,
    "Bread/desktop.ini": within,
    "Bread/notes.txt": within,
    "Bread/1.jpg.part": within,
    "Bread/.ipynb_checkpoints/1.jpg": within,
    "Bread/@eaDir/1.jpg": within,
    "Bread/__MACOSX/1.jpg": within,
    "__MACOSX/Bread/1.jpg": within,
    ".ipynb_checkpoints/1.jpg": within,
    "@eaDir/1.jpg": within,
    "$RECYCLE.BIN/1.jpg": within,
    "loose.jpg": within,
    "documents/readme.txt": within,
    "Bread/empty.jpg": lambda path: within(path, b""),
    "Bread/text.jpg": lambda path: within(path, b"<!doctype html> not a picture"),
    "Bread/begins.jpg": lambda path: within(path, b"\xff\xd8\xff\xe0 and so on" * 9),
    "Bread/gif.png": lambda path: within(path, b"GIF89a\x10\x00\x10\x00\x00\x00\x00;"),
    "Bread/tiny.png": lambda path: within(path, encoded(scene(1, 1), "PNG")),
    "Bread/huge.jpg": a_huge_file,
    "Bread/folder.jpg": lambda path: path.mkdir(),
    "Bread/nowhere.jpg": lambda path: path.symlink_to("gone.jpg"),
    "Bread/circle.jpg": lambda path: path.symlink_to("circle.jpg"),
    "Bread/up": lambda path: path.symlink_to(".."),
    "Bread/device.jpg": lambda path: path.symlink_to("/dev/zero"),
    "Bread/pipe.jpg": a_pipe,
    "Bread/socket.jpg": a_socket,
    "empty": lambda path: path.mkdir(),
}


@pytest.fixture
def pictures(tmp_path):
    within(tmp_path / "Bread/1.jpg")
    within(tmp_path / "Egg/1.JPG")
    within(tmp_path / "Egg/deeper/2.Jpeg")
    within(tmp_path / "Egg" / os.fsdecode(b"caf\xe9.jpg"))
    (tmp_path / "Egg/link.jpg").symlink_to("1.JPG")
    return tmp_path


@pytest.mark.parametrize("name", JUNK)
def test_what_is_no_picture_of_a_class_is_left_out(pictures, name, capsys, monkeypatch):
    monkeypatch.chdir(pictures)
    before = image_folder.load_pictures(pictures)
    assert (before.classes, len(before.examples), capsys.readouterr().err) == (("Bread", "Egg"), 5, "")
    JUNK[name](pictures / name)
    assert image_folder.load_pictures(pictures) == before
    text = capsys.readouterr().err
    assert text.count("\n") == (name not in {"Bread/folder.jpg", "Bread/up"})


def test_all_of_it_is_told_in_one_line_with_counts(pictures, capsys, monkeypatch):
    monkeypatch.chdir(pictures)
    for name, make in JUNK.items():
        make(pictures / name)
    assert len(image_folder.load_pictures(pictures).examples) == 5
    (line,) = capsys.readouterr().err.splitlines()
    for said in (
        "12 hidden or an operating system's",
        "5 links to nowhere or no files",
        "6 no pictures",
        "1 empty",
        "1 too large",
        "1 too small",
        "1 pictures in no class's folder",
        "2 folders without pictures",
    ):
        assert said in line


def test_pictures_of_nothing_are_read_likewise(pictures, capsys, monkeypatch):
    monkeypatch.chdir(pictures)
    for name, make in JUNK.items():
        make(pictures / name)
    assert len(image_folder.load_outliers(pictures)) == 6
    assert "left out" in capsys.readouterr().err


def test_one_name_in_two_spellings_is_one_class(tmp_path):
    for number, name in enumerate(("Cafe\u0301", "Caf\u00e9", "Tea")):
        within(tmp_path / name / f"{number}.jpg")
    found = image_folder.load_pictures(tmp_path)
    assert found.classes == ("Cafe\u0301", "Tea")
    assert [one.index for one in found.examples] == [0, 0, 1]


def test_a_class_may_be_called_as_systems_call_their_folders_when_it_is_listed(tmp_path):
    within(tmp_path / ".net/1.jpg")
    within(tmp_path / "Tea/1.jpg")
    (tmp_path / "classes.txt").write_text(".net\nTea\n")
    assert [one.index for one in image_folder.load_pictures(tmp_path).examples] == [0, 1]


def test_a_folder_whose_name_is_no_text_is_refused_by_name(tmp_path):
    within(tmp_path / os.fsdecode(b"Caf\xe9") / "1.jpg")
    with pytest.raises(BadRequest, match=r"Caf\\udce9"):
        image_folder.load_pictures(tmp_path)


def test_a_numbered_class_without_a_picture_keeps_its_number(tmp_path):
    within(tmp_path / "class_00/1.jpg")
    (tmp_path / "class_01").mkdir()
    assert image_folder.load_pictures(tmp_path, complete=False).classes == ("class_00", "class_01")
