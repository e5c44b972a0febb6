import json
import re
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given

from feedloop.domain import annotations
from feedloop.domain.class_names import CANNOT_TELL, NONE_OF_THESE
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import Malformed
from feedloop.domain.label_config import completed, label_config, updated
from feedloop.domain.review import CHOICES, IMAGE, informed_task
from tests.support import world
from tests.support.class_names import GIVEN
from tests.support.strategies import class_lists

FOOD = ClassList.of(world.CLASSES)
TOOLS_OF_LABEL_STUDIO = set("beohkmpruvw[]")
OTHER_ANSWERS = {NONE_OF_THESE, CANNOT_TELL}
FILLED_IN = re.compile(r"\$[\w\[\].{}]+", re.ASCII)
"""What Label Studio takes for the name of a task's data in whatever it shows (`parseValue` of its web page)."""


def choices(classes):
    return list(fromstring(label_config(classes)).iter("Choice"))


def values(classes):
    """What Label Studio writes into an annotation, for each answer."""
    return [choice.get("alias") or choice.get("value") for choice in choices(classes)]


def shown(classes):
    """What an annotator reads, without the sign that nobody sees."""
    return [FILLED_IN.sub("undefined", choice.get("value")).replace("$\u2060", "$") for choice in choices(classes)]


def keys_of(classes):
    return [choice.get("hotkey") for choice in choices(classes)]


def test_annotators_choose_among_the_classes_or_say_that_none_fits_or_that_nobody_could_tell():
    assert values(FOOD) == [*world.CLASSES, NONE_OF_THESE, CANNOT_TELL]


def test_a_renamed_class_shows_its_present_name():
    assert values(FOOD.renamed("Egg", "Eggs"))[3] == "Eggs"


@given(class_lists)
def test_any_name_arrives_as_it_is(names):
    assert values(ClassList.of(names))[:-2] == shown(ClassList.of(names))[:-2] == names


def test_the_names_that_people_give_are_shown_and_arrive_as_they_are():
    classes = ClassList.of(GIVEN)
    assert values(classes)[:-2] == shown(classes)[:-2] == [*GIVEN]


def test_the_names_that_people_give_come_back_out_of_annotations():
    """From the config, through Label Studio's file, to the class."""
    classes = ClassList.of(GIVEN)
    answers = [
        {
            "result": [{"from_name": CHOICES, "type": "choices", "value": {"choices": [value]}}],
            "completed_by": {"id": 1},
            "updated_at": "2026-11-22T12:00:00Z",
            "task": {"data": {"image": "x"}},
        }
        for value in values(classes)
    ]
    votes = [annotations.parse_annotation(json.dumps(answer).encode(), classes).vote for answer in answers]
    assert [vote.class_index for vote in votes[:-2]] == list(range(len(GIVEN)))
    assert [vote.outcome for vote in votes[-2:]] == ["other", "unclear"]


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
def test_a_class_of_an_earlier_version_cannot_have_the_name_of_another_answer(name):
    with pytest.raises(Malformed, match="rename the class"):
        label_config(ClassList.from_document({"classes": [{"name": "Bread"}, {"name": name}]}))


MINE = """<View>
  <!-- Ask Jo before you change this -->
  <Header value="Look twice" size="3" />
  <Image name="image" value="$image" rotateControl="true" />
  <Choices name="sure" toName="image"><Choice value="Egg" alias="Bread" hotkey="5" /></Choices>
  <View className="x"><Choices name="choice" toName="image" choice="multiple" showInline="true">
    <Choice value="Meat" /><Choice value="Bread" background="red" hotkey="2" /><Choice value="Egg" hint="whole" />
  </Choices></View>
  <TextArea name="why" toName="image" />
</View>"""


def test_of_a_config_that_a_person_made_only_our_question_is_edited():
    classes = ClassList.of(["Bread", "Egg", "Rice"]).renamed("Egg", "Eggs")
    config = updated(MINE, classes)
    (question,) = fromstring(config).findall(".//Choices[@name='choice']")
    assert [choice.attrib for choice in question] == [
        {"value": "Bread", "background": "red", "hotkey": "2"},
        {"value": "Eggs", "hint": "whole"},
        {"value": "Rice", "hotkey": "3"},
        {"value": NONE_OF_THESE, "hotkey": "n"},
        {"value": CANNOT_TELL, "hotkey": "c"},
    ]
    assert question.attrib == {
        "name": "choice",
        "toName": "image",
        "choice": "single-radio",
        "required": "true",
        "showInline": "true",
    }
    assert without(config, question) == without(MINE, fromstring(MINE).find(".//Choices[@name='choice']"))
    assert "Ask Jo" in config


def without(config, question):
    """All parts of a config but the choices of a question."""
    parts = [(part.tag, part.attrib) for part in fromstring(config).iter() if part.get("name") != CHOICES]
    for choice in question:
        parts.remove((choice.tag, choice.attrib))
    return parts


@pytest.mark.parametrize("config", [MINE, MINE.replace('name="choice"', 'name="other"'), "<View/>", "", "<no"])
def test_the_set_up_brings_back_what_was_taken_out_once(config):
    once = updated(completed(config, FOOD), FOOD)
    assert (updated(once, FOOD), completed(once, FOOD)) == (once, once)
    (question,) = fromstring(once).findall(".//Choices[@name='choice']")
    assert [choice.get("value") for choice in question] == [*world.CLASSES, NONE_OF_THESE, CANNOT_TELL]
    assert len(fromstring(once).findall(".//Image[@name='image']")) == 1


@pytest.mark.parametrize("config", [MINE.replace('name="choice"', 'name="other"'), "<View/>", "", "<no"])
def test_a_config_without_our_question_is_not_understood(config):
    with pytest.raises(Malformed, match='no <Choices name="choice">'):
        updated(config, FOOD)


def test_a_name_that_answers_have_stays_below_the_others_until_none_has_it():
    before = label_config(FOOD).replace('value="Egg"', 'value="Egg" background="red"')
    eggs = FOOD.renamed("Egg", "$egg & Œufs")
    config = updated(before, eggs, {"Egg", "Bread", NONE_OF_THESE})
    *others, kept = fromstring(config).iter("Choice")
    assert others[3].attrib == {
        "value": "$\u2060egg & Œufs",
        "alias": "$egg & Œufs",
        "hotkey": "4",
        "background": "red",
    }
    assert kept.attrib == {"value": "$\u2060egg & Œufs (was Egg)", "alias": "Egg"}
    assert updated(config, eggs, {"Egg"}) == config
    assert updated(config, eggs) == updated(before, eggs)


def test_somebody_elses_choice_stays_while_an_answer_has_it():
    config = label_config(FOOD).replace("</Choices>", '<Choice value="Maybe" hint="theirs" /></Choices>')
    assert updated(config, FOOD, {"Maybe", "never there"}) == config
    assert updated(config, FOOD) == label_config(FOOD)


def test_a_name_that_another_class_has_by_now_is_only_that_ones():
    classes = FOOD.renamed("Egg", "Eggs").renamed("Bread", "Egg")
    config = updated(label_config(FOOD), classes, {"Egg", "Bread"})
    values = [choice.get("value") for choice in fromstring(config).iter("Choice")]
    assert (values[0], values[3], values[-1]) == ("Egg", "Eggs", "Egg (was Bread)")


def test_a_config_that_says_all_is_not_touched():
    config = label_config(FOOD).replace("</Choices>", "</Choices><TextArea name='why' toName='image'/>   ")
    assert updated(config, FOOD) == config


@pytest.mark.parametrize("names", [world.CLASSES, [*GIVEN]], ids=["few", "many"])
def test_a_config_of_ours_follows_the_classes_as_if_made_anew(names):
    assert updated(label_config(FOOD), FOOD) == label_config(FOOD)
    grown, _ = FOOD.resolved(names)
    assert updated(label_config(FOOD), grown) == label_config(grown)
