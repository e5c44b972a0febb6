import pytest

from feedloop.domain import answers
from feedloop.domain.answers import DISPUTED, OTHER, SKIPPED, UNCLEAR, is_known


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [("other", OTHER), ("unclear", UNCLEAR), ("skipped", SKIPPED), ("disputed", DISPUTED)],
)
def test_an_outcome_without_a_class_is_an_answer_below_zero(outcome, answer):
    assert (answers.from_outcome(outcome), answer < 0) == (answer, True)


def test_a_class_is_its_index():
    assert answers.from_outcome("class", 7) == 7


@pytest.mark.parametrize("outcome", ["withdrawn", "uncommitted", "soup", "class"])
def test_what_names_no_class_and_gives_no_reason_is_no_answer(outcome):
    assert answers.from_outcome(outcome) is None


def test_only_a_class_or_none_of_them_says_what_a_picture_shows():
    assert [one for one in (0, 7, OTHER, UNCLEAR, SKIPPED, DISPUTED, None) if is_known(one)] == [0, 7, OTHER]
