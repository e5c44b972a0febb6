import codecs
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain.class_names import (
    CANNOT_TELL,
    LONGEST_NAME,
    NONE_OF_THESE,
    RESERVED,
    check_names,
    parse_names,
    same_form,
)
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import Malformed, UnknownClass
from tests.support.class_names import GIVEN
from tests.support.strategies import class_lists

names = class_lists


def folded(names):
    return {unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold()) for name in names}


RENAMED = {"v": 1, "classes": [{"name": "Bread", "former": ["Toast"]}, {"name": "Dairy"}]}


@given(names)
def test_a_class_list_survives_the_store(chosen):
    classes = ClassList.of(chosen)
    assert ClassList.from_document(load(dump(classes.to_document()))) == classes


@given(names, names)
def test_a_model_finds_its_classes_and_moves_none(chosen, asked):
    classes = ClassList.of(chosen)
    grown, indices = classes.resolved(
        [name for name in asked if name.casefold() not in folded(chosen) or name in chosen]
    )
    assert grown.names[: len(chosen)] == tuple(chosen)
    assert len(set(indices)) == len(indices)
    assert all(same_form(grown.name(index), name) for index, name in zip(indices, asked, strict=False))


def test_no_class_is_named_twice():
    for twice in (["Bread", "Bread"], ["Bread", "bread"], ["Stra\u00dfe", "STRASSE"]):
        with pytest.raises(Malformed, match="twice"):
            ClassList.of(twice)
        with pytest.raises(Malformed, match="twice"):
            ClassList.of(["Egg"]).resolved(["Egg", *twice])
    with pytest.raises(Malformed, match="beside 'Bread': choose one spelling"):
        ClassList.of(["Bread"]).resolved(["BREAD"])


def test_a_new_class_may_have_a_name_that_another_had():
    classes = ClassList.of(["Egg", "Rice"]).renamed("Egg", "Eggs")
    assert classes.resolved(["Egg", "Rice"])[1] == (0, 1)
    assert classes.resolved(["Egg", "Eggs"])[1] == (2, 0)
    assert classes.resolved(["Eggs", "Egg"])[0].names == ("Eggs", "Rice", "Egg")


def test_a_store_has_no_more_classes_than_an_id_has_digits_for():
    names = [f"class {number}" for number in range(10_000)]
    with pytest.raises(Malformed, match="at most 10000"):
        ClassList(tuple(names), ((),) * 10_000).resolved(["one more"])


def test_a_retired_class_is_no_choice_and_keeps_its_index():
    classes = ClassList.of(["Bread", "Egg", "Soup"]).without_choice("Egg")
    assert (classes.choices, classes.index("Egg"), classes.resolved(["Egg"])[1]) == (("Bread", "Soup"), 1, (1,))
    assert ClassList.from_document(load(dump(classes.to_document()))) == classes
    assert classes.with_choice("Egg").choices == classes.names
    with pytest.raises(Malformed, match="not one of the classes"):
        classes.without_choice("Pizza")


LISTS = {
    (("Bread", "Egg"), ("Bread", "Egg", "Soup")): ("Bread", "Egg", "Soup"),
    (("Bread", "Egg", "Soup"), ("Bread",)): ("Bread", "Egg", "Soup"),
    ((), ("Bread",)): ("Bread",),
    (("Bread", "Egg"), ("Egg", "Bread")): None,
    (("Bread", "Egg"), ("Bread", "Soup")): None,
    (("Bread",), ("bread",)): None,
}


@pytest.mark.parametrize("pair", LISTS)
def test_lists_merge_where_one_begins_with_the_other(pair):
    one, two = (ClassList(names, ((),) * len(names)) for names in pair)
    merged = one.merged(two)
    assert (merged and merged.names) == LISTS[pair]


def test_lists_merge_over_a_rename():
    before, after = ClassList.of(["Egg", "Rice"]), ClassList.of(["Egg", "Rice"]).renamed("Egg", "Eggs")
    assert after.merged(before) == after
    assert before.merged(after) == ClassList(("Egg", "Rice"), (("Eggs",), ()))
    again = ClassList(("Eggs", "Egg"), (("Egg",), ()))
    assert again.merged(ClassList.of(["Egg"])) is None, "an Egg of the one may be either of the other"


def test_a_former_name_still_finds_its_class():
    classes = ClassList.from_document(RENAMED)
    assert (classes.index("Toast"), classes.name(0)) == (0, "Bread")


def test_a_present_name_wins_over_a_former_one():
    document = {"classes": [{"name": "Bread", "former": ["Dairy"]}, {"name": "Dairy"}]}
    assert ClassList.from_document(document).index("Dairy") == 1


def test_an_unknown_name_is_told_with_its_number_of_classes():
    with pytest.raises(UnknownClass, match="'Pizza' is not one of the 2 classes"):
        ClassList.from_document(RENAMED).index("Pizza")


@given(st.text(st.characters(categories=["Cc", "Cf", "L"]), min_size=100, max_size=1000))
def test_an_unknown_name_is_told_briefly_and_without_what_moves_a_cursor(name):
    with pytest.raises(UnknownClass) as refusal:
        ClassList.from_document(RENAMED).index(name)
    assert len(str(refusal.value)) < 40 * len(r"\U0010ffff") + 50
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("document", [{}, {"classes": 1}, {"classes": ["Bread"]}, {"classes": [{}]}])
def test_a_document_that_is_no_class_list_is_malformed(document):
    with pytest.raises(Malformed):
        ClassList.from_document(document)


def test_a_rename_keeps_the_index_and_remembers():
    classes = ClassList.of(["Bread", "Dairy"]).renamed("Dairy", "Dairy product")
    assert (classes.names, classes.former) == (("Bread", "Dairy product"), ((), ("Dairy",)))
    assert classes.index("Dairy") == classes.index("Dairy product") == 1


def test_a_name_can_come_back():
    classes = ClassList.of(["Bread"]).renamed("Bread", "Toast").renamed("Toast", "Bread")
    assert (classes.names, classes.former) == (("Bread",), (("Toast",),))


@pytest.mark.parametrize(("old", "new"), [("Pizza", "Egg"), ("Bread", "Dairy")])
def test_a_rename_of_nothing_or_to_a_taken_name_is_refused(old, new):
    with pytest.raises(Malformed):
        ClassList.of(["Bread", "Dairy"]).renamed(old, new)


CAFE = ("Caf\u00e9", "Cafe\u0301")
BAD = {
    "": "nothing can be seen",
    " ": "nothing can be seen",
    "\u3000\u00a0": "nothing can be seen",
    "\u200b": "nothing can be seen",
    "\ufeff": "nothing can be seen",
    "Bread ": "blanks around",
    "\ufeffBread": "blanks around",
    "\u2003Bread": "blanks around",
    "Bread\nEgg": r"U\+000A",
    "Bread\tEgg": r"U\+0009",
    "Bread\u2028Egg": r"U\+2028",
    "Bread\x00": r"U\+0000",
    "Bread\x7f": r"U\+007F",
    "Bread\x85Egg": r"U\+0085",
    "Bread\ud800": r"U\+D800",
    "Bread\uffff": r"U\+FFFF",
    "x" * (LONGEST_NAME + 1): "too long",
    "can't TELL": "answer of its own",
    **dict.fromkeys(RESERVED, "answer of its own"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_a_name_is_refused_with_the_reason_wherever_a_class_is_given(name):
    for give in (
        lambda: ClassList.of(["Egg", name]),
        lambda: ClassList.of(["Egg"]).resolved(["Egg", name]),
        lambda: ClassList.of(["Egg"]).renamed("Egg", name),
    ):
        with pytest.raises(Malformed, match=BAD[name]) as refusal:
            give()
        assert str(refusal.value).isprintable()


def test_what_pages_call_an_answer_that_is_no_class_cannot_be_a_class():
    texts = [file.read_text(encoding="utf-8") for file in Path("web/texts/report").glob("*.js")]
    called = [name for text in texts for name in re.findall(r'"none.of.these": "(.*)"', text)]
    assert len(called) == len(texts) >= 2
    assert {*called, NONE_OF_THESE, CANNOT_TELL} <= {*RESERVED}


def test_a_name_is_text():
    with pytest.raises(Malformed, match="is text, not '7'"):
        check_names(["Egg", 7])


def test_every_name_that_people_give_can_be_a_class_and_is_found_again():
    classes = ClassList.from_document(load(dump(ClassList.of(GIVEN).to_document())))
    assert [classes.index(name) for name in GIVEN] == list(range(len(GIVEN)))
    assert len(GIVEN) >= 300


def test_one_name_in_two_forms_of_unicode_is_one_class():
    with pytest.raises(Malformed, match="twice"):
        ClassList.of(CAFE)
    classes = ClassList.of(CAFE[:1])
    assert classes.index(CAFE[1]) == 0
    assert classes.resolved([CAFE[1], "Egg"])[0].names == (CAFE[0], "Egg")
    assert classes.renamed(CAFE[1], "Tea").index(CAFE[1]) == 0


def test_a_list_of_an_earlier_version_serves_on_whatever_its_names_are():
    older = ClassList.from_document({"classes": [{"name": name} for name in (*CAFE, "Bread ", "")]})
    assert [older.index(name) for name in older.names] == [0, 1, 2, 3]
    assert older.resolved([*older.names, "Egg"])[1] == (0, 1, 2, 3, 4)


TEXT = "Bread\nK\u00e4sesp\u00e4tzle\n\n \u5bff\u53f8\t\n"


@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"], ids=repr)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_names_are_read_however_a_text_says_its_encoding_and_ends_its_lines(encoding, line):
    assert parse_names(TEXT.replace("\n", line).encode(encoding)) == tuple(TEXT.split())


def test_names_are_read_from_big_endian_text():
    assert parse_names(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")) == tuple(TEXT.split())


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-16-be"])
def test_a_text_that_does_not_say_its_encoding_is_utf_8_or_refused(encoding):
    with pytest.raises(Malformed, match="save it as UTF-8"):
        parse_names("Bread\nK\u00e4sesp\u00e4tzle\n".encode(encoding))


def test_a_cut_text_is_refused():
    with pytest.raises(Malformed, match="UTF-16"):
        parse_names("Bread".encode("utf-16")[:-1])


@pytest.mark.parametrize(("text", "reason"), [("Egg\n\u200b\n", "nothing can be seen"), ("Egg\nEgg", "twice")])
def test_a_text_with_a_bad_name_is_refused(text, reason):
    with pytest.raises(Malformed, match=reason):
        parse_names(text.encode())
