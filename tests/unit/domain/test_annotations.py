import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import annotations
from feedloop.domain.annotations import UNKNOWN, Vote
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump
from feedloop.domain.errors import Malformed
from tests.support.strategies import votes

CLASSES = ClassList.of(["Bread", "Dairy product", "Egg"])
PICTURE = "s3://labelstudio/images/" + "0" * 32 + ".jpg"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda v: st.lists(v) | st.dictionaries(st.text(), v),
)


def choice(*names, **facts):
    return {"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": list(names)}, **facts}


def file(**changes):
    return {
        "id": 12,
        "result": [choice("Egg", origin="prediction")],
        "completed_by": {"id": 3, "email": "someone@example.org"},
        "was_cancelled": False,
        "updated_at": "2026-11-22T12:00:10.123456Z",
        "lead_time": 3.2,
        "task": {"id": 9, "data": {"image": PICTURE}},
        **changes,
    }


def read(**changes):
    return annotations.parse_annotation(dump(file(**changes)), CLASSES)


def test_an_annotation_tells_its_picture_and_its_answer():
    annotation = read()
    assert annotation.image == PICTURE
    assert (annotation.vote.outcome, annotation.vote.class_index) == ("class", 2)
    assert (annotation.vote.annotator, annotation.vote.origin, annotation.vote.lead_time) == ("3", "prediction", 3.2)


@pytest.mark.parametrize(("answer", "outcome"), [("None of these", "other"), ("Can't tell", "unclear")])
def test_an_annotator_need_not_choose_a_class(answer, outcome):
    vote = read(result=[choice(answer)]).vote
    assert (vote.outcome, vote.class_index) == (outcome, None)


@pytest.mark.parametrize(("who", "outcome"), [({"id": 3}, "skipped"), ({"id": "visitor"}, "withdrawn")])
def test_an_annotator_skips_where_a_visitor_withdraws(who, outcome):
    vote = read(was_cancelled=True, completed_by=who, result=[]).vote
    assert (vote.outcome, vote.cancelled) == (outcome, True)


@pytest.mark.parametrize("who", [3, {"id": 3}, "3"])
def test_an_annotator_is_the_same_however_the_file_names_them(who):
    assert read(completed_by=who).vote.annotator == "3"


def test_other_parts_of_an_answer_are_ignored():
    comment = {"type": "textarea", "value": {"text": ["nice plate"]}}
    assert read(result=[comment, choice("Bread")]).vote.class_index == 0


SECOND = [
    {"from_name": "sure", "to_name": "image", "type": "choices", "value": {"choices": ["Egg"]}},
    {"from_name": "sure", "to_name": "image", "type": "choices", "value": {"choices": ["Yes", "No"]}},
    {"from_name": "why", "to_name": "image", "type": "textarea", "value": {"text": ["it is brown"]}},
    {"from_name": "choice", "to_name": "image", "type": "rating", "value": {"rating": 4}},
    {"from_name": "kind", "to_name": "image", "type": "taxonomy", "value": {"taxonomy": [["Food", "Egg"]]}},
    {"from_name": "box", "type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["Egg"]}},
]


@pytest.mark.parametrize("other", SECOND, ids=lambda other: f"{other['from_name']} {other['type']}")
def test_a_second_question_beside_ours_changes_no_answer(other):
    assert read(result=[other, choice("Bread"), other]).vote.class_index == 0
    with pytest.raises(Malformed, match="0 answers"):
        read(result=[other])


@pytest.mark.parametrize("who", [None, {"id": None}], ids=str)
def test_an_answer_whose_account_was_deleted_is_an_unknown_persons(who):
    vote = read(completed_by=who).vote
    assert (vote.annotator, vote.class_index) == (UNKNOWN, 2)
    assert Vote.from_document(vote.to_document()) == vote


@pytest.mark.parametrize("seconds", [None, "3", float("inf"), float("nan")])
def test_a_lead_time_that_is_no_number_is_unknown(seconds):
    body = json.dumps(file(lead_time=seconds)).encode()
    assert annotations.parse_annotation(body, CLASSES).vote.lead_time is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"result": []}, "0 answers"),
        ({"result": [choice("Egg"), choice("Egg")]}, "2 answers"),
        ({"result": [choice("Egg", "Bread")]}, "2 classes"),
        ({"result": [choice("Pizza")]}, "'Pizza' is not one of the 3 classes"),
        ({"result": None}, "not an annotation"),
        ({"task": {}}, "not an annotation"),
        ({"task": {"data": {"image": 1}}}, "names no picture"),
        ({"completed_by": ""}, "names no annotator"),
        ({"updated_at": "yesterday"}, "not an annotation"),
    ],
)
def test_what_cannot_be_understood_is_malformed_with_a_reason(changes, reason):
    with pytest.raises(Malformed, match=reason):
        read(**changes)


@given(json_values)
def test_a_field_with_any_content_is_understood_or_malformed(value):
    for name in file():
        body = json.dumps(file(**{name: value})).encode()
        try:
            understood = isinstance(annotations.parse_annotation(body, CLASSES).vote, Vote)
        except Malformed as error:
            understood = str(error) != ""
        assert understood, name


@given(votes())
def test_a_vote_survives_the_label_of_record(vote):
    assert Vote.from_document(json.loads(dump(vote.to_document()))) == vote
