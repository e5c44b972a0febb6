"""Names from files and options, in every form that people have them in."""

import json

import pytest

from feedloop.domain.errors import BadRequest
from training.adoption import class_names

FORMS = {
    "lines": b"Egg\nRice\nSoup\n",
    "UTF-16": "\ufeffEgg\nRice\nSoup".encode("utf-16-le"),
    "Teachable Machine": b"0 Egg\n1 Rice\n2 Soup\n",
    "numbers in text order": b"0 Egg\n2 Soup\n1 Rice\n",
    "from one": b"1: Egg\n2: Rice\n3: Soup\n",
    "JSON list": b'["Egg", "Rice", "Soup"]',
    "JSON by index": b'{"0": "Egg", "2": "Soup", "1": "Rice"}',
    "lines in quotes": b'"Egg",\n"Rice",\n"Soup"\n',
    "one line": b"Egg, Rice, Soup\n",
    "synset ids": b"n07840804 Egg\nn07804323 Rice\nn07583865 Soup\n",
    "YAML": b"names:\n  0: Egg\n  1: Rice\n  2: Soup\n",
    "YAML list": b"names:\n- Egg\n- Rice\n- Soup\n",
    "Python": b"['Egg', 'Rice', 'Soup']\n",
    "config.json": b'{"model_type": "vit", "id2label": {"0": "Egg", "1": "Rice", "2": "Soup"}}',
    "Keras's ImageNet": b'{"0": ["n07840804", "Egg"], "1": ["n07804323", "Rice"], "2": ["n07583865", "Soup"]}',
    "JSON by name": b'\xef\xbb\xbf{"Egg": 0, "Soup": 2, "Rice": 1}',
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_names_is_understood(tmp_path, form):
    file = tmp_path / "labels.txt"
    file.write_bytes(FORMS[form])
    assert class_names.parse_option(str(file)) == ("Egg", "Rice", "Soup")


def test_the_folder_of_training_pictures_names_the_classes_as_torch_does(tmp_path):
    for name in ("Soup", "Egg", "Rice", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
    assert class_names.parse_option(str(tmp_path)) == ("Egg", "Rice", "Soup")
    with pytest.raises(BadRequest, match="0 classes"):
        class_names.parse_option(str(tmp_path / "Egg"))


@pytest.mark.parametrize("names", [("0", "1"), ("class_0", "class_1"), ("n07840804", "n07804323")])
def test_names_that_say_nothing_are_told(names):
    assert "nobody" in class_names.naming_warning(names)
    assert class_names.naming_warning(("n07840804", "Egg")) == ""


def test_indices_are_sorted_as_numbers():
    names = {str(index): f"food {index}" for index in (0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9)}
    assert class_names.from_json(names, "id2label")[2] == "food 2"


BROKEN = {
    "hole": {0: "a", 2: "b"},
    "text": "ab",
    "twice": ["a", "a"],
    "number": [1, 2],
    "one": ["a"],
    "null": [None, "a"],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_list_of_names_is_refused(content):
    with pytest.raises(BadRequest):
        class_names.from_json(content, "it")


@pytest.mark.parametrize("body", [b"", b"[1", b"\xff\xfe\x00", b"{}", json.dumps([["a"], ["b"]]).encode()])
def test_a_broken_file_is_refused(tmp_path, body):
    (tmp_path / "names.txt").write_bytes(body)
    with pytest.raises(BadRequest):
        class_names.parse_option(str(tmp_path / "names.txt"))


@pytest.mark.parametrize("names", [[f"food {number}" for number in range(1000)], ["Egg", "Fish & chips", "R$"]])
def test_names_with_commas_are_a_list_however_many(names):
    assert class_names.parse_option(",".join(names)) == tuple(names)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(BadRequest, match=r"labels.txt cannot be opened"):
        class_names.parse_option("labels.txt")
    with pytest.raises(BadRequest, match=r"A,B,C"):
        class_names.parse_option("Egg")


@pytest.mark.parametrize("names", [("1", "10", "2"), ("class 1", "class 2", "class 10")])
def test_text_order_and_number_order_are_told_apart(names):
    assert "10 before 2" in class_names.order_warning(names)


@pytest.mark.parametrize("names", [("Egg", "Rice"), ("b2", "a10"), ("a1", "a2"), ("m²", "m³")])
def test_an_order_that_is_no_question_is_not_told(names):
    assert not class_names.order_warning(names)
