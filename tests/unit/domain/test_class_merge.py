from feedloop.domain.class_merge import merge
from feedloop.domain.classes import ClassList


def of(*names):
    return ClassList(names, ((),) * len(names))


def test_the_base_keeps_its_indices_and_the_others_find_or_append_theirs():
    merged = merge({"lunch": of("Bread", "Egg"), "dinner": of("Egg", "Soup", "BREAD")}, "lunch")
    assert merged.classes.names == ("Bread", "Egg", "Soup")
    assert merged.indices == {"lunch": (0, 1), "dinner": (1, 2, 0)}
    assert merged.classes.index("BREAD") == 0
    assert merge(merged.lists, "lunch", merged.classes) == merged, "what was begun ends the same"


def test_names_that_some_list_tells_apart_stay_apart():
    merged = merge({"a": of("Bread"), "b": of("bread", "Tea"), "c": of("bread", "Bread")}, "a")
    assert merged.classes.names == ("Bread", "bread", "Tea")
    assert merged.indices == {"a": (0,), "b": (1, 2), "c": (1, 0)}


def test_an_answer_means_what_its_index_was_called_then():
    """Egg was renamed, and another class got the name since."""
    dinner = of("Egg", "Bread").renamed("Egg", "Eggs").resolved(["Eggs", "Bread", "Egg"])[0]
    merged = merge({"lunch": of("Bread", "Egg"), "dinner": dinner}, "lunch")
    assert merged.classes.names == ("Bread", "Egg", "Eggs")
    said = ((0, "Egg"), (0, "Eggs"), (2, "Egg"), (1, "Egg"), (1, "Bread"))
    assert [merged.meaning(*one) for one in said] == [2, 2, 1, 1, 0]
    assert merged.meaning(0, "Pizza") is None
    assert merged.meaning_of_all(0) is None
