import re
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain.annotations import CANNOT_TELL, NONE_OF_THESE
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import Malformed
from feedloop.domain.review import CHOICES, IMAGE, informed_task
from labelling.label_config import label_config
from tests.support import world

FOOD = ClassList.of(world.CLASSES)
TOOLS_OF_LABEL_STUDIO = set("beohkmpruvw[]")
PRINTABLE = st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Cc", "Co"])
OTHER_ANSWERS = {NONE_OF_THESE, CANNOT_TELL}
TAKEN = st.text(PRINTABLE, min_size=1, max_size=20).filter(lambda name: name not in OTHER_ANSWERS)
NAMES = st.lists(TAKEN, min_size=1, max_size=300, unique=True)


def choices(classes):
    return list(fromstring(label_config(classes)).iter("Choice"))


def values(classes):
    return [choice.get("value") for choice in choices(classes)]


def keys_of(classes):
    return [choice.get("hotkey") for choice in choices(classes)]


def test_annotators_choose_among_the_classes_or_say_that_none_fits_or_that_nobody_could_tell():
    assert values(FOOD) == [*world.CLASSES, NONE_OF_THESE, CANNOT_TELL]


def test_a_renamed_class_shows_its_present_name():
    assert values(FOOD.renamed("Egg", "Eggs"))[3] == "Eggs"


@given(NAMES)
def test_any_name_that_is_taken_arrives_as_it_is(names):
    assert values(ClassList.of(names))[:-2] == names


@pytest.mark.parametrize(
    "name", ["Fish & chips", "<b>", "Vegetable/Fruit", 'the "best"', "d'accord", "Käsespätzle", "寿司"]
)
def test_the_names_that_people_give_arrive_as_they_are(name):
    assert values(ClassList.of([name]))[0] == name


def test_the_first_ten_classes_have_the_digits():
    assert keys_of(ClassList.of([str(number) for number in range(11)]))[:11] == [*"1234567890", "a"]


@pytest.mark.parametrize("count", [1, 11, 23, 24, 400])
def test_no_two_answers_share_a_key_and_none_takes_one_of_label_studios_own(count):
    keys = [key for key in keys_of(ClassList.of([str(number) for number in range(count)])) if key]
    assert len(keys) == len(set(keys)) == min(count, 23) + 2
    assert not TOOLS_OF_LABEL_STUDIO & set(keys)


def test_hundreds_of_classes_can_be_searched():
    assert fromstring(label_config(ClassList.of([str(number) for number in range(400)]))).find(".//Filter") is not None


def test_it_names_its_parts_as_pre_annotations_do():
    (answer,) = informed_task(world.prediction(), "lowconfidence", "s3://x")["predictions"]
    found = fromstring(label_config(FOOD)).find(f".//Choices[@name='{answer['result'][0]['from_name']}']")
    assert found is not None
    assert (found.get("toName"), found.get("name")) == (answer["result"][0]["to_name"], CHOICES)
    assert re.search(rf'<Image name="{IMAGE}" value="\${IMAGE}"', label_config(FOOD))


@pytest.mark.parametrize("name", sorted(OTHER_ANSWERS))
def test_a_class_cannot_have_the_name_of_another_answer(name):
    with pytest.raises(Malformed, match="rename the class"):
        label_config(ClassList.of(["Bread", name]))
