import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import Malformed, UnknownClass

names = st.lists(st.text(st.characters(codec="utf-8"), min_size=1), unique=True, max_size=12)
RENAMED = {"v": 1, "classes": [{"name": "Bread", "former": ["Toast"]}, {"name": "Dairy"}]}


@given(names)
def test_a_class_list_survives_the_store(chosen):
    classes = ClassList.of(chosen)
    assert ClassList.from_document(load(dump(classes.to_document()))) == classes


@given(names, names)
def test_appending_moves_no_class(chosen, new):
    more = [name for name in new if name not in chosen]
    grown = ClassList.of(chosen).appended([*chosen, *more])
    assert grown.names[: len(chosen)] == tuple(chosen)


@pytest.mark.parametrize("changed", [[], ["Dairy", "Bread"], ["Bread"], ["Bread", "Egg", "Dairy"]])
def test_a_list_that_moves_a_class_is_refused(changed):
    with pytest.raises(Malformed):
        ClassList.of(["Bread", "Dairy"]).appended(changed)


def test_no_class_is_named_twice():
    with pytest.raises(Malformed, match="twice"):
        ClassList.of(["Bread", "Bread"])
    with pytest.raises(Malformed, match="twice"):
        ClassList.of(["Bread"]).appended(["Bread", "Egg", "Egg"])


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
